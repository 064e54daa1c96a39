// SPDX-License-Identifier: Apache-2.0
#include "host/commands.h"

namespace pinhole::host {

void AddRun(CLI::App&, Action&) {}

}  // namespace pinhole::host
