// SPDX-License-Identifier: Apache-2.0
#include "outside/mqtt/broker_link.h"

#include <linux/tcp.h>
#include <mosquitto.h>
#include <mqtt_protocol.h>
#include <netdb.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <mutex>
#include <system_error>
#include <utility>

#include "system/failure.h"

namespace pinhole::outside::mqtt {

namespace {

// A broker that hears nothing for half as much again publishes the will: about expire_after_s.
constexpr int kKeepAliveS = 20;
constexpr int kQos = 1;
constexpr int kNotGranted = 0x80;
constexpr std::size_t kMostReason = 200;

void StartLibrary() {
  static std::once_flag once;
  std::call_once(once, [] { mosquitto_lib_init(); });
}

std::string Words(std::string_view text) { return system::Printable(text.substr(0, kMostReason)); }

std::string SystemWords(int error) {
  return error == 0 ? "the connection was closed" : std::generic_category().message(error);
}

// What a library's log line says, without its error codes: the part behind the last "::" of
// "OpenSSL Error[0]: error:0A000086:SSL routines::certificate verify failed".
std::string Complaint(std::string_view line) {
  if (const std::size_t at = line.rfind("::"); at != std::string_view::npos) {
    line.remove_prefix(at + 2);
  }
  return Words(line);
}

// A key that wants a passphrase fails instead of asking on the terminal.
int NoPassphrase(char*, int, int, void*) { return 0; }

std::uint64_t BytesReceived(int socket) {
  tcp_info info{};
  socklen_t size = sizeof info;
  return getsockopt(socket, IPPROTO_TCP, TCP_INFO, &info, &size) == 0 ? info.tcpi_bytes_received
                                                                      : 0;
}

}  // namespace

void BrokerLink::Free::operator()(mosquitto* client) const { mosquitto_destroy(client); }

BrokerLink::BrokerLink(const Settings& settings, const Topics& topics, Listener& listener,
                       const LinkBounds& bounds)
    : settings_(settings),
      topics_(topics),
      listener_(listener),
      bounds_(bounds),
      began_(std::chrono::steady_clock::now()) {
  StartLibrary();
}

BrokerLink::~BrokerLink() = default;

void BrokerLink::End(Trouble trouble, std::string reason) {
  if (!over_) {
    over_ = true;
    ending_ = {trouble, std::move(reason)};
  }
}

bool BrokerLink::Connect() {
  client_.reset(mosquitto_new(settings_.options.device_id.c_str(), true, this));
  if (!client_) {
    End(Trouble::kAway, SystemWords(errno));
    return false;
  }
  SetCallbacks();
  if (!Configure()) {
    return false;
  }
  errno = 0;
  const int result = mosquitto_connect(client_.get(), settings_.options.host.c_str(),
                                       settings_.options.port, kKeepAliveS);
  if (result == MOSQ_ERR_EAI) {
    End(Trouble::kAway, Words(gai_strerror(errno)));
    return false;
  }
  return Check(result, errno);
}

void BrokerLink::SetCallbacks() {
  mosquitto* const client = client_.get();
  mosquitto_connect_callback_set(
      client, [](mosquitto*, void* self, int code) { Of(self).OnConnect(code); });
  mosquitto_publish_callback_set(
      client, [](mosquitto*, void* self, int id) { Of(self).listener_.OnAcknowledged(id); });
  mosquitto_subscribe_callback_set(client,
                                   [](mosquitto*, void* self, int, int count, const int* granted) {
                                     if (count < 1 || granted[0] >= kNotGranted) {
                                       Of(self).listener_.OnDenied();
                                     }
                                   });
  mosquitto_message_callback_set(
      client, [](mosquitto*, void* self, const mosquitto_message* message) {
        BrokerLink& link = Of(self);
        if (message->topic != link.topics_.home || message->payloadlen < 0) {
          return;
        }
        const auto size = static_cast<std::size_t>(message->payloadlen);
        const std::string_view payload =
            size == 0 ? std::string_view()
                      : std::string_view(static_cast<const char*>(message->payload), size);
        link.listener_.OnMessage(payload, message->retain);
      });
  mosquitto_log_callback_set(client, [](mosquitto*, void* self, int level, const char* text) {
    if ((level & MOSQ_LOG_ERR) != 0 && Of(self).logged_.empty()) {
      Of(self).logged_ = Complaint(text);
    }
  });
}

bool BrokerLink::Configure() {
  mosquitto* const client = client_.get();
  const MqttOptions& options = settings_.options;
  if (!Check(mosquitto_int_option(client, MOSQ_OPT_PROTOCOL_VERSION, MQTT_PROTOCOL_V311), 0) ||
      !Check(mosquitto_int_option(client, MOSQ_OPT_TCP_NODELAY, 1), 0) ||
      !Check(mosquitto_will_set(client, topics_.availability.c_str(),
                                static_cast<int>(kOffline.size()), kOffline.data(), kQos, true),
             0)) {
    return false;
  }
  if (!options.user.empty()) {
    const char* const password = settings_.password.empty() ? nullptr : settings_.password.c_str();
    if (!Check(mosquitto_username_pw_set(client, options.user.c_str(), password), 0)) {
      return false;
    }
  }
  return !options.tls || ConfigureTls();
}

bool BrokerLink::ConfigureTls() {
  const MqttOptions& options = settings_.options;
  const auto given = [](const std::string& path) { return path.empty() ? nullptr : path.c_str(); };
  if (options.ca_file.empty() &&
      !Check(mosquitto_int_option(client_.get(), MOSQ_OPT_TLS_USE_OS_CERTS, 1), 0)) {
    return false;
  }
  if (options.ca_file.empty() && options.cert_file.empty()) {
    return true;
  }
  // The library wants some authority named beside a client's certificate; this folder is among the
  // system's anyway.
  const char* const folder = options.ca_file.empty() ? "/etc/ssl/certs" : nullptr;
  if (mosquitto_tls_set(client_.get(), given(options.ca_file), folder, given(options.cert_file),
                        given(options.key_file), &NoPassphrase) != MOSQ_ERR_SUCCESS) {
    End(Trouble::kTls, "ca_file, cert_file or key_file can't be read any more");
    return false;
  }
  return true;
}

bool BrokerLink::Turn(int wake, std::chrono::milliseconds timeout) {
  if (over_) {
    return false;
  }
  const int socket = mosquitto_socket(client_.get());
  if (socket < 0) {
    return Check(MOSQ_ERR_CONN_LOST, 0);
  }
  const auto wanted =
      static_cast<short>(POLLIN | (mosquitto_want_write(client_.get()) ? POLLOUT : 0));
  std::array<pollfd, 2> ready = {{{socket, wanted, 0}, {wake, POLLIN, 0}}};
  if (poll(ready.data(), ready.size(), static_cast<int>(timeout.count())) < 0) {
    return errno == EINTR || Check(MOSQ_ERR_ERRNO, errno);
  }
  if (ready[1].revents != 0) {
    std::uint64_t count = 0;
    static_cast<void>(::read(wake, &count, sizeof count) < 0);  // empty already: as well
  }
  return Move(ready[0].revents);
}

bool BrokerLink::Move(short events) {
  if (events != 0) {
    // While TLS is being agreed on, the library goes on with it in reads alone.
    if ((events & ~POLLOUT) != 0 || !accepted_) {
      if (ClosedByPeer()) {
        return Check(MOSQ_ERR_CONN_LOST, 0);
      }
      errno = 0;
      const int result = mosquitto_loop_read(client_.get(), 1);
      if (!Check(result, errno)) {
        return false;
      }
    }
    if ((events & POLLOUT) != 0) {
      errno = 0;
      const int result = mosquitto_loop_write(client_.get(), 1);
      if (!Check(result, errno)) {
        return false;
      }
    }
  }
  return Check(mosquitto_loop_misc(client_.get()), 0) && WithinBounds();
}

// The library takes a broker that hangs up in the middle of TLS's first words for one that is slow.
bool BrokerLink::ClosedByPeer() const {
  if (accepted_ || !settings_.options.tls) {
    return false;
  }
  char byte = 0;
  return recv(mosquitto_socket(client_.get()), &byte, 1, MSG_PEEK | MSG_DONTWAIT) == 0;
}

bool BrokerLink::WithinBounds() {
  if (over_ || BytesReceived(mosquitto_socket(client_.get())) < bounds_.most_received) {
    return !over_;
  }
  if (accepted_ && std::chrono::steady_clock::now() - began_ >= bounds_.renewed_from) {
    Disconnect();
    End(Trouble::kRenewal, "");
  } else {
    End(Trouble::kNotMqtt, "it sends far more than it was asked for");
  }
  return false;
}

int BrokerLink::Publish(const std::string& topic, std::string_view payload) {
  if (over_) {
    return 0;
  }
  int id = 0;
  errno = 0;
  const int result =
      mosquitto_publish(client_.get(), &id, topic.c_str(), static_cast<int>(payload.size()),
                        payload.data(), kQos, true);
  return Check(result, errno) ? id : 0;
}

bool BrokerLink::Subscribe(const std::string& topic) {
  if (over_) {
    return false;
  }
  errno = 0;
  const int result = mosquitto_subscribe(client_.get(), nullptr, topic.c_str(), kQos);
  return Check(result, errno);
}

void BrokerLink::Disconnect() {
  if (!over_) {
    mosquitto_disconnect(client_.get());
  }
}

bool BrokerLink::Check(int result, int error) {
  if (over_ || result == MOSQ_ERR_SUCCESS) {
    return !over_;
  }
  if (settings_.options.tls && !accepted_ && !logged_.empty()) {
    End(Trouble::kTls, logged_);
    return false;
  }
  switch (result) {
    case MOSQ_ERR_ERRNO: End(Trouble::kAway, SystemWords(error)); break;
    case MOSQ_ERR_CONN_LOST:
    case MOSQ_ERR_NO_CONN: End(Trouble::kAway, "the connection was closed"); break;
    case MOSQ_ERR_KEEPALIVE: End(Trouble::kAway, "it has fallen silent"); break;
    case MOSQ_ERR_NOMEM: End(Trouble::kAway, "out of memory"); break;
    case MOSQ_ERR_TLS: End(Trouble::kTls, "the TLS handshake failed"); break;
    default: End(Trouble::kNotMqtt, Words(mosquitto_strerror(result))); break;
  }
  return false;
}

void BrokerLink::OnConnect(int code) {
  if (code == 0) {
    accepted_ = true;
    return;
  }
  End(code == CONNACK_REFUSED_SERVER_UNAVAILABLE ? Trouble::kAway : Trouble::kLogin,
      Words(mosquitto_connack_string(code)));
}

}  // namespace pinhole::outside::mqtt
