// SPDX-License-Identifier: Apache-2.0
#pragma once
namespace pinhole::signal {
inline int Half(int x) { return x / 2; }
}  // namespace pinhole::signal
