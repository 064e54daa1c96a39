// SPDX-License-Identifier: Apache-2.0
#include "firmware/person/outside/person_outside.h"

#include <cstddef>
#include <span>

#include "facts/person_codec.h"

namespace pinhole::firmware::person::outside {

using Kind = i2c::HostCommand::Kind;

PersonOutside::PersonOutside(const OutsideSettings& settings, Port& port, Pin& pin, Clock& clock,
                             Console& console)
    : port_(port),
      pin_(pin),
      clock_(clock),
      console_(console),
      door_(settings.profile),
      logic_(settings.pin),
      tick_us_(facts::Declaration(settings.profile).tick_us()),
      next_tick_(clock.Micros() + tick_us_) {
  pin_.Put(logic_.high());
}

void PersonOutside::Deliver(const facts::PersonFacts& facts, Wish made_for) {
  const std::uint32_t next = delivered_.load(std::memory_order_relaxed) + 1;
  slots_[next % 2] = {facts, made_for};
  delivered_.store(next, std::memory_order_release);
}

Wish PersonOutside::wish() const {
  const Wish wish = wish_.load(std::memory_order_relaxed);
  const bool is_under_way =
      delivered_.load(std::memory_order_relaxed) != received_.load(std::memory_order_relaxed);
  return wish == Wish::kSingleShot && is_under_way ? Wish::kStandby : wish;
}

void PersonOutside::Poll() {
  CarryOutCommands();
  Receive();
  const std::uint64_t now = clock_.Micros();
  if (now < next_tick_) {
    return;
  }
  next_tick_ += tick_us_;
  if (next_tick_ <= now) {
    next_tick_ = now + tick_us_;  // ticks that were slept through are not made up for
  }
  Tick(now);
}

// Identities and the LED are not there: those commands do nothing.
void PersonOutside::CarryOutCommands() {
  while (const auto command = port_.TakeCommand()) {
    if (command->kind == Kind::kMode) {
      standby_ = command->value == 0;
      wish_.store(standby_ ? Wish::kStandby : Wish::kContinuous, std::memory_order_relaxed);
    } else if (command->kind == Kind::kSingleShot && standby_) {
      wish_.store(Wish::kSingleShot, std::memory_order_relaxed);
    }
  }
}

// From the mailbox through the door: the record crosses as bytes, and is checked as on Linux.
void PersonOutside::Receive() {
  const std::uint32_t delivered = delivered_.load(std::memory_order_acquire);
  if (delivered == received_.load(std::memory_order_relaxed)) {
    return;
  }
  received_.store(delivered, std::memory_order_relaxed);
  const Letter& letter = slots_[delivered % 2];
  if (letter.made_for != wish_.load(std::memory_order_relaxed)) {
    return;
  }
  if (letter.made_for == Wish::kSingleShot) {
    wish_.store(Wish::kStandby, std::memory_order_relaxed);
  }
  std::array<std::byte, facts::kPersonFactsBytes> record{};
  if (!facts::EncodePerson(letter.facts, record)) {
    record = {};  // no record: the door closes
  }
  static_cast<void>(door_.Take(record));
  has_news_ = true;
}

void PersonOutside::Tick(std::uint64_t now) {
  if (standby_ && !has_news_) {
    return;
  }
  has_news_ = false;
  const facts::PersonFacts facts = door_.Tick();
  port_.Publish(facts);
  pin_.Put(logic_.Step(facts, std::chrono::milliseconds(now / 1000)));
  if (facts != told_) {
    told_ = facts;
    console_.Tell(facts);
  }
}

}  // namespace pinhole::firmware::person::outside
