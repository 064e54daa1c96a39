// SPDX-License-Identifier: Apache-2.0
#include "outside/http/http_outlet.h"

#include <arpa/inet.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <chrono>
#include <cstdio>
#include <fstream>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "outside/http/http_server.h"

namespace pinhole::outside::http {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

constexpr milliseconds kSoon{20000};  // a deadline for what takes no time

facts::PersonFacts Record(bool present) {
  facts::PersonFacts facts;
  facts.reading = 1;
  facts.present = present ? 1 : 0;
  return facts;
}

// A socket that says exactly what a test wants it to say.
class Client {
 public:
  explicit Client(std::uint16_t port, int receive_buffer = 0, bool v6 = false)
      : fd_(socket(v6 ? AF_INET6 : AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    if (receive_buffer != 0) {
      setsockopt(fd_, SOL_SOCKET, SO_RCVBUF, &receive_buffer, sizeof receive_buffer);
    }
    sockaddr_in v4_address{};
    v4_address.sin_family = AF_INET;
    v4_address.sin_port = htons(port);
    v4_address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    sockaddr_in6 v6_address{};
    v6_address.sin6_family = AF_INET6;
    v6_address.sin6_port = htons(port);
    v6_address.sin6_addr = in6addr_loopback;
    connected_ =
        v6 ? connect(fd_, reinterpret_cast<sockaddr*>(&v6_address), sizeof v6_address) == 0
           : connect(fd_, reinterpret_cast<sockaddr*>(&v4_address), sizeof v4_address) == 0;
  }
  Client(Client&& other) noexcept
      : fd_(std::exchange(other.fd_, -1)),
        connected_(other.connected_),
        got_(std::move(other.got_)) {}
  Client(const Client&) = delete;
  Client& operator=(const Client&) = delete;
  Client& operator=(Client&&) = delete;
  ~Client() {
    if (fd_ >= 0) {
      close(fd_);
    }
  }

  [[nodiscard]] bool connected() const { return connected_; }
  bool Say(std::string_view bytes) {
    return send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL) ==
           static_cast<ssize_t>(bytes.size());
  }
  // Reads until `text` was read, the other side closes, or it takes too long.
  bool Until(std::string_view text) {
    const auto deadline = std::chrono::steady_clock::now() + kSoon;
    while (got_.find(text) == std::string::npos) {
      if (!ReadSome(deadline)) {
        return false;
      }
    }
    return true;
  }
  // Reads until the other side closes; false where it does not.
  bool UntilClosed() {
    const auto deadline = std::chrono::steady_clock::now() + kSoon;
    while (ReadSome(deadline)) {
    }
    return closed_;
  }
  void Forget() { got_.clear(); }
  [[nodiscard]] const std::string& got() const { return got_; }
  // A whole reply with a Content-Length.
  std::string Reply() {
    if (!Until("\r\n\r\n")) {
      return got_;
    }
    const std::size_t body = got_.find("\r\n\r\n") + 4;
    const std::size_t at = got_.find("Content-Length: ");
    if (at == std::string::npos) {
      return got_;
    }
    const std::size_t length = std::stoul(got_.substr(at + 16));
    const auto deadline = std::chrono::steady_clock::now() + kSoon;
    while (got_.size() < body + length && ReadSome(deadline)) {
    }
    std::string reply = got_.substr(0, body + length);
    got_.erase(0, body + length);
    return reply;
  }

 private:
  bool ReadSome(std::chrono::steady_clock::time_point deadline) {
    const auto left = std::chrono::ceil<milliseconds>(deadline - std::chrono::steady_clock::now());
    pollfd ready{fd_, POLLIN, 0};
    if (left.count() <= 0 || poll(&ready, 1, static_cast<int>(left.count())) <= 0) {
      return false;
    }
    char bytes[4096];
    const ssize_t size = recv(fd_, bytes, sizeof bytes, 0);
    closed_ = size <= 0;
    if (size > 0) {
      got_.append(bytes, static_cast<std::size_t>(size));
    }
    return size > 0;
  }

  int fd_;
  bool connected_ = false;
  bool closed_ = false;
  std::string got_;
};

std::uint16_t PortOf(const HttpOutlet& outlet) {
  const std::string address = outlet.address();
  return static_cast<std::uint16_t>(std::stoul(address.substr(address.rfind(':') + 1)));
}

class HttpOutletTest : public testing::Test {
 protected:
  void Open(const HttpTimes& times = {}, HttpOptions options = {}) {
    options.port = 0;
    base::Diagnosis why;
    auto site = CheckedOptions(options, why);
    ASSERT_TRUE(site) << why.text();
    auto outlet = OpenHttpServer(*site, times, [](std::string_view) {}, why);
    ASSERT_TRUE(outlet) << why.text();
    outlet_ = *std::move(outlet);
    port_ = PortOf(*outlet_);
  }
  std::string Ask(const std::string& path) {
    Client client(port_);
    client.Say("GET " + path + " HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");
    EXPECT_TRUE(client.UntilClosed());
    return client.got();
  }
  Client Listen(int receive_buffer = 0) {
    Client client(port_, receive_buffer);
    client.Say("GET /events HTTP/1.1\r\nHost: localhost\r\n\r\n");
    return client;
  }
  // Until /metrics says `line`.
  bool Measures(const std::string& line) {
    const auto deadline = std::chrono::steady_clock::now() + kSoon;
    while (std::chrono::steady_clock::now() < deadline) {
      if (Ask("/metrics").find("\npinhole_" + line + "\n") != std::string::npos) {
        return true;
      }
      std::this_thread::sleep_for(milliseconds(5));
    }
    return false;
  }

  std::unique_ptr<HttpOutlet> outlet_;
  std::uint16_t port_ = 0;
};

std::string FileWith(const std::string& text) {
  std::string path = testing::TempDir() + "pinhole_http_token_XXXXXX";
  const int fd = mkstemp(path.data());
  EXPECT_GE(fd, 0);
  close(fd);
  std::ofstream(path) << text;
  return path;
}

std::string WhyNot(const HttpOptions& options, base::Error expected) {
  base::Diagnosis why;
  auto outlet = OpenHttp(options, nullptr, why);
  EXPECT_FALSE(outlet);
  if (!outlet) {
    EXPECT_EQ(outlet.error(), expected) << why.text();
  }
  return std::string(why.text());
}

TEST(HttpOptionsTest, EachThatIsWrongIsOneSentence) {
  using base::Error;
  HttpOptions options;
  options.port = 0;
  for (const char* address : {"localhost", "", "300.1.1.1", "127.1", "0x7f.1", "::g", "evil"}) {
    options.address = address;
    EXPECT_THAT(WhyNot(options, Error::kInvalidArgument), HasSubstr("is no IP address"));
  }
  for (const char* address : {"0.0.0.0", "::", "192.0.2.1", "::ffff:127.0.0.1", "128.0.0.1"}) {
    options.address = address;
    EXPECT_THAT(WhyNot(options, Error::kInvalidArgument), HasSubstr("wants a token file"));
  }
  options.address = "192.0.2.1";  // for documents: no machine has it
  options.token_file = "/nowhere/token";
  EXPECT_THAT(WhyNot(options, Error::kNotFound), HasSubstr("/nowhere/token"));
  options.token_file = FileWith("0123456789abcde\n");
  EXPECT_THAT(WhyNot(options, Error::kInvalidArgument), HasSubstr("has 15 characters"));
  options.token_file = FileWith("\n0123456789abcdef\n");
  EXPECT_THAT(WhyNot(options, Error::kInvalidArgument), HasSubstr("has 0 characters"));
  options.token_file = FileWith(std::string(257, 'a'));
  EXPECT_THAT(WhyNot(options, Error::kInvalidArgument), HasSubstr("has 257 characters"));
  options.token_file = FileWith("0123456789 abcdef;\n");
  const std::string why = WhyNot(options, Error::kInvalidArgument);
  EXPECT_THAT(why, HasSubstr("a character that a token may not have"));
  EXPECT_THAT(why, Not(HasSubstr("789 abc")));
  options.token_file = FileWith("  0123456789abcdef \r\nmore\n");
  EXPECT_THAT(WhyNot(options, Error::kIo), HasSubstr("no network interface"));

  options = {};
  options.sensor_name = "";
  EXPECT_THAT(WhyNot(options, Error::kInvalidArgument), HasSubstr("name"));
  for (const char* name :
       {"a\nb", "\xff", "\xc0\xaf", "\xed\xa0\x80", "\xf5\x80\x80\x80", "\xc3"}) {
    options.sensor_name = name;
    EXPECT_THAT(WhyNot(options, Error::kInvalidArgument), HasSubstr("UTF-8"));
  }
  options = {};
  options.label = std::string(2049, 'a');
  EXPECT_THAT(WhyNot(options, Error::kInvalidArgument), HasSubstr("label"));
  options = {};
  options.profile = "<b>";
  EXPECT_THAT(WhyNot(options, Error::kInvalidArgument), HasSubstr("profile"));
  options = {};
  options.tick = std::chrono::microseconds(0);
  EXPECT_THAT(WhyNot(options, Error::kInvalidArgument), HasSubstr("tick"));
}

TEST_F(HttpOutletTest, ATakenPortIsNamed) {
  Open();
  HttpOptions options;
  options.port = port_;
  EXPECT_THAT(WhyNot(options, base::Error::kIo),
              HasSubstr("port " + std::to_string(port_) + " at 127.0.0.1 is taken"));
}

TEST_F(HttpOutletTest, SaysWhereItIs) {
  Open();
  EXPECT_EQ(outlet_->address(), "http://127.0.0.1:" + std::to_string(port_) + "/");
  EXPECT_EQ(outlet_->name(), "http");
}

TEST_F(HttpOutletTest, OverIpv6) {
  HttpOptions options;
  options.address = "::1";
  base::Diagnosis why;
  options.port = 0;
  auto outlet = OpenHttp(options, nullptr, why);
  if (!outlet) {
    GTEST_SKIP() << "no IPv6 loopback: " << why.text();
  }
  EXPECT_THAT((*outlet)->address(), StartsWith("http://[::1]:"));
  Client client(PortOf(**outlet), 0, /*v6=*/true);
  client.Say("GET /api/v1/facts HTTP/1.1\r\nHost: [::1]:1\r\n\r\n");
  EXPECT_THAT(client.Reply(), StartsWith("HTTP/1.1 200 OK\r\n"));
}

TEST_F(HttpOutletTest, EveryPathWithItsHeaders) {
  Open();
  outlet_->Publish(Record(true));
  ASSERT_TRUE(Measures("ticks_total 1"));
  const std::pair<const char*, const char*> types[] = {
      {"/", "text/html; charset=utf-8"},
      {"/api/v1/facts", "application/json"},
      {"/api/v1/history", "application/json"},
      {"/api/v1/label", "application/json"},
      {"/metrics", "text/plain; version=0.0.4; charset=utf-8"},
      {"/health", "application/json"}};
  for (const auto& [path, type] : types) {
    const std::string reply = Ask(path);
    EXPECT_THAT(reply, StartsWith("HTTP/1.1 200 OK\r\n")) << path;
    EXPECT_THAT(reply, HasSubstr(std::string("\r\nContent-Type: ") + type + "\r\n"));
    for (const char* line : {"Cache-Control: no-store", "X-Content-Type-Options: nosniff",
                             "X-Frame-Options: DENY", "Referrer-Policy: no-referrer",
                             "Content-Security-Policy: default-src 'none'", "Connection: close"}) {
      EXPECT_THAT(reply, HasSubstr(std::string("\r\n") + line)) << path;
    }
  }
  EXPECT_THAT(Ask("/api/v1/facts"),
              HasSubstr("\r\n\r\n{\"reading\":true,\"present\":true,\"faces\":[]}\n"));
  EXPECT_THAT(Ask("/nowhere"), StartsWith("HTTP/1.1 404 Not Found\r\n"));
}

TEST_F(HttpOutletTest, HeadIsTheHeadOfGet) {
  Open();
  Client client(port_);
  for (const char* path : {"/", "/api/v1/facts", "/metrics"}) {
    client.Say(std::string("GET ") + path + " HTTP/1.1\r\nHost: localhost\r\n\r\n");
    const std::string get = client.Reply();
    ASSERT_THAT(get, StartsWith("HTTP/1.1 200"));
    client.Say(std::string("HEAD ") + path + " HTTP/1.1\r\nHost: localhost\r\n\r\n");
    ASSERT_TRUE(client.Until("\r\n\r\n"));
    const auto length_apart = [](std::string text) {  // counters grow from request to request
      const std::size_t at = text.find("Content-Length");
      return text.erase(at, text.find("\r\n", at) - at);
    };
    EXPECT_EQ(length_apart(client.got()), length_apart(get.substr(0, get.find("\r\n\r\n") + 4)));
    client.Forget();
  }
  client.Say("HEAD /events HTTP/1.1\r\nHost: localhost\r\n\r\n");
  EXPECT_TRUE(client.UntilClosed());
  EXPECT_THAT(client.got(), testing::EndsWith("\r\n\r\n"));
  EXPECT_THAT(client.got(), HasSubstr("text/event-stream"));
}

TEST_F(HttpOutletTest, RefusedRequestsEndTheConnection) {
  Open();
  for (const std::string bytes :
       {"GET / HTTP/1.0\r\nHost: localhost\r\n\r\n", "nonsense\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: localhost\r\n\r\nGET / HTTP/1.1\r\nHost: localhost\r\n\r\n",
        "POST /login HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1\r\nTransfer-Encoding: "
        "chunked\r\n\r\n0\r\n\r\n"}) {
    Client client(port_);
    client.Say(bytes);
    EXPECT_TRUE(client.UntilClosed()) << bytes;
    EXPECT_THAT(client.got(), StartsWith("HTTP/1.1 400 Bad Request\r\n")) << bytes;
    EXPECT_THAT(client.got(), HasSubstr("\r\nConnection: close\r\n"));
    EXPECT_THAT(client.got(), HasSubstr("{\"status\":400,\"error\":\""));
  }
  Client big(port_);
  big.Say("GET /" + std::string(60000, 'a'));
  EXPECT_TRUE(big.UntilClosed());
  EXPECT_THAT(big.got(), StartsWith("HTTP/1.1 431"));
}

TEST_F(HttpOutletTest, EventsBringTheStateAtOnceAndThenEachRecord) {
  Open();
  Client early = Listen();
  ASSERT_TRUE(early.Until("data: {\"reading\":false"));
  EXPECT_THAT(early.got(), HasSubstr("\r\n\r\nretry: 2000\n\nid: 0\nevent: facts\n"));
  EXPECT_THAT(early.got(), HasSubstr("\r\nContent-Type: text/event-stream; charset=utf-8\r\n"));
  EXPECT_THAT(early.got(), Not(HasSubstr("Content-Length")));
  outlet_->Publish(Record(true));
  ASSERT_TRUE(early.Until("id: 1\nevent: facts\ndata: {\"reading\":true,\"present\":true"));
  Client late = Listen();
  ASSERT_TRUE(late.Until("id: 1\n"));
  outlet_->Publish(Record(false));
  ASSERT_TRUE(early.Until("id: 2\nevent: facts\ndata: {\"reading\":true,\"present\":false"));
  ASSERT_TRUE(late.Until("id: 2\n"));
  EXPECT_TRUE(Measures("http_clients 2"));
  EXPECT_TRUE(Measures("http_events_sent_total 5"));
}

TEST_F(HttpOutletTest, AClientThatListensAndSpeaksIsShownOut) {
  Open();
  Client client = Listen();
  ASSERT_TRUE(client.Until("id: 0"));
  client.Say("x");
  EXPECT_TRUE(client.UntilClosed());
  EXPECT_TRUE(Measures("http_clients 0"));
}

TEST_F(HttpOutletTest, HeartbeatsAndSilenceOfTheSensor) {
  HttpTimes times;
  times.heartbeat = milliseconds(20);
  HttpOptions options;
  options.tick = milliseconds(10);
  Open(times, options);
  Client client = Listen();
  outlet_->Publish(Record(true));
  ASSERT_TRUE(client.Until(": still here\n\n"));
  ASSERT_TRUE(client.Until("id: 1\nevent: facts\ndata: {\"reading\":true"));
  client.Forget();
  // No tick comes any more: said, and said again.
  ASSERT_TRUE(client.Until("id: 1\nevent: facts\ndata: {\"reading\":false"));
  client.Forget();
  ASSERT_TRUE(client.Until("id: 1\nevent: facts\ndata: {\"reading\":false"));
  EXPECT_THAT(Ask("/health"), StartsWith("HTTP/1.1 503"));
}

TEST_F(HttpOutletTest, ASlowListenerIsDroppedAndOthersGoOn) {
  Open();
  Client slow = Listen(/*receive_buffer=*/1024);
  Client quick = Listen();
  ASSERT_TRUE(quick.Until("id: 0\n"));
  ASSERT_TRUE(Measures("http_clients 2"));
  bool dropped = false;
  for (int i = 1; i <= 200000 && !dropped; ++i) {
    outlet_->Publish(Record(i % 2 == 0));
    if (i % 20 == 0) {
      ASSERT_TRUE(quick.Until("id: " + std::to_string(i) + "\n")) << i;
      quick.Forget();
    }
    if (i % 400 == 0) {
      dropped = Ask("/metrics").find("pinhole_http_clients_dropped_total 1\n") != std::string::npos;
    }
  }
  EXPECT_TRUE(dropped);
  EXPECT_TRUE(Measures("http_clients 1"));
  EXPECT_TRUE(slow.UntilClosed());
}

TEST_F(HttpOutletTest, SlowRequestsEnd) {
  HttpTimes times;
  times.request = milliseconds(100);
  times.idle = milliseconds(100);
  times.linger = milliseconds(100);
  Open(times);
  Client silent(port_);
  Client drip(port_);
  drip.Say("GET / HT");
  EXPECT_TRUE(drip.UntilClosed());
  EXPECT_THAT(drip.got(), StartsWith("HTTP/1.1 408 "));
  EXPECT_TRUE(silent.UntilClosed());
  EXPECT_EQ(silent.got(), "");
  Client idle(port_);
  idle.Say("GET /api/v1/facts HTTP/1.1\r\nHost: localhost\r\n\r\n");
  EXPECT_TRUE(idle.UntilClosed());
  EXPECT_THAT(idle.got(), StartsWith("HTTP/1.1 200 "));
  // A drop now and then does not help: the time is for the whole request.
  Client patient(port_);
  const auto deadline = std::chrono::steady_clock::now() + kSoon;
  bool open = true;
  while (open && std::chrono::steady_clock::now() < deadline) {
    std::this_thread::sleep_for(milliseconds(10));
    open = patient.Say("a");
  }
  EXPECT_FALSE(open);
}

TEST_F(HttpOutletTest, AHundredConnections) {
  Open();
  std::vector<Client> clients;
  for (int i = 0; i < 100; ++i) {
    clients.emplace_back(port_);
    ASSERT_TRUE(clients.back().connected());
    // So that connections are counted in this order.
    clients.back().Say("GET /api/v1/facts HTTP/1.1\r\nHost: localhost\r\n\r\n");
    const std::string reply = clients.back().Reply();
    if (i < 64) {
      ASSERT_THAT(reply, StartsWith("HTTP/1.1 200 OK")) << i;
    } else {
      ASSERT_THAT(reply, StartsWith("HTTP/1.1 503 Service Unavailable")) << i;
      EXPECT_THAT(reply, HasSubstr("Retry-After: 10"));
      EXPECT_TRUE(clients.back().UntilClosed());
    }
  }
  // Those that were served are still, and places that get free are given again.
  clients[0].Say("GET /api/v1/facts HTTP/1.1\r\nHost: localhost\r\n\r\n");
  EXPECT_THAT(clients[0].Reply(), StartsWith("HTTP/1.1 200 OK"));
  clients.clear();
  EXPECT_TRUE(Measures("http_connections 1"));
}

TEST_F(HttpOutletTest, ThirtyTwoListenersAndNoMore) {
  Open();
  std::vector<Client> clients;
  for (int i = 0; i < 32; ++i) {
    clients.push_back(Listen());
    ASSERT_TRUE(clients.back().Until("id: 0\n")) << i;
  }
  Client more = Listen();
  EXPECT_THAT(more.Reply(), StartsWith("HTTP/1.1 503"));
  outlet_->Publish(Record(true));
  for (Client& client : clients) {
    EXPECT_TRUE(client.Until("id: 1\n"));
  }
}

TEST_F(HttpOutletTest, ClientsThatLeaveAtOnceAreForgotten) {
  Open();
  for (int i = 0; i < 50; ++i) {
    Client one(port_);
    one.Say(i % 2 == 0 ? "G" : "GET /events HTTP/1.1\r\nHost: localhost\r\n\r\n");
  }
  EXPECT_TRUE(Measures("http_connections 1"));
  EXPECT_TRUE(Measures("http_clients 0"));
}

TEST_F(HttpOutletTest, TheEndSaysNoReadingAndIsPrompt) {
  Open();
  outlet_->Publish(Record(true));
  Client listening = Listen();
  ASSERT_TRUE(listening.Until("id: 1\n"));
  Client begun(port_);
  begun.Say("GET / HT");
  Client silent(port_);
  Client deaf = Listen(/*receive_buffer=*/1024);
  const auto before = std::chrono::steady_clock::now();
  outlet_.reset();
  EXPECT_LT(std::chrono::steady_clock::now() - before, seconds(5));
  EXPECT_TRUE(listening.UntilClosed());
  EXPECT_THAT(listening.got(), testing::EndsWith("data: {\"reading\":false,\"present\":false,"
                                                 "\"faces\":[]}\n\n"));
  EXPECT_TRUE(begun.UntilClosed());
  EXPECT_TRUE(silent.UntilClosed());
  EXPECT_FALSE(Client(port_).connected());
}

TEST_F(HttpOutletTest, WithATokenByHeaderAndCookie) {
  HttpOptions options;
  options.token_file = FileWith("0123456789abcdef\n");
  Open({}, options);
  EXPECT_THAT(Ask("/api/v1/facts"), StartsWith("HTTP/1.1 401 Unauthorized\r\n"));
  EXPECT_THAT(Ask("/?token=0123456789abcdef"), HasSubstr("\r\nSet-Cookie: pinhole_"));
  const std::string get = "GET /api/v1/facts HTTP/1.1\r\nHost: localhost\r\n";
  Client client(port_);
  client.Say(get + "Authorization: Bearer 0123456789abcdef\r\n\r\n");
  EXPECT_THAT(client.Reply(), StartsWith("HTTP/1.1 200"));
  client.Say(get + "Cookie: pinhole_" + std::to_string(port_) + "=0123456789abcdef\r\n\r\n");
  EXPECT_THAT(client.Reply(), StartsWith("HTTP/1.1 200"));
  client.Say(get + "\r\n");
  EXPECT_THAT(client.Reply(), StartsWith("HTTP/1.1 401"));
  const std::string body = "token=0123456789abcdef";
  client.Say(
      "POST /login HTTP/1.1\r\nHost: localhost\r\nContent-Type: "
      "application/x-www-form-urlencoded\r\nContent-Length: " +
      std::to_string(body.size()) + "\r\n\r\n" + body);
  EXPECT_THAT(client.Reply(), StartsWith("HTTP/1.1 303 See Other"));
}

TEST_F(HttpOutletTest, PublishingFasterThanAnybodyReadsLosesNothingThatIsTrue) {
  Open();
  Client client = Listen();
  for (int i = 0; i < 10000; ++i) {
    outlet_->Publish(Record(i % 2 == 0));
  }
  outlet_->Publish(Record(true));
  const auto deadline = std::chrono::steady_clock::now() + kSoon;
  std::string facts;
  while (facts.find("\"present\":true") == std::string::npos &&
         std::chrono::steady_clock::now() < deadline) {
    facts = Ask("/api/v1/facts");
  }
  EXPECT_THAT(facts, HasSubstr("\"present\":true"));
}

}  // namespace
}  // namespace pinhole::outside::http
