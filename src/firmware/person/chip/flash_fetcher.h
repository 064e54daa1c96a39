// SPDX-License-Identifier: Apache-2.0
#pragma once

// The flash's stream and DMA as what fetches a network's constants ahead of their use.
//
//   inside::SetFetcher(&StartFlashFetcher());

#include "pinhole_nn.h"

namespace pinhole::firmware::person {

// Once, from core 0. What it returns lives as long as the program.
const pinhole_nn::Fetcher& StartFlashFetcher();

}  // namespace pinhole::firmware::person
