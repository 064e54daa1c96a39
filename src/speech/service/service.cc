// SPDX-License-Identifier: Apache-2.0
#include "speech/service/service.h"

#include <pthread.h>
#include <signal.h>

#include <boost/asio/ip/address.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <exception>
#include <optional>
#include <system_error>
#include <thread>
#include <utility>

#include "speech/service/http_connection.h"
#include "speech/service/listener.h"
#include "speech/service/network.h"
#include "speech/service/wyoming_connection.h"

namespace pinhole::speech::service {

namespace asio = boost::asio;
using asio::ip::tcp;
using ErrorCode = boost::system::error_code;

namespace {

class Server final : public Service {
 public:
  Server(ServiceOptions options, Notices notices)
      : options_(std::move(options)),
        notices_(std::move(notices)),
        http_(io_, "http", notices_),
        wyoming_(io_, "wyoming", notices_),
        farewell_(io_) {}
  ~Server() override { Stop(); }

  base::Status Open(std::vector<std::unique_ptr<Recognizer>> recognizers, base::Diagnosis& why);

  [[nodiscard]] std::string http_address() const override { return "http://" + http_.address(); }
  [[nodiscard]] std::string wyoming_address() const override {
    return options_.wyoming ? "tcp://" + wyoming_.address() : std::string();
  }
  [[nodiscard]] JobQueue& queue() override { return *queue_; }
  void Stop() override;

 private:
  base::Status Check(base::Diagnosis& why);
  base::Status StartThreads(std::vector<std::unique_ptr<Recognizer>> recognizers,
                            base::Diagnosis& why);
  void Run();
  void Farewell();
  [[nodiscard]] bool MayConnect(const asio::ip::address& address) const;
  template <typename Connection>
  void Welcome(tcp::socket socket);

  asio::io_context io_{1};  // goes last: handlers that never ran hold connections
  ServiceOptions options_;
  Notices notices_;
  std::vector<Network> wyoming_clients_;
  std::optional<JobQueue> queue_;
  std::optional<Hub> hub_;
  Listener http_, wyoming_;
  asio::steady_timer farewell_;
  std::thread thread_;
};

base::Status Server::Check(base::Diagnosis& why) {
  const auto is_loopback = [&](const std::string& text, std::string_view what,
                               bool& is) -> base::Status {
    ErrorCode error;
    const auto address = asio::ip::make_address(text, error);
    if (error) {
      return why.Fail(base::Error::kInvalidArgument, what, ": '", text,
                      "' is no IP address: 127.0.0.1 is this machine alone, 0.0.0.0 every network "
                      "it is in");
    }
    is = address.is_loopback();
    return {};
  };
  bool http_is_here = true;
  bool wyoming_is_here = true;
  PINHOLE_TRY(is_loopback(options_.address, "http", http_is_here));
  PINHOLE_TRY(is_loopback(options_.wyoming_address, "wyoming", wyoming_is_here));
  if (!http_is_here && options_.token.empty()) {
    return why.Fail(base::Error::kInvalidArgument, "http: at the address ", options_.address,
                    " others can reach this service, so it wants a token; or take 127.0.0.1");
  }
  if (options_.wyoming && !wyoming_is_here && options_.wyoming_clients.empty()) {
    return why.Fail(base::Error::kInvalidArgument, "wyoming: at the address ",
                    options_.wyoming_address,
                    " others can reach this service, and Wyoming knows no token: say which "
                    "addresses may connect, or take 127.0.0.1");
  }
  for (const std::string& client : options_.wyoming_clients) {
    PINHOLE_ASSIGN(Network network, Network::Parse(client, why));
    wyoming_clients_.push_back(std::move(network));
  }
  if (options_.upload_limit == 0 || options_.memory_limit < options_.upload_limit) {
    return why.Fail(base::Error::kInvalidArgument, "a file may have ", options_.upload_limit,
                    " bytes and all together ", options_.memory_limit,
                    ": the first has to be 1 or more, and the second no less");
  }
  return {};
}

base::Status Server::Open(std::vector<std::unique_ptr<Recognizer>> recognizers,
                          base::Diagnosis& why) {
  PINHOLE_TRY(Check(why));
  PINHOLE_TRY(http_.Open(options_.address, options_.port, why));
  if (options_.wyoming) {
    PINHOLE_TRY(wyoming_.Open(options_.wyoming_address, options_.wyoming_port, why));
  }
  return StartThreads(std::move(recognizers), why);
}

base::Status Server::StartThreads(std::vector<std::unique_ptr<Recognizer>> recognizers,
                                  base::Diagnosis& why) {
  // Signals are for the program's own threads.
  sigset_t all;
  sigset_t before;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &before);
  std::string trouble;
  try {
    queue_.emplace(std::move(recognizers), options_.queue);
    hub_.emplace(Hub{io_, Site({options_.address, options_.token, options_.model}), *queue_,
                     std::make_shared<MemoryBudget>(options_.memory_limit), options_.defaults,
                     options_.upload_limit, options_.times, [this] {
                       if (hub_->stopping) {
                         io_.stop();
                       }
                     }});
    http_.Accept([this](tcp::socket socket) { Welcome<HttpConnection>(std::move(socket)); });
    if (options_.wyoming) {
      wyoming_.Accept(
          [this](tcp::socket socket) { Welcome<WyomingConnection>(std::move(socket)); });
    }
    thread_ = std::thread([this] { Run(); });
  } catch (const std::system_error& failure) {
    trouble = failure.what();
  }
  pthread_sigmask(SIG_SETMASK, &before, nullptr);
  if (!thread_.joinable()) {
    return why.Fail(base::Error::kOutOfMemory, "can't start a thread: ", trouble,
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
      notices_(std::string("a client was lost: ") + failure.what());
    }
  }
}

bool Server::MayConnect(const asio::ip::address& address) const {
  if (address.is_loopback()) {
    return true;
  }
  for (const Network& network : wyoming_clients_) {
    if (network.Contains(address)) {
      return true;
    }
  }
  return false;
}

template <typename Connection>
void Server::Welcome(tcp::socket socket) {
  if constexpr (std::is_same_v<Connection, WyomingConnection>) {
    ErrorCode error;
    const tcp::endpoint from = socket.remote_endpoint(error);
    if (error || !MayConnect(from.address())) {
      return;
    }
  }
  if (hub_->stopping || hub_->clients.size() >= kMaxConnections) {
    return;  // the socket closes here
  }
  std::make_shared<Connection>(std::move(socket), *hub_)->Serve();
}

void Server::Farewell() {
  hub_->stopping = true;
  http_.Close();
  wyoming_.Close();
  queue_->Stop();
  farewell_.expires_after(options_.times.farewell);
  farewell_.async_wait([this](const ErrorCode& called_off) {
    if (called_off) {
      return;
    }
    queue_->CancelAll();
    // The answers to what was cancelled have as long again.
    farewell_.expires_after(options_.times.farewell);
    farewell_.async_wait([this](const ErrorCode&) { io_.stop(); });
  });
  const auto clients = hub_->clients;  // a copy: who leaves goes from the set
  for (const std::shared_ptr<Client>& client : clients) {
    client->Leave();
  }
  if (hub_->clients.empty()) {
    io_.stop();
  }
}

void Server::Stop() {
  if (!thread_.joinable()) {
    return;
  }
  asio::post(io_, [this] { Farewell(); });
  thread_.join();
  hub_->clients.clear();
  queue_->CancelAll();
}

}  // namespace

base::Result<std::unique_ptr<Service>> OpenService(
    ServiceOptions options, std::vector<std::unique_ptr<Recognizer>> recognizers, Notices notices,
    base::Diagnosis& why) {
  if (recognizers.empty()) {
    return why.Fail(base::Error::kInvalidArgument, "a service needs at least one worker");
  }
  auto server = std::make_unique<Server>(std::move(options), std::move(notices));
  PINHOLE_TRY(server->Open(std::move(recognizers), why));
  return std::unique_ptr<Service>(std::move(server));
}

}  // namespace pinhole::speech::service
