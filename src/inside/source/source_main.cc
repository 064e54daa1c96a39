// SPDX-License-Identifier: Apache-2.0
// pinhole-source: see source_program.h. Started by `pinhole run` and by the service, not by hand.

#include <cstdio>
#include <exception>

#include "inside/source/source_program.h"
#include "system/failure.h"

int main(int argc, char** argv) {
  namespace source = pinhole::inside::source;
  try {
    return source::RunSource(source::ParseSource(argc, argv));
  } catch (const pinhole::system::WrongUsage& wrong) {
    std::fprintf(stderr, "pinhole: pinhole-source: %s; it is started by 'pinhole run person'\n",
                 wrong.what());
    return 2;
  } catch (const std::exception& failure) {
    std::fprintf(stderr, "pinhole: %s\n", failure.what());
    return 1;
  }
}
