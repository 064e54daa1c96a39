// SPDX-License-Identifier: Apache-2.0
#pragma once

// A dashboard, JSON, server-sent events, Prometheus metrics and health over HTTP.

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>

#include "base/diagnosis.h"
#include "base/result.h"
#include "outside/outlet/outlet.h"

namespace pinhole::outside::http {

struct HttpOptions {
  std::string address = "127.0.0.1";  // an IP address
  std::uint16_t port = 8462;          // 0: any free one
  std::string token_file;  // the file's first line; needed for any address that is not loopback
  std::string sensor_name = "Person sensor";
  std::string label;  // text of the label page: grade, profile, budget (one line each)
  std::string profile = "people";
  std::chrono::microseconds tick{1000000};
};

class HttpOutlet : public outlet::Outlet {
 public:
  // "http://127.0.0.1:8462/", with the port that was really taken.
  [[nodiscard]] virtual std::string address() const = 0;
};

base::Result<std::unique_ptr<HttpOutlet>> OpenHttp(const HttpOptions& options,
                                                   outlet::Notices notices, base::Diagnosis& why);

}  // namespace pinhole::outside::http
