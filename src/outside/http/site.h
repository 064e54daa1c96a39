// SPDX-License-Identifier: Apache-2.0
#pragma once

// All that the outlet says, without sockets: records in, a Reply for each Request out.
//
//   /                dashboard                     /api/v1/facts    newest record, JSON
//   /events          server-sent events            /api/v1/history  last ten minutes, JSON
//   /metrics         Prometheus text               /api/v1/label    what can leave, JSON
//   /health          200 or 503, JSON              /login           POST: token for a cookie
//
// What is asked of a request, in this order: that it names this host (on loopback, so that a
// stranger's page whose name was made to point here learns nothing), that no other web site sent
// it, that it has the token where there is one, that the path exists, that the method suits.
//
// A record counts for a few ticks (kStaleTicks); then there is no reading, as if one had said so.
// docs/reference/http.md lists every reply. One thread.

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>

#include "facts/person_facts.h"
#include "outside/http/history.h"
#include "outside/http/message.h"

namespace pinhole::outside::http {

inline constexpr int kStaleTicks = 3;

struct SiteOptions {
  std::string sensor_name;
  std::string label;  // lines
  std::string profile;
  std::chrono::microseconds tick{1000000};
  std::string token;       // empty: everybody may read
  std::string address;     // the one that is listened on, "127.0.0.1", "::1"
  bool loopback = true;    // whether that is a loopback address
  std::uint16_t port = 0;  // gives the cookie its name: sensors on one host don't mix theirs up
};

// What the server counts.
struct Traffic {
  std::uint64_t connections = 0;  // open now
  std::uint64_t streams = 0;      // of these, event streams
  std::uint64_t requests = 0;     // answered
  std::uint64_t events_sent = 0;
  std::uint64_t clients_dropped = 0;  // for being too slow
};

class Site {
 public:
  explicit Site(SiteOptions options);

  // `facts` is canonical; `now` does not run backwards.
  void Take(const facts::PersonFacts& facts, Clock::time_point now);

  [[nodiscard]] Reply Answer(const Request& request, Clock::time_point now,
                             const Traffic& traffic) const;

  // The newest state as one server-sent event.
  [[nodiscard]] std::string Event(Clock::time_point now) const;

  // From a record to the moment at which it stops counting.
  [[nodiscard]] Clock::duration patience() const;

 private:
  [[nodiscard]] facts::PersonFacts Current(Clock::time_point now) const;
  [[nodiscard]] bool Ticking(Clock::time_point now) const;
  [[nodiscard]] bool HostAllowed(std::string_view host) const;
  [[nodiscard]] bool TokenGiven(const Request& request) const;
  [[nodiscard]] std::string CookieName() const;

  [[nodiscard]] Reply Unauthorised(const Request& request, bool wrong_token) const;
  [[nodiscard]] Reply WelcomeWithCookie() const;
  [[nodiscard]] Reply Login(const Request& request) const;
  [[nodiscard]] Reply LoginPage(bool wrong_token) const;
  [[nodiscard]] Reply Dashboard() const;
  [[nodiscard]] Reply Events(Clock::time_point now, const Traffic& traffic) const;
  [[nodiscard]] Reply HistoryJson(Clock::time_point now) const;
  [[nodiscard]] Reply Label() const;
  [[nodiscard]] Reply Metrics(Clock::time_point now, const Traffic& traffic) const;
  [[nodiscard]] Reply Health(Clock::time_point now) const;

  SiteOptions options_;
  History history_;
  facts::PersonFacts newest_;
  std::optional<Clock::time_point> last_tick_;
  std::uint64_t ticks_ = 0;
  std::string dashboard_;  // the page with name and label in it
};

}  // namespace pinhole::outside::http
