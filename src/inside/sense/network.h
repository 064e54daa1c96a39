// SPDX-License-Identifier: Apache-2.0
#pragma once

// A network that looks at one picture, whoever runs it: the seam between what a sensor wants to
// know and the machine that it is worked out on.
//
//   Session (session_network.h)      a model file, interpreted: Linux
//   emitted code (emitted_network.h) a model that was made into C++: a microcontroller
//
//   fill network.input() → network.Run(why) → read network.output(i) → network.Wipe()
//
// Memory is the network's own. Its input may be used again while it runs: fill it before every Run.

#include <cstddef>

#include "base/diagnosis.h"
#include "base/result.h"
#include "engine/tensor/tensor.h"

namespace pinhole::inside::sense {

class Network {
 public:
  Network(const Network&) = delete;
  Network& operator=(const Network&) = delete;

  // The one input, to be filled.
  [[nodiscard]] virtual engine::TensorView input() = 0;
  // i below the number of outputs; there to be read from a Run to the next Wipe.
  [[nodiscard]] virtual engine::TensorView output(std::size_t i) = 0;
  // Errors: kNotReady (no memory yet); an operator's, which leaves the outputs undefined.
  virtual base::Status Run(base::Diagnosis& why) = 0;
  // Overwrites whatever was worked out from the picture, the picture in the input included. What
  // the network keeps from run to run stays.
  virtual void Wipe() = 0;

 protected:
  Network() = default;
  ~Network() = default;  // whoever makes a network destroys it, by its own type
};

}  // namespace pinhole::inside::sense
