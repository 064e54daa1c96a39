// SPDX-License-Identifier: Apache-2.0
#include "inside/capture/frame.h"
namespace pinhole::inside::capture {
int Peek() { return 1; }
}  // namespace pinhole::inside::capture
