// SPDX-License-Identifier: Apache-2.0
#pragma once

// How an inside ends, for whoever started it: all that it can say of it once it is locked.

namespace pinhole::wall {

inline constexpr int kFramesEnded = 0;  // the film is over
inline constexpr int kCameraGone = 4;   // a camera of its own gives no more frames

}  // namespace pinhole::wall
