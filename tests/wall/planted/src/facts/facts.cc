// SPDX-License-Identifier: Apache-2.0
#include "facts/facts.h"
#ifdef PLANT_UNDECLARED_ROOM
#include "../signal/signal.h"
#endif
namespace pinhole::facts {
Count One() { return {1}; }
}  // namespace pinhole::facts
