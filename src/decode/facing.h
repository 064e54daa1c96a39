// SPDX-License-Identifier: Apache-2.0
#pragma once

// Whether a face looks towards the camera, judged by the six points of the face models
// (detection.h).
//
// Along the line from one eye to the other, whatever its slope, the tip of the nose of a face that
// looks here lies about half way (0.5); a face that turns aside moves it towards one eye and past
// it. The ears say the same more coarsely. Only turning is judged, neither nodding nor where the
// eyes look; the limits are a head turned by roughly
// 30 degrees.

#include "decode/detection.h"

namespace pinhole::decode {

// False where the detection has fewer than six points, or the eyes are at one place.
bool IsFacing(const Detection& face);

}  // namespace pinhole::decode
