// SPDX-License-Identifier: Apache-2.0
// pinhole-outside: see outside_process.h. Started by `pinhole run` and by the service, not by hand.

#include <cstdio>
#include <exception>

#include "outside/process/outside_process.h"
#include "system/failure.h"

int main(int argc, char** argv) {
  namespace process = pinhole::outside::process;
  try {
    return process::RunOutside(process::ParseOutside(argc, argv));
  } catch (const pinhole::system::WrongUsage& wrong) {
    std::fprintf(stderr, "pinhole: pinhole-outside: %s; it is started by 'pinhole run person'\n",
                 wrong.what());
    return 2;
  } catch (const std::exception& failure) {
    std::fprintf(stderr, "pinhole: %s\n", failure.what());
    return 1;
  }
}
