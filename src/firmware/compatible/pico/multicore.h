// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "firmware/hal/multicore.h"
