// SPDX-License-Identifier: Apache-2.0
#pragma once

// The one interface that all outlets have: records in, once a tick; what they do with the world is
// their own affair.
//
//   base::Diagnosis why;
//   auto outlet = mqtt::OpenMqtt(options, notices, why);     // each room has an Open of its own
//   (*outlet)->Publish(door.Tick());                         // at every tick of the outside's
//   clock
//
// An outlet that loses its broker, its client or its disk says so once through Notices, goes on,
// and says so once more when all is well again; the others never notice. Destroying an outlet tells
// the world that there is no reading any more (a pin goes low, a will is published) where the
// outlet can.

#include <functional>
#include <string_view>

#include "facts/person_facts.h"

namespace pinhole::outside::outlet {

// One sentence for the owner: what happened and what to do. Called from any of the outlet's
// threads. Never holds a secret.
using Notices = std::function<void(std::string_view sentence)>;

class Outlet {
 public:
  Outlet(const Outlet&) = delete;
  Outlet& operator=(const Outlet&) = delete;
  virtual ~Outlet() = default;

  // For messages: "mqtt", "pin".
  [[nodiscard]] virtual std::string_view name() const = 0;

  // `facts` is one canonical record of the profile (facts/person_codec.h). Called from one thread,
  // at every tick, also where nothing changed. Returns at once: whatever may wait, waits elsewhere.
  virtual void Publish(const facts::PersonFacts& facts) = 0;

 protected:
  Outlet() = default;
};

}  // namespace pinhole::outside::outlet
