// SPDX-License-Identifier: Apache-2.0
// pinhole-inside: see inside_process.h. Started by `pinhole run` and by the service, not by hand.

#include <cstdio>
#include <exception>

#include "inside/process/inside_process.h"
#include "system/failure.h"

int main(int argc, char** argv) {
  namespace process = pinhole::inside::process;
  try {
    return process::RunInside(process::ParseInside(argc, argv));
  } catch (const pinhole::system::WrongUsage& wrong) {
    std::fprintf(stderr, "pinhole: pinhole-inside: %s; it is started by 'pinhole run person'\n",
                 wrong.what());
    return 2;
  } catch (const std::exception& failure) {
    std::fprintf(stderr, "pinhole: %s\n", failure.what());
    return 1;
  }
}
