// SPDX-License-Identifier: Apache-2.0
// Serves a face that moves, without a camera: for the scripts in tests/i2c, and for trying out
// programs by hand.
//
//   pinhole_i2cdev_demo PATH [auto|cuse|file] [TICK_MS]
//
// Prints "serving PATH" when programs can open it, and every notice. Ends when standard input does.
#include <poll.h>
#include <unistd.h>

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string>

#include "outside/i2cdev/i2cdev_outlet.h"

namespace {

// Its left edge goes from 0 to 199, its right one is 50 further.
pinhole::facts::PersonFacts Face(unsigned tick) {
  pinhole::facts::PersonFacts facts;
  facts.reading = facts.present = facts.count = 1;
  const auto left = static_cast<std::uint8_t>(tick % 200);
  facts.faces[0] = {250, left, 40, static_cast<std::uint8_t>(left + 50), 140, 0, 0, 1};
  return facts;
}

// Waits for `milliseconds`; false where standard input has ended before.
bool GoesOn(int milliseconds) {
  pollfd input{STDIN_FILENO, POLLIN, 0};
  if (::poll(&input, 1, milliseconds) <= 0) {
    return true;
  }
  char byte = 0;
  return ::read(STDIN_FILENO, &byte, 1) > 0;
}

void Say(const std::string& line) {
  std::printf("%s\n", line.c_str());
  std::fflush(stdout);
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 2 || argc > 4) {
    std::fprintf(stderr, "usage: pinhole_i2cdev_demo PATH [auto|cuse|file] [TICK_MS]\n");
    return 2;
  }
  pinhole::outside::i2cdev::I2cdevOptions options;
  options.path = argv[1];
  options.how = argc > 2 ? argv[2] : "auto";
  const int tick_ms = argc > 3 ? std::atoi(argv[3]) : 100;
  pinhole::base::Diagnosis why;
  const auto outlet = OpenI2cdev(
      options, [](std::string_view sentence) { Say("notice: " + std::string(sentence)); }, why);
  if (!outlet) {
    std::fprintf(stderr, "%s\n", std::string(why.text()).c_str());
    return 1;
  }
  unsigned tick = 0;
  (*outlet)->Publish(Face(tick));
  Say("serving " + options.path);
  while (GoesOn(tick_ms)) {
    (*outlet)->Publish(Face(++tick));
  }
  return 0;
}
