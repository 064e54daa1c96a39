// SPDX-License-Identifier: Apache-2.0
#pragma once

// A model file's session as the network of a sensor. Both arguments are the caller's; made anew for
// each picture, it costs nothing.

#include <cstddef>
#include <span>

#include "base/secure_wipe.h"
#include "engine/run/session.h"
#include "inside/sense/network.h"

namespace pinhole::inside::sense {

class SessionNetwork final : public Network {
 public:
  // `activations` is what the session was bound to.
  SessionNetwork(engine::run::Session& session, std::span<std::byte> activations)
      : session_(session), activations_(activations) {}

  [[nodiscard]] engine::TensorView input() override { return session_.input(0); }
  [[nodiscard]] engine::TensorView output(std::size_t i) override { return session_.output(i); }
  base::Status Run(base::Diagnosis& why) override { return session_.Run(why); }
  // The state lies in front.
  void Wipe() override { base::SecureWipe(activations_.subspan(session_.state_bytes())); }

 private:
  engine::run::Session& session_;
  std::span<std::byte> activations_;
};

}  // namespace pinhole::inside::sense
