// SPDX-License-Identifier: Apache-2.0
#include "host/replay.h"

#include <signal.h>
#include <unistd.h>

#include <array>
#include <cerrno>

#include "facts/person_codec.h"
#include "host/names.h"

namespace pinhole::host {

namespace {

using Record = std::array<std::byte, facts::kPersonFactsBytes>;

// False at the end.
bool ReadRecord(int fd, Record& record) {
  ssize_t n = 0;
  do {
    n = ::read(fd, record.data(), record.size());
  } while (n < 0 && errno == EINTR);
  return n == static_cast<ssize_t>(record.size());
}

}  // namespace

int Replay(const InsideNeeds& needs, std::size_t frames,
           const std::function<void(const facts::PersonFacts&)>& seen) {
  InsideNeeds in_step = needs;
  in_step.lock_step = true;
  system::PipeEnds facts = system::MakePipe();
  InsideParts parts = StartInside(in_step, facts.writing.get(), "");
  facts.writing.Close();
  ::signal(SIGPIPE, SIG_IGN);  // a source that is at its end takes no more steps
  Record record{};
  for (std::size_t frame = 0; frame < frames; ++frame) {
    constexpr char kNext = 'n';
    static_cast<void>(!::write(parts.step.get(), &kNext, 1));
    if (!ReadRecord(facts.reading.get(), record)) {
      break;
    }
    const base::Result<facts::PersonFacts> decoded = facts::DecodePerson(record);
    if (!decoded) {
      throw Failure(
          "the inside wrote a record that no sound sensor writes; it is taken for "
          "compromised, and nothing of it is used");
    }
    seen(*decoded);
  }
  parts.step.Close();
  const system::Ending inside = parts.inside.Wait();
  if (inside.signal != 0) {
    throw Failure("the sensor ended before its film (" + inside.Text() + ")");
  }
  return inside.exit_code == 0 ? 0 : 1;
}

}  // namespace pinhole::host
