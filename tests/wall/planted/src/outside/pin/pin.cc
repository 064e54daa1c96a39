// SPDX-License-Identifier: Apache-2.0
#include "facts/facts.h"
#ifdef PLANT_RELATIVE_INCLUDE
#include "../../inside/capture/frame.h"
#endif
#ifdef PLANT_ABSOLUTE_INCLUDE
#include PLANTED_FRAME
#endif
#ifdef PLANT_FORWARD_DECLARATION
namespace pinhole::inside::capture {
int Peek();
}  // namespace pinhole::inside::capture
#endif

namespace pinhole::outside::pin {

int Level() {
#ifdef PLANT_FORWARD_DECLARATION
  return inside::capture::Peek();
#else
  return facts::One().n;
#endif
}

}  // namespace pinhole::outside::pin
