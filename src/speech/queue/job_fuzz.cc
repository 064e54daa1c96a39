// SPDX-License-Identifier: Apache-2.0
// Any bytes at all as a job and as a result: refused with a sentence, or read into something that,
// written, reads back the same.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "speech/queue/job.h"

namespace {

void Check(bool held) {
  if (!held) {
    std::abort();
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace pinhole::speech::queue;  // NOLINT(google-build-using-namespace): a program
  const std::string_view message(reinterpret_cast<const char*>(data), size);
  pinhole::base::Diagnosis why;
  const auto job = ReadJob(message, why);
  Check(job.has_value() || !why.empty());
  if (job) {
    Check(IsId(job->id) && job->path.empty() != job->sound.empty());
    // A path may need more bytes written than it was read from.
    if (const auto written = WriteJob(*job, why); written) {
      const auto again = ReadJob(*written, why);
      Check(again && again->id == job->id && again->path == job->path &&
            again->sound == job->sound && again->language == job->language &&
            again->format == job->format && again->word_times == job->word_times);
    }
  }
  why.Clear();
  const auto result = ReadResult(message, why);
  Check(result.has_value() || !why.empty());
  if (result) {
    const auto again = ReadResult(WriteResult(*result), why);
    Check(again && again->id == result->id && again->tries == result->tries);
  }
  return 0;
}
