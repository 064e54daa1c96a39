// SPDX-License-Identifier: Apache-2.0
#pragma once

// A dashboard, JSON, server-sent events, Prometheus metrics and health over HTTP. Records in, one
// a tick; bytes to whoever connects out.
//
//   HttpOptions options;
//   options.label = "grade: ...\nbudget: 45 bits a second";
//   base::Diagnosis why;
//   auto outlet = OpenHttp(options, notices, why);
//   Say((*outlet)->address());               // "http://127.0.0.1:8462/"
//   (*outlet)->Publish(door.Tick());         // at every tick
//
// What goes out is made of the records and of these options, and of nothing else: the newest record
// (outside/log's JSON), the last ten minutes of presence and count, the label, and counters of the
// outlet's own. When ticks stop coming, three ticks and a second later there is no reading.
//
// Clients are strangers. Without a token the outlet listens on loopback addresses only, and answers
// to their names only; with one, every request needs it. One thread of its own serves 64
// connections, 32 of them event streams, each with bounded memory and an end in time; a slow one is
// dropped and the others don't notice. It is HTTP in the clear: across networks that are not one's
// own it belongs behind something that encrypts.
//
// docs/reference/http.md lists paths, replies and limits; docs/decisions/0008-http.md says why.

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
  std::string sensor_name = "Person sensor";  // 1 to 64 bytes of UTF-8 without control characters
  // What can leave: grade, profile, budget, one line each; "term: text" is shown as such. At most
  // 2048 bytes of UTF-8.
  std::string label;
  std::string profile = "people";           // 1 to 32 letters, digits and dashes
  std::chrono::microseconds tick{1000000};  // a millisecond to an hour
};

class HttpOutlet : public outlet::Outlet {
 public:
  // "http://127.0.0.1:8462/", with the port that was really taken.
  [[nodiscard]] virtual std::string address() const = 0;
};

// Listens when it returns. `notices` may be empty. Destroying the outlet sends "no reading" to
// those who listen and takes at most a third of a second. Errors, each with a sentence:
// kInvalidArgument (an option; a token that is missing or too short), kNotFound (the token file),
// kIo (the port is taken or not allowed, or no interface has the address), kOutOfMemory (no thread
// to be had).
base::Result<std::unique_ptr<HttpOutlet>> OpenHttp(const HttpOptions& options,
                                                   outlet::Notices notices, base::Diagnosis& why);

}  // namespace pinhole::outside::http
