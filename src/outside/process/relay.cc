// SPDX-License-Identifier: Apache-2.0
#include "outside/process/relay.h"

#include <unistd.h>

#include <array>
#include <cstddef>
#include <span>
#include <string>
#include <utility>

#include "base/error.h"
#include "facts/person_facts.h"

namespace pinhole::outside::process {

namespace {

// As many records as a pipe holds (64 KiB): a flood is read once a tick, and its rest next time.
constexpr std::size_t kMostRecords = 1800;

}  // namespace

Relay::Relay(system::UniqueFd facts, facts::PersonProfile profile, const Outlets& outlets,
             outlet::Notices notices)
    : facts_(std::move(facts)), door_(profile), outlets_(outlets), notices_(std::move(notices)) {}

void Relay::Drain() {
  std::array<std::byte, kMostRecords * facts::kPersonFactsBytes> bytes;
  const ssize_t n = ::read(facts_.get(), bytes.data(), bytes.size());
  if (n <= 0) {
    return;  // nothing there, or nobody who writes: silence is what the door makes of it
  }
  const base::Status taken = door_.Take(std::span(bytes).first(static_cast<std::size_t>(n)));
  if (!taken) {
    notices_(
        std::string("the inside wrote a record that no sound sensor writes (") +
        std::string(base::ErrorName(taken.error())) +
        "): it is taken for compromised and cut off, and there is no reading from now on; look "
        "into it before you start the sensor again");
    facts_.Close();
  }
}

void Relay::Tick() {
  if (open()) {
    Drain();
  }
  const facts::PersonFacts now = door_.Tick();
  for (const std::unique_ptr<outlet::Outlet>& outlet : outlets_) {
    outlet->Publish(now);
  }
}

}  // namespace pinhole::outside::process
