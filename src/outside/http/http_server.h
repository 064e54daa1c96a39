// SPDX-License-Identifier: Apache-2.0
#pragma once

// The outlet's sockets and its thread, for options that http_outlet.cc has checked. Apart from
// OpenHttp so that tests can shorten the times.

#include <cstdint>
#include <memory>
#include <string>

#include "base/diagnosis.h"
#include "base/result.h"
#include "outside/http/http_limits.h"
#include "outside/http/http_outlet.h"
#include "outside/http/site.h"
#include "outside/outlet/outlet.h"

namespace pinhole::outside::http {

// Listens at `site.address` (an IP address) and `site.port` (0: any free one; the site is told
// which). Errors: kIo (the port is taken or not allowed, the address is not this machine's),
// kOutOfMemory (no thread to be had).
base::Result<std::unique_ptr<HttpOutlet>> OpenHttpServer(SiteOptions site, const HttpTimes& times,
                                                         outlet::Notices notices,
                                                         base::Diagnosis& why);

// What http_outlet.cc makes of options that are sound.
base::Result<SiteOptions> CheckedOptions(const HttpOptions& options, base::Diagnosis& why);

}  // namespace pinhole::outside::http
