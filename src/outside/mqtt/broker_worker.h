// SPDX-License-Identifier: Apache-2.0
#pragma once

// The thread behind the outlet: keeps a connection to the broker, hands it what is to be published,
// and tells the owner what matters.
//
//   auto worker = std::make_shared<BrokerWorker>(settings, notices);
//   std::thread thread([worker] { worker->Run(); });
//   worker->Publish(record);                       // from the owner's thread: never waits
//   worker->Stop(); if (worker->WaitUntilOver(d)) thread.join(); else thread.detach();
//
// A worker that hangs in the system's look-up of a name can't be interrupted; that is why it is
// shared, and why it may be left behind: once muted it says nothing more, and when the system
// answers it ends.
//
// Sentences: the first of a kind in a stretch of trouble is said, the others are not; when a
// message has been acknowledged again, that is said, with the number of states that had to go.

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "facts/person_facts.h"
#include "outside/mqtt/broker_link.h"
#include "outside/mqtt/home_assistant.h"
#include "outside/mqtt/mqtt_settings.h"
#include "outside/mqtt/state_queue.h"
#include "outside/outlet/outlet.h"

namespace pinhole::outside::mqtt {

class BrokerWorker final : private BrokerLink::Listener {
 public:
  BrokerWorker(Settings settings, outlet::Notices notices);
  ~BrokerWorker();

  void Publish(const facts::PersonFacts& facts);

  // The thread's whole life: until Stop, and then until "offline" has been acknowledged or a second
  // has passed.
  void Run();
  void Stop();
  // False where Run has not returned after `most`.
  bool WaitUntilOver(std::chrono::milliseconds most);
  // From its return on no sentence is said.
  void Mute();

 private:
  using Clock = std::chrono::steady_clock;

  void OnAcknowledged(int id) override;
  void OnDenied() override;
  void OnMessage(std::string_view payload, bool retained) override;

  bool Turn(BrokerLink& link, std::chrono::milliseconds timeout);
  void HearAcknowledgements();
  void Attempt();
  void Serve(BrokerLink& link);
  bool Greet(BrokerLink& link);
  bool Announce(BrokerLink& link);
  bool HandOver(BrokerLink& link);
  bool Overdue();
  void Farewell(BrokerLink& link);
  void AfterLink(const BrokerLink& link);
  void Pause();
  bool Stopping();
  void Wake() const;
  void QueueLocked(Clock::time_point now);

  void Explain(const Ending& ending, bool had_been_accepted);
  void SayDenied();
  void SayWellAgain();
  void SaySlowConnect(Clock::time_point now);
  void Say(const std::string& sentence);

  const Settings settings_;
  const Topics topics_;
  const std::string announcement_;
  const std::string shown_broker_;
  const Clock::duration heartbeat_;
  int wake_ = -1;  // an eventfd

  std::mutex mutex_;
  std::condition_variable changed_;
  StateQueue queue_;
  std::optional<facts::PersonFacts> newest_;
  Clock::time_point queued_at_;
  Clock::time_point progress_at_;  // the broker has acknowledged, or had nothing to
  std::optional<Clock::time_point> connecting_since_;
  bool up_ = false;  // the broker has let us in
  bool stopping_ = false;
  bool over_ = false;
  unsigned said_ = 0;  // a bit for each Trouble

  std::mutex notices_mutex_;
  outlet::Notices notices_;

  // The thread's own. What the library calls back notes things here alone: it holds locks of its
  // own then.
  std::chrono::milliseconds pause_;
  Clock::time_point accepted_at_;
  Clock::time_point announced_at_;
  bool announce_again_ = false;
  std::vector<int> acknowledged_;  // in the turn that is being made
  int online_id_ = 0, offline_id_ = 0;
  bool online_heard_ = false, offline_heard_ = false;
  bool denied_ = false, said_denied_ = false;
};

}  // namespace pinhole::outside::mqtt
