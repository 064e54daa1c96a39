// SPDX-License-Identifier: Apache-2.0
#pragma once

// Facts as lines, to standard output or to a file.

#include <cstdint>
#include <memory>
#include <string>

#include "base/diagnosis.h"
#include "base/result.h"
#include "outside/outlet/outlet.h"

namespace pinhole::outside::log {

struct LogOptions {
  std::string path = "-";                // - is standard output
  std::string format = "text";           // text or json
  bool all = false;                      // every tick, not only what is new
  std::uint64_t max_bytes = 10'000'000;  // of a file; then it becomes PATH.1 and a new one begins
};

base::Result<std::unique_ptr<outlet::Outlet>> OpenLog(const LogOptions& options,
                                                      outlet::Notices notices,
                                                      base::Diagnosis& why);

}  // namespace pinhole::outside::log
