// SPDX-License-Identifier: Apache-2.0
// A service that hears what it is told: the file's text, as if it had been said.
//
//   pinhole_speech_demo [--port N] [--token T] [--wyoming-port N] [--english] [--upload-limit N]
//                       [--waiting N]
//
// Each line of a file is a segment of a second, each word of it a word. A file that begins with
// "fail" is no sound file; one that begins with "wait" is heard until its client leaves. Prints the
// two addresses, then serves until standard input ends.

#include <unistd.h>

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include "speech/service/fake_recognizer.h"
#include "speech/service/service.h"

namespace {

using namespace pinhole;                   // NOLINT(google-build-using-namespace): its own program
using namespace pinhole::speech::service;  // NOLINT(google-build-using-namespace)

bool Read(int argc, char** argv, ServiceOptions& options) {
  for (int i = 1; i < argc; ++i) {
    const std::string_view name = argv[i];
    if (name == "--english") {
      options.model.is_multilingual = false;
      continue;
    }
    if (++i == argc) {
      return false;
    }
    if (name == "--port") {
      options.port = static_cast<std::uint16_t>(std::atoi(argv[i]));
    } else if (name == "--wyoming-port") {
      options.wyoming_port = static_cast<std::uint16_t>(std::atoi(argv[i]));
    } else if (name == "--token") {
      options.token = argv[i];
    } else if (name == "--upload-limit") {
      options.upload_limit = static_cast<std::uint64_t>(std::atoll(argv[i]));
    } else if (name == "--waiting") {
      options.queue.most_waiting = static_cast<std::size_t>(std::atoll(argv[i]));
    } else {
      return false;
    }
  }
  return true;
}

}  // namespace

int main(int argc, char** argv) {
  ServiceOptions options;
  options.port = options.wyoming_port = 0;
  options.model = FakeModel();
  if (!Read(argc, argv, options)) {
    std::fprintf(stderr,
                 "usage: pinhole_speech_demo [--port N] [--token T] [--wyoming-port N] "
                 "[--english] [--upload-limit N] [--waiting N]\n");
    return 2;
  }
  const auto say = [](std::string_view sentence) {
    std::fprintf(stderr, "%.*s\n", static_cast<int>(sentence.size()), sentence.data());
  };
  std::vector<std::unique_ptr<Recognizer>> recognizers;
  recognizers.push_back(std::make_unique<FakeRecognizer>());
  base::Diagnosis why;
  const auto service = OpenService(options, std::move(recognizers), say, why);
  if (!service) {
    say(why.text());
    return 1;
  }
  std::printf("%s\n%s\n", (*service)->http_address().c_str(),
              (*service)->wyoming_address().c_str());
  std::fflush(stdout);
  char byte = 0;
  while (read(STDIN_FILENO, &byte, 1) > 0) {
  }
  return 0;
}
