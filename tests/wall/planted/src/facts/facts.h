// SPDX-License-Identifier: Apache-2.0
#pragma once
#include "base/base.h"
namespace pinhole::facts {
struct Count {
  base::Byte n;
};
Count One();
}  // namespace pinhole::facts
