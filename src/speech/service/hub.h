// SPDX-License-Identifier: Apache-2.0
#pragma once

// What the service's connections share. All of it belongs to the service's one thread for sockets.

#include <boost/asio/io_context.hpp>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <set>

#include "speech/service/job_queue.h"
#include "speech/service/site.h"
#include "speech/service/upload.h"

namespace pinhole::speech::service {

// How long a client may take for what.
struct ServiceTimes {
  std::chrono::milliseconds head{10000};      // from connecting to the end of a request's head
  std::chrono::milliseconds body{20000};      // for each 64 KiB of a form or of Wyoming's sound
  std::chrono::milliseconds idle{60000};      // between requests on one connection
  std::chrono::milliseconds reply{30000};     // to take a reply, or a piece of one
  std::chrono::milliseconds linger{5000};     // to read why it is turned out
  std::chrono::milliseconds farewell{10000};  // for what is being heard when the service stops
};

inline constexpr std::size_t kBodyPiece = 65536;
inline constexpr std::size_t kMaxConnections = 64;

// A connection, as far as the service is concerned with it.
class Client {
 public:
  virtual ~Client() = default;
  // The service stops: end what nobody waits for, and the rest as soon as it is answered.
  virtual void Leave() = 0;
};

struct Hub {
  boost::asio::io_context& io;
  Site site;
  JobQueue& queue;
  std::shared_ptr<MemoryBudget> budget;
  TranscribeOptions defaults;
  std::uint64_t upload_limit;
  ServiceTimes times;
  std::function<void()> all_gone;
  Traffic traffic = {};
  std::set<std::shared_ptr<Client>> clients = {};
  bool stopping = false;

  [[nodiscard]] Snapshot Now() const {
    Snapshot now{queue.counts(), traffic, budget->used(), stopping};
    now.traffic.connections = clients.size();
    return now;
  }
  void Gone(const std::shared_ptr<Client>& client) {
    clients.erase(client);
    if (clients.empty()) {
      all_gone();
    }
  }
};

}  // namespace pinhole::speech::service
