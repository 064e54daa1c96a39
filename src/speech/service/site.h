// SPDX-License-Identifier: Apache-2.0
#pragma once

// Paths and who may use them, without sockets: a request's head -> the reply, or which form is to
// be read.
//
// Without a token the service is for this machine alone: a request has to name the machine, so that
// a web page whose name was made to point here gets nothing. With one, every request but /health
// needs it. What a browser marks as another site's is refused either way.

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <variant>

#include "speech/service/job_queue.h"
#include "speech/service/recognizer.h"
#include "speech/service/reply.h"
#include "speech/service/speech_request.h"

namespace pinhole::speech::service {

struct RequestHead {
  std::string method;
  std::string target;  // a path, perhaps with a query
  std::string host;
  std::string authorization;
  std::string fetch_site;  // Sec-Fetch-Site, as browsers send it
};

// What the front ends count themselves.
struct Traffic {
  std::uint64_t requests = 0;  // of HTTP
  std::uint64_t refused = 0;   // with a status from 400 to 499
  std::uint64_t wyoming_events = 0;
  std::uint64_t clients_dropped = 0;  // too slow
  std::size_t connections = 0;        // open, of both kinds
};

struct Snapshot {
  JobQueue::Counts queue;
  Traffic traffic;
  std::uint64_t upload_bytes = 0;
  bool stopping = false;
};

class Site {
 public:
  struct Options {
    std::string address;  // an IP address
    std::string token;    // empty: none
    ModelInfo model;
  };

  explicit Site(Options options) : options_(std::move(options)) {}

  // An Api where the request's form is to be read.
  [[nodiscard]] std::variant<Reply, Api> Answer(const RequestHead& head, const Snapshot& now) const;
  [[nodiscard]] const ModelInfo& model() const { return options_.model; }

 private:
  [[nodiscard]] bool MayAsk(const RequestHead& head, std::string_view path, Reply& refusal) const;
  [[nodiscard]] std::string Models() const;
  [[nodiscard]] std::string Model() const;

  Options options_;
};

// Takes as long whatever `given` is. False where `expected` is empty.
bool SameToken(std::string_view expected, std::string_view given);

// Prometheus text, version 0.0.4.
std::string Metrics(const Snapshot& now);

// Whether a Host header names this machine: localhost, a loopback address, or `address`.
bool NamesThisMachine(std::string_view host, std::string_view address);

}  // namespace pinhole::speech::service
