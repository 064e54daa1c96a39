// SPDX-License-Identifier: Apache-2.0
// For tests only: a worker whose hearing is a file's text in capitals.
//
//   pinhole_queue_worker SERVERS NAME FOLDER ACK_WAIT_MS MAX_TRIES
//
// FOLDER/ID.begun gets a letter each time a job is begun. A text that begins with "hang" is never
// finished by the first worker that hears it, which writes its process id to FOLDER/hanging; one
// that begins with "crash" ends every worker.

#include <unistd.h>

#include <atomic>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <exception>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <thread>

#include "speech/queue/queue.h"

namespace {

using pinhole::speech::queue::Heard;
using pinhole::speech::queue::HeardAs;
using pinhole::speech::queue::Job;

Heard Hear(const std::string& folder, const Job& job) {
  std::ofstream(folder + "/" + job.id + ".begun", std::ios::app) << 'x';
  std::ifstream file(job.path, std::ios::binary);
  if (!file) {
    return {.as = HeardAs::kTryAgain, .text = "there is no file " + job.path};
  }
  std::string text(std::istreambuf_iterator<char>(file), {});
  if (text.starts_with("crash")) {
    std::_Exit(3);
  }
  const std::string mark = folder + "/hanging";
  if (text.starts_with("hang") && !std::filesystem::exists(mark)) {
    std::ofstream(mark + ".new") << ::getpid();
    std::filesystem::rename(mark + ".new", mark);
    for (;;) {
      ::pause();
    }
  }
  for (char& c : text) {
    c = c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
  }
  return {.as = HeardAs::kText, .text = text};
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 6) {
    std::fputs("usage: pinhole_queue_worker SERVERS NAME FOLDER ACK_WAIT_MS MAX_TRIES\n", stderr);
    return 2;
  }
  try {
    const std::string folder = argv[3];
    pinhole::speech::queue::Queue queue({.servers = argv[1],
                                         .name = argv[2],
                                         .replicas = 3,
                                         .ack_wait = std::chrono::milliseconds(std::stoi(argv[4])),
                                         .max_tries = std::stoi(argv[5])});
    const std::atomic<bool> never = false;
    queue.RunWorker([&](const Job& job, const auto&) { return Hear(folder, job); }, never);
  } catch (const std::exception& failure) {
    std::fprintf(stderr, "%s\n", failure.what());
    return 1;
  }
  return 0;
}
