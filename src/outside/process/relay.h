// SPDX-License-Identifier: Apache-2.0
#pragma once

// From the facts pipe to the outlets, at our own pace.
//
//   Relay relay(facts_fd, profile, outlets, notices);
//   at every tick of a clock of ours: relay.Tick();
//
// The pipe is read at ticks only. So neither the moment at which a record was written, nor how many
// were, nor whether any was, changes when this process wakes, what it does or when the world hears
// something; the newest record counts (outside/door). A bad record closes the pipe: its writer is
// killed by its next record (SIGPIPE), and the outlets say "no reading" from then on.

#include <memory>
#include <vector>

#include "facts/person_profile.h"
#include "outside/door/door.h"
#include "outside/outlet/outlet.h"
#include "system/child_process.h"

namespace pinhole::outside::process {

using Outlets = std::vector<std::unique_ptr<outlet::Outlet>>;

class Relay {
 public:
  // `facts` does not block. The outlets outlive the relay.
  Relay(system::UniqueFd facts, facts::PersonProfile profile, const Outlets& outlets,
        outlet::Notices notices);

  // Reads what is there and hands one record to every outlet.
  void Tick();

  // False once a bad record closed it.
  [[nodiscard]] bool open() const { return facts_.get() >= 0; }
  [[nodiscard]] int fd() const { return facts_.get(); }

 private:
  void Drain();

  system::UniqueFd facts_;
  door::Door door_;
  const Outlets& outlets_;
  outlet::Notices notices_;
};

}  // namespace pinhole::outside::process
