// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "hardware/i2c.h"
