// SPDX-License-Identifier: Apache-2.0
#pragma once

// Speech to text for other programs: OpenAI's paths and whisper.cpp's over HTTP, and Wyoming for
// Home Assistant, in front of one queue and its workers.
//
//   ServiceOptions options;
//   options.model = {.name = "tiny.en", ...};
//   PINHOLE_ASSIGN(auto service, OpenService(options, std::move(recognizers), say, why));
//   ... service->http_address() ...; wait for a signal; then let it go.
//
// Sound is in memory only, and gone when it has been answered. Nothing that was said is written
// anywhere but to the client that sent it. Beyond this machine HTTP wants a token, and Wyoming,
// which has none, the addresses of its clients.
//
// Memory: memory_limit of sound, 16 KiB and a head for each of 64 connections, and what the
// recognizers take. One thread for all sockets, one for each recognizer.

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/diagnosis.h"
#include "base/result.h"
#include "speech/service/hub.h"
#include "speech/service/job_queue.h"
#include "speech/service/recognizer.h"

namespace pinhole::speech::service {

struct ServiceOptions {
  std::string address = "127.0.0.1";
  std::uint16_t port = 8463;  // 0: any free one
  std::string token = {};     // empty: none, and then the address has to be a loopback one
  bool wyoming = true;
  std::string wyoming_address = "127.0.0.1";
  std::uint16_t wyoming_port = 10300;             // Home Assistant's habit; 0: any free one
  std::vector<std::string> wyoming_clients = {};  // addresses and networks beside the loopback ones
  ModelInfo model = {};
  TranscribeOptions defaults = {};
  JobQueue::Options queue = {};
  std::uint64_t upload_limit = std::uint64_t{25} << 20U;   // of a file
  std::uint64_t memory_limit = std::uint64_t{256} << 20U;  // of all files together
  ServiceTimes times = {};
};

// What the service says to the one who runs it: one sentence. From its own thread.
using Notices = std::function<void(std::string_view)>;

class Service {
 public:
  virtual ~Service() = default;  // as Stop

  [[nodiscard]] virtual std::string http_address() const = 0;     // "http://127.0.0.1:8463"
  [[nodiscard]] virtual std::string wyoming_address() const = 0;  // "tcp://..."; empty: none
  // The queue, for work that comes another way.
  [[nodiscard]] virtual JobQueue& queue() = 0;
  // No client connects any more; what waits is refused; what is being heard has
  // ServiceTimes::farewell to be answered. Returns when all of it is over.
  virtual void Stop() = 0;
};

// Errors: kInvalidArgument (an option, with what to do about it), kIo (a port is taken or not
// allowed, an address is not this machine's), kOutOfMemory (no thread).
base::Result<std::unique_ptr<Service>> OpenService(
    ServiceOptions options, std::vector<std::unique_ptr<Recognizer>> recognizers, Notices notices,
    base::Diagnosis& why);

}  // namespace pinhole::speech::service
