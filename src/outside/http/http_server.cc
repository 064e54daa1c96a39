// SPDX-License-Identifier: Apache-2.0
#include "outside/http/http_server.h"

#include <boost/asio/ip/address.hpp>
#include <boost/asio/post.hpp>
#include <exception>
#include <mutex>
#include <optional>
#include <system_error>
#include <thread>
#include <utility>
#include <vector>

#include "outside/http/connection.h"
#include "system/no_signals.h"

namespace pinhole::outside::http {

namespace asio = boost::asio;
using asio::ip::tcp;
using ErrorCode = boost::system::error_code;

namespace {

constexpr std::string_view kHeartbeat = ": still here\n\n";
constexpr std::chrono::seconds kAcceptPause{1};

// Records on their way from the thread that ticks to the outlet's own. Where that one can't keep up
// the newest takes the last place: what is true now matters, and memory stays bounded.
class Mailbox {
 public:
  struct Letter {
    facts::PersonFacts facts;
    Clock::time_point when;
  };

  // Whether the box was empty: then somebody has to be told to look.
  bool Put(const facts::PersonFacts& facts, Clock::time_point when) {
    const std::lock_guard lock(mutex_);
    if (letters_.size() == kMaxLetters) {
      letters_.back() = {facts, when};
      return false;
    }
    letters_.push_back({facts, when});
    return letters_.size() == 1;
  }

  std::vector<Letter> TakeAll() {
    const std::lock_guard lock(mutex_);
    return std::exchange(letters_, {});
  }

 private:
  static constexpr std::size_t kMaxLetters = 256;
  std::mutex mutex_;
  std::vector<Letter> letters_;
};

class Server final : public HttpOutlet {
 public:
  Server(SiteOptions site, const HttpTimes& times, outlet::Notices notices)
      : notices_(std::move(notices)),
        site_options_(std::move(site)),
        times_(times),
        acceptor_(io_),
        heartbeat_(io_),
        stale_(io_),
        pause_(io_) {}
  ~Server() override;

  base::Status Open(base::Diagnosis& why);

  [[nodiscard]] std::string_view name() const override { return "http"; }
  [[nodiscard]] std::string address() const override { return address_; }
  void Publish(const facts::PersonFacts& facts) override;

 private:
  base::Status Listen(base::Diagnosis& why);
  void Run();
  void Accept();
  void Welcome(tcp::socket socket);
  void Deliver();
  void Broadcast(std::string text);
  void Beat();
  void AwaitStaleness();
  void Farewell();

  asio::io_context io_{1};  // goes last: handlers that never ran hold connections
  outlet::Notices notices_;
  SiteOptions site_options_;
  HttpTimes times_;
  std::optional<Hub> hub_;
  tcp::acceptor acceptor_;
  asio::steady_timer heartbeat_, stale_, pause_;
  bool accept_failed_ = false;
  bool ending_ = false;
  Mailbox mailbox_;
  std::string address_;
  std::thread thread_;
};

Server::~Server() {
  if (thread_.joinable()) {
    asio::post(io_, [this] { Farewell(); });
    thread_.join();
  }
  if (hub_) {
    hub_->connections.clear();
  }
}

base::Status Server::Listen(base::Diagnosis& why) {
  ErrorCode error;
  const asio::ip::address address = asio::ip::make_address(site_options_.address, error);
  const tcp::endpoint wanted(address, site_options_.port);
  if (!error) {
    acceptor_.open(wanted.protocol(), error);
  }
  if (!error) {
    acceptor_.set_option(tcp::acceptor::reuse_address(true), error);
  }
  if (!error) {
    acceptor_.bind(wanted, error);
  }
  if (!error) {
    acceptor_.listen(asio::socket_base::max_listen_connections, error);
  }
  if (!error) {
    const tcp::endpoint taken = acceptor_.local_endpoint(error);
    site_options_.port = taken.port();
    const std::string host =
        address.is_v6() ? "[" + address.to_string() + "]" : address.to_string();
    address_ = "http://" + host + ":" + std::to_string(taken.port()) + "/";
    return {};
  }
  if (error == asio::error::address_in_use) {
    return why.Fail(base::Error::kIo, "http: port ", site_options_.port, " at ",
                    site_options_.address,
                    " is taken by another program: end that one, or choose "
                    "another port");
  }
  if (error == asio::error::access_denied) {
    return why.Fail(base::Error::kIo, "http: this user may not listen at port ", site_options_.port,
                    ": choose one from 1024 on");
  }
  if (error.value() == EADDRNOTAVAIL) {
    return why.Fail(base::Error::kIo, "http: no network interface of this machine has the address ",
                    site_options_.address, ": choose one that `ip address` shows, or 127.0.0.1");
  }
  return why.Fail(base::Error::kIo, "http: can't listen at ", site_options_.address, " port ",
                  site_options_.port, ": ", error.message());
}

base::Status Server::Open(base::Diagnosis& why) {
  PINHOLE_TRY(Listen(why));
  hub_.emplace(Hub{Site(site_options_), times_, {}, {}, 0, [this] {
                     if (ending_) {
                       io_.stop();
                     }
                   }});
  Accept();
  Beat();
  AwaitStaleness();
  std::string trouble;
  try {
    const system::NoSignals inherited;
    thread_ = std::thread([this] { Run(); });
  } catch (const std::system_error& failure) {
    trouble = failure.what();
  }
  if (!thread_.joinable()) {
    return why.Fail(base::Error::kOutOfMemory, "http: can't start a thread: ", trouble,
                    "; end other programs, or raise the limit that `ulimit -u` shows");
  }
  return {};
}

void Server::Run() {
  while (!io_.stopped()) {
    try {
      io_.run();
    } catch (const std::exception& failure) {
      // Memory ran out for one client; the others go on.
      notices_(std::string("http: a client was lost: ") + failure.what());
    }
  }
}

void Server::Publish(const facts::PersonFacts& facts) {
  if (mailbox_.Put(facts, Clock::now())) {
    asio::post(io_, [this] { Deliver(); });
  }
}

void Server::Accept() {
  acceptor_.async_accept([this](const ErrorCode& error, tcp::socket socket) {
    if (ending_ || error == asio::error::operation_aborted) {
      return;
    }
    if (!error && std::exchange(accept_failed_, false)) {
      notices_("http: clients can connect again");
    }
    if (!error) {
      Welcome(std::move(socket));
    }
    if (!error || error == asio::error::connection_aborted) {  // it left while it waited
      Accept();
      return;
    }
    if (!std::exchange(accept_failed_, true)) {
      notices_("http: no client can connect: " + error.message() + "; trying again every second");
    }
    pause_.expires_after(kAcceptPause);
    pause_.async_wait([this](const ErrorCode& called_off) {
      if (!called_off && !ending_) {
        Accept();
      }
    });
  });
}

void Server::Welcome(tcp::socket socket) {
  const bool full = hub_->traffic.connections >= kMaxConnections;
  if (full && hub_->turned_away >= kMaxTurnedAway) {
    return;  // too many even to be told so: the socket closes here
  }
  auto connection = std::make_shared<Connection>(std::move(socket), *hub_);
  hub_->connections.insert(connection);
  if (full) {
    connection->TurnAway();
  } else {
    connection->Serve();
  }
}

void Server::Deliver() {
  for (const Mailbox::Letter& letter : mailbox_.TakeAll()) {
    hub_->site.Take(letter.facts, letter.when);
    Broadcast(hub_->site.Event(letter.when));
  }
  AwaitStaleness();
}

void Server::Broadcast(std::string text) {
  const auto event = std::make_shared<const std::string>(std::move(text));
  const auto clients = hub_->connections;  // a copy: one that is too slow leaves the set
  for (const std::shared_ptr<Connection>& client : clients) {
    client->Send(event);
  }
}

void Server::Beat() {
  heartbeat_.expires_after(times_.heartbeat);
  heartbeat_.async_wait([this](const ErrorCode& called_off) {
    if (!called_off && !ending_) {
      Broadcast(std::string(kHeartbeat));
      Beat();
    }
  });
}

void Server::AwaitStaleness() {
  stale_.expires_after(hub_->site.patience());
  stale_.async_wait([this](const ErrorCode& called_off) {
    if (!called_off && !ending_) {
      Broadcast(hub_->site.Event(Clock::now()));
      AwaitStaleness();  // and again: who hears nothing at all takes the connection for lost
    }
  });
}

void Server::Farewell() {
  ErrorCode ignored;
  acceptor_.close(ignored);
  heartbeat_.cancel();
  hub_->site.Take(facts::PersonFacts{}, Clock::now());
  Broadcast(hub_->site.Event(Clock::now()));
  ending_ = true;
  stale_.expires_after(times_.farewell);
  stale_.async_wait([this](const ErrorCode&) { io_.stop(); });
  const auto clients = hub_->connections;
  for (const std::shared_ptr<Connection>& client : clients) {
    client->Leave();
  }
  if (hub_->connections.empty()) {
    io_.stop();
  }
}

}  // namespace

base::Result<std::unique_ptr<HttpOutlet>> OpenHttpServer(SiteOptions site, const HttpTimes& times,
                                                         outlet::Notices notices,
                                                         base::Diagnosis& why) {
  auto server = std::make_unique<Server>(std::move(site), times, std::move(notices));
  PINHOLE_TRY(server->Open(why));
  return std::unique_ptr<HttpOutlet>(std::move(server));
}

}  // namespace pinhole::outside::http
