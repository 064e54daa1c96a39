// SPDX-License-Identifier: Apache-2.0
#pragma once

// The chip's second core as one that takes half of a network's work.
//
//   inside::SetSecondCore(&StartSecondCore());
//
// It sleeps until it is given a job, runs it, and says so over the FIFO between the cores; nothing
// else may use that FIFO. It has no interrupts, and runs nothing but jobs.

#include "pinhole_nn.h"

namespace pinhole::firmware::person {

// Once, from core 0. What it returns lives as long as the program.
const pinhole_nn::SecondCore& StartSecondCore();

}  // namespace pinhole::firmware::person
