// SPDX-License-Identifier: Apache-2.0
// How long a look takes, on the console: with one core and with both, camera included. For
// measuring; it has no outlet.
#include <cstddef>
#include <cstdint>

#include "firmware/hal/stdio.h"
#include "firmware/hal/timer.h"
#include "firmware/person/chip/chip_eye.h"
#include "firmware/person/chip/flash_fetcher.h"
#include "firmware/person/chip/second_core.h"
#include "firmware/person/inside/person_network.h"

namespace pinhole::firmware::person {

namespace {

constexpr int kLooks = 4;

// The share that the network has in it.
class Timed final : public ::pinhole::inside::sense::Network {
 public:
  explicit Timed(Network& network) : network_(network) {}
  [[nodiscard]] engine::TensorView input() override { return network_.input(); }
  [[nodiscard]] engine::TensorView output(std::size_t i) override { return network_.output(i); }
  base::Status Run(base::Diagnosis& why) override {
    const std::uint64_t before = time_us_64();
    const base::Status ran = network_.Run(why);
    run_us_ = static_cast<unsigned>(time_us_64() - before);
    return ran;
  }
  void Wipe() override { network_.Wipe(); }
  [[nodiscard]] unsigned run_us() const { return run_us_; }

 private:
  Network& network_;
  unsigned run_us_ = 0;
};

void Measure(const char* what, inside::PersonEye& eye, const Timed& network) {
  for (int i = 0; i < kLooks; ++i) {
    const std::uint64_t before = time_us_64();
    const facts::PersonFacts facts = eye.Look();
    const auto took = static_cast<unsigned>(time_us_64() - before);
    printf("%s: look %u us, of it network %u us; %d faces\n", what, took, network.run_us(),
           facts.count);
  }
}

int Run() {
  static ChipEye seeing;
  static Timed network(inside::PersonNetwork());
  inside::PersonEye& eye = seeing.Open(network);
  inside::SetFetcher(&StartFlashFetcher());
  Measure("one core", eye, network);
  inside::SetSecondCore(&StartSecondCore());
  Measure("both cores", eye, network);
  puts("done");
  return 0;
}

}  // namespace

}  // namespace pinhole::firmware::person

int main() {
  stdio_init_all();
  return pinhole::firmware::person::Run();
}
