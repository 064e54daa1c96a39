// SPDX-License-Identifier: Apache-2.0
#pragma once

// One connection to a broker, from its first byte to its end: libmosquitto behind a small face.
//
//   BrokerLink link(settings, topics, listener);
//   if (link.Connect()) {                       // waits for name and TCP
//     while (link.Turn(wake, 1s)) { ... link.Publish(...) }
//   }
//   ... link.ended() says why it is over
//
// A link is used once. Nothing is carried from one to the next, neither sessions nor messages of
// the library's own; who wants a message to survive keeps it (state_queue.h). All calls and all of
// the listener's are made on one thread.
//
// MQTT 3.1.1, on purpose: libmosquitto 2.0.11 reads MQTT 5's properties in a way that lets a broker
// abort this process (docs/decisions/0007-mqtt.md). The broker is not trusted. What its bytes can
// make the library hold is bounded by ending a link that has received too many: as one to be
// renewed where it is old, as hostile where it is young.

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "outside/mqtt/home_assistant.h"
#include "outside/mqtt/mqtt_settings.h"

struct mosquitto;
struct mosquitto_message;

namespace pinhole::outside::mqtt {

// Why a link ended, by what its owner can do about it.
enum class Trouble {
  kAway,     // not there, silent or gone
  kTls,      // no trust
  kLogin,    // not let in
  kNotMqtt,  // something else answers
  kRenewal   // nothing is wrong
};

struct Ending {
  Trouble trouble = Trouble::kAway;
  std::string reason;  // printable, a few words
};

// Honest brokers send some bytes for each state: a link lives for hours.
struct LinkBounds {
  std::uint64_t most_received = std::uint64_t{1} << 20;
  std::chrono::seconds renewed_from{600};
};

class BrokerLink {
 public:
  class Listener {
   public:
    Listener(const Listener&) = delete;
    Listener& operator=(const Listener&) = delete;
    virtual void OnAcknowledged(int id) = 0;
    // The broker grants no subscription.
    virtual void OnDenied() = 0;
    virtual void OnMessage(std::string_view payload, bool retained) = 0;

   protected:
    Listener() = default;
    ~Listener() = default;
  };

  BrokerLink(const Settings& settings, const Topics& topics, Listener& listener,
             const LinkBounds& bounds = {});
  ~BrokerLink();
  BrokerLink(const BrokerLink&) = delete;
  BrokerLink& operator=(const BrokerLink&) = delete;

  // Waits as long as the system takes to look up the name and to open the connection. False: ended.
  bool Connect();
  // Moves what can be moved, and waits for that at most `timeout`, or until `wake`, an eventfd, is
  // written to; it is read empty. False: ended.
  bool Turn(int wake, std::chrono::milliseconds timeout);
  // The broker has let this client in.
  [[nodiscard]] bool accepted() const { return accepted_; }

  // Retained, with QoS 1. The message's id, above 0; 0: ended.
  int Publish(const std::string& topic, std::string_view payload);
  // Messages of this one topic go to the listener. False: ended.
  bool Subscribe(const std::string& topic);
  // Says goodbye, so that the broker does not publish the will.
  void Disconnect();
  void End(Trouble trouble, std::string reason);
  [[nodiscard]] const Ending& ended() const { return ending_; }

 private:
  struct Free {
    void operator()(mosquitto* client) const;
  };

  static BrokerLink& Of(void* self) { return *static_cast<BrokerLink*>(self); }
  bool Configure();
  bool ConfigureTls();
  void SetCallbacks();
  bool Move(short events);
  bool WithinBounds();
  bool ClosedByPeer() const;
  // `result` is libmosquitto's. False: ended, with errno as it was behind that call.
  bool Check(int result, int error);
  void OnConnect(int code);

  const Settings& settings_;
  const Topics& topics_;
  Listener& listener_;
  const LinkBounds bounds_;
  std::unique_ptr<mosquitto, Free> client_;
  std::chrono::steady_clock::time_point began_;
  bool accepted_ = false;
  bool over_ = false;
  Ending ending_;
  std::string logged_;  // the library's first complaint
};

}  // namespace pinhole::outside::mqtt
