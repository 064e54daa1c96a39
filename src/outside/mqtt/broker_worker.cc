// SPDX-License-Identifier: Apache-2.0
#include "outside/mqtt/broker_worker.h"

#include <sys/eventfd.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <system_error>
#include <utility>

#include "outside/log/person_log.h"
#include "system/failure.h"

namespace pinhole::outside::mqtt {

namespace {

using std::chrono::milliseconds;

constexpr milliseconds kTurn{1000};  // the library looks after its keep-alive in this rhythm
constexpr milliseconds kFarewell{1000};
constexpr milliseconds kFlush{500};  // of the farewell: for states that still wait
constexpr milliseconds kBetweenAnnouncements{1000};
constexpr milliseconds kSlowConnect{10'000};
constexpr std::string_view kHomeIsUp = "online";

unsigned Bit(Trouble trouble) { return 1U << static_cast<unsigned>(trouble); }

Device DeviceOf(const Settings& settings) {
  return {settings.options.device_id, settings.options.device_name, settings.profile,
          settings.options.expire_after_s};
}

std::string Line(const facts::PersonFacts& facts) {
  std::array<char, log::kMaxJsonLine> line{};
  return std::string(log::JsonLine(facts, line));
}

}  // namespace

BrokerWorker::BrokerWorker(Settings settings, outlet::Notices notices)
    : settings_(std::move(settings)),
      topics_(TopicsFor(settings_.options.topic_prefix, settings_.options.discovery_prefix,
                        settings_.options.device_id)),
      announcement_(Announcement(DeviceOf(settings_), topics_, PINHOLE_VERSION)),
      shown_broker_("MQTT broker " + system::Printable(ShownBroker(settings_.options))),
      heartbeat_(milliseconds(settings_.options.expire_after_s * std::uint64_t{1000} / 3)),
      wake_(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)),
      queue_(std::max<std::size_t>(settings_.options.buffer, 1)),
      notices_(std::move(notices)),
      pause_(settings_.options.retry_from_ms) {
  if (wake_ < 0) {
    throw std::system_error(errno, std::generic_category(), "eventfd");
  }
}

BrokerWorker::~BrokerWorker() { ::close(wake_); }

void BrokerWorker::Publish(const facts::PersonFacts& facts) {
  const Clock::time_point now = Clock::now();
  bool queued = false;
  {
    const std::scoped_lock lock(mutex_);
    // A sign of life is for now: while the broker is away it would only push out what is news.
    const bool sign_of_life = up_ && now - queued_at_ >= heartbeat_;
    if (newest_ != facts || sign_of_life) {
      newest_ = facts;
      QueueLocked(now);
      queued = true;
    }
  }
  if (queued) {
    Wake();
  }
  SaySlowConnect(now);
}

void BrokerWorker::QueueLocked(Clock::time_point now) {
  queue_.Push(Line(*newest_));
  queued_at_ = now;
}

void BrokerWorker::Run() {
  while (!Stopping()) {
    Attempt();
    Pause();
  }
  const std::scoped_lock lock(mutex_);
  over_ = true;
  changed_.notify_all();
}

void BrokerWorker::Attempt() {
  BrokerLink link(settings_, topics_, *this);
  {
    const std::scoped_lock lock(mutex_);
    connecting_since_ = Clock::now();
  }
  const bool connected = link.Connect();
  accepted_at_ = Clock::now();  // not before
  {
    const std::scoped_lock lock(mutex_);
    connecting_since_.reset();
  }
  if (connected) {
    Serve(link);
  }
  AfterLink(link);
}

bool BrokerWorker::Turn(BrokerLink& link, milliseconds timeout) {
  const bool goes_on = link.Turn(wake_, timeout);
  HearAcknowledgements();
  if (std::exchange(denied_, false)) {
    SayDenied();
  }
  return goes_on;
}

void BrokerWorker::HearAcknowledgements() {
  if (acknowledged_.empty()) {
    return;
  }
  {
    const std::scoped_lock lock(mutex_);
    progress_at_ = Clock::now();
    for (const int id : acknowledged_) {
      static_cast<void>(queue_.Acknowledged(id));
    }
  }
  for (const int id : std::exchange(acknowledged_, {})) {
    offline_heard_ = offline_heard_ || (id == offline_id_ && offline_id_ != 0);
    if (id == online_id_ && !online_heard_) {
      online_heard_ = true;
      SayWellAgain();
    }
  }
}

void BrokerWorker::Serve(BrokerLink& link) {
  const milliseconds patience(settings_.options.answer_within_ms);
  const Clock::time_point answer_due = Clock::now() + patience;
  bool greeted = false;
  while (Turn(link, std::min(kTurn, patience))) {
    if (Stopping()) {
      Farewell(link);
      return;
    }
    if (!link.accepted()) {
      if (Clock::now() > answer_due) {
        link.End(Trouble::kAway, "it takes connections and says nothing");
      }
      continue;
    }
    if (!greeted && !Greet(link)) {
      return;
    }
    greeted = true;
    if (announce_again_ && Clock::now() - announced_at_ >= kBetweenAnnouncements) {
      static_cast<void>(Announce(link));
    }
    static_cast<void>(HandOver(link));
    if (Overdue()) {
      link.End(Trouble::kAway, "it doesn't acknowledge what it is sent");
    }
  }
}

// At the start of every connection: the broker may have forgotten everything.
bool BrokerWorker::Greet(BrokerLink& link) {
  accepted_at_ = Clock::now();
  online_heard_ = false;
  offline_id_ = 0;
  if (settings_.options.discovery && (!link.Subscribe(topics_.home) || !Announce(link))) {
    return false;
  }
  online_id_ = link.Publish(topics_.availability, kOnline);
  const std::scoped_lock lock(mutex_);
  up_ = true;
  progress_at_ = accepted_at_;
  if (queue_.empty() && newest_) {
    QueueLocked(accepted_at_);
  }
  return online_id_ != 0;
}

bool BrokerWorker::Announce(BrokerLink& link) {
  announce_again_ = false;
  announced_at_ = Clock::now();
  return link.Publish(topics_.announcement, announcement_) != 0;
}

bool BrokerWorker::HandOver(BrokerLink& link) {
  const std::scoped_lock lock(mutex_);
  while (const std::string* const state = queue_.NextToSend()) {
    if (queue_.on_their_way() == 0) {
      progress_at_ = Clock::now();
    }
    const int id = link.Publish(topics_.state, *state);
    if (id == 0) {
      return false;
    }
    queue_.Sent(id);
  }
  return true;
}

bool BrokerWorker::Overdue() {
  const std::scoped_lock lock(mutex_);
  return queue_.on_their_way() > 0 &&
         Clock::now() - progress_at_ > milliseconds(settings_.options.answer_within_ms);
}

// Where "offline" isn't acknowledged in time the connection is cut, and the broker publishes the
// will, which says the same.
void BrokerWorker::Farewell(BrokerLink& link) {
  if (!link.accepted()) {
    return;
  }
  const Clock::time_point began = Clock::now();
  offline_heard_ = false;
  while (Clock::now() - began < kFarewell) {
    if (!HandOver(link)) {
      return;
    }
    bool flushed = false;
    {
      const std::scoped_lock lock(mutex_);
      flushed = queue_.empty();
    }
    if (offline_id_ == 0 && (flushed || Clock::now() - began > kFlush)) {
      offline_id_ = link.Publish(topics_.availability, kOffline);
    }
    if (offline_heard_) {
      link.Disconnect();
      return;
    }
    if (!Turn(link, kFarewell / 10)) {
      return;
    }
  }
}

void BrokerWorker::AfterLink(const BrokerLink& link) {
  bool stopping = false;
  {
    const std::scoped_lock lock(mutex_);
    up_ = false;
    queue_.ConnectionLost();
    stopping = stopping_;
  }
  if (stopping) {
    return;
  }
  const milliseconds first(settings_.options.retry_from_ms);
  if (link.ended().trouble == Trouble::kRenewal) {
    pause_ = milliseconds(0);
    return;
  }
  // A connection that held longer than the pause before it was a good one.
  const bool held = link.accepted() && Clock::now() - accepted_at_ > pause_;
  const milliseconds longest(settings_.options.retry_up_to_ms);
  pause_ = held ? first : std::clamp(pause_ * 2, first, longest);
  Explain(link.ended(), link.accepted());
}

void BrokerWorker::Pause() {
  std::unique_lock lock(mutex_);
  changed_.wait_for(lock, pause_, [this] { return stopping_; });
}

void BrokerWorker::Stop() {
  const std::scoped_lock lock(mutex_);
  stopping_ = true;
  changed_.notify_all();
  Wake();
}

bool BrokerWorker::WaitUntilOver(std::chrono::milliseconds most) {
  std::unique_lock lock(mutex_);
  return changed_.wait_for(lock, most, [this] { return over_; });
}

bool BrokerWorker::Stopping() {
  const std::scoped_lock lock(mutex_);
  return stopping_;
}

void BrokerWorker::Wake() const {
  const std::uint64_t one = 1;
  // Fails only where the counter is full: then the thread is awake.
  static_cast<void>(::write(wake_, &one, sizeof one) < 0);
}

void BrokerWorker::OnAcknowledged(int id) { acknowledged_.push_back(id); }

void BrokerWorker::OnDenied() { denied_ = true; }

// A retained one was there before us, and we have just announced ourselves.
void BrokerWorker::OnMessage(std::string_view payload, bool retained) {
  announce_again_ = announce_again_ || (!retained && payload == kHomeIsUp);
}

void BrokerWorker::Explain(const Ending& ending, bool had_been_accepted) {
  {
    const std::scoped_lock lock(mutex_);
    if ((said_ & Bit(ending.trouble)) != 0) {
      return;
    }
    said_ |= Bit(ending.trouble);
  }
  const MqttOptions& options = settings_.options;
  const std::string because = " (" + ending.reason + ")";
  const std::string kept =
      "; trying again, and keeping " +
      (options.buffer > 1 ? "the last " + std::to_string(options.buffer) + " states"
                          : std::string("the last state"));
  switch (ending.trouble) {
    case Trouble::kAway:
      Say(shown_broker_ +
          (had_been_accepted
               ? " is gone" + because +
                     ": check that it runs, and that no other client is called '" +
                     options.device_id + "' (mqtt device_id)"
               : " can't be reached" + because + ": check that it runs, and mqtt host and port") +
          kept);
      break;
    case Trouble::kTls:
      Say(shown_broker_ + ": no trusted connection" + because +
          ": check mqtt port, ca_file, cert_file and key_file, and that the broker's certificate " +
          "names the host" + kept);
      break;
    case Trouble::kLogin:
      Say(shown_broker_ + " doesn't let this sensor in" + because +
          (options.user.empty() ? ": give mqtt user and password_file"
                                : ": check mqtt user '" + options.user + "' and password_file") +
          kept);
      break;
    case Trouble::kNotMqtt:
      Say(shown_broker_ + ": what answers there doesn't keep to MQTT" + because +
          ": check mqtt host, port and tls" + kept);
      break;
    case Trouble::kRenewal: break;
  }
}

void BrokerWorker::SayDenied() {
  if (!std::exchange(said_denied_, true)) {
    Say(shown_broker_ + " does not let this sensor read " + topics_.home +
        ", so it won't know when Home Assistant comes up: allow it, or turn mqtt discovery off");
  }
}

void BrokerWorker::SayWellAgain() {
  std::uint64_t dropped = 0;
  bool trouble = false;
  {
    const std::scoped_lock lock(mutex_);
    dropped = queue_.TakeDropped();
    trouble = std::exchange(said_, 0U) != 0;
  }
  if (!trouble && dropped == 0) {
    return;
  }
  std::string sentence = shown_broker_ + ": connected, and states are published";
  if (dropped > 0) {
    sentence += "; the " + std::to_string(dropped) + " oldest were dropped, since mqtt buffer is " +
                std::to_string(settings_.options.buffer);
  }
  Say(sentence);
}

// The thread itself is in the system's hands then.
void BrokerWorker::SaySlowConnect(Clock::time_point now) {
  {
    const std::scoped_lock lock(mutex_);
    if (!connecting_since_ || now - *connecting_since_ < kSlowConnect) {
      return;
    }
  }
  Explain({Trouble::kAway, "no answer for 10 seconds"}, false);
}

void BrokerWorker::Mute() {
  const std::scoped_lock lock(notices_mutex_);
  notices_ = nullptr;
}

void BrokerWorker::Say(const std::string& sentence) {
  const std::scoped_lock lock(notices_mutex_);
  if (notices_) {
    notices_(sentence);
  }
}

}  // namespace pinhole::outside::mqtt
