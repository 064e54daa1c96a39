// SPDX-License-Identifier: Apache-2.0
#pragma once

// What a Wyoming client says -> what it is answered, without sockets.
//
//   describe                                 -> info
//   ping                                     -> pong
//   transcribe, audio-start, audio-chunk..., audio-stop
//                                            -> sound to be heard, then transcript
//   what can't be done                       -> error, and the connection ends
//   anything else                            -> nothing
//
// Sound becomes a WAV file in memory, of whatever rate, width and channels the client says; turning
// it into what the model hears is the decoder's work, as for any other file. One utterance at a
// time; its bytes are bounded.

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "speech/service/job_queue.h"
#include "speech/service/recognizer.h"
#include "speech/service/upload.h"
#include "speech/service/wyoming_event.h"
#include "speech/transcribe/transcriber.h"

namespace pinhole::speech::service {

class WyomingSession {
 public:
  struct Step {
    std::string out = {};              // bytes to send
    bool close = false;                // and then the connection ends
    std::optional<Upload> sound = {};  // to be heard with options()
  };

  WyomingSession(const ModelInfo& model, const TranscribeOptions& defaults,
                 std::shared_ptr<MemoryBudget> budget, std::uint64_t most_bytes);

  Step Take(const WyomingEvent& event);
  // Of the sound that Take gave last.
  Step Heard(const JobResult& result);
  // Of it, too: no worker is to be had.
  Step TurnedAway();
  // An error event, the last.
  static Step Fail(std::string_view code, std::string_view sentence);

  [[nodiscard]] const TranscribeOptions& options() const { return options_; }

 private:
  struct PcmFormat {
    std::int64_t rate = 0, width = 0, channels = 0;
    bool operator==(const PcmFormat&) const = default;
  };
  enum class Phase : std::uint8_t { kQuiet, kSound, kWaiting };

  Step Transcribe(const WyomingEvent& event);
  Step Begin(const WyomingEvent& event);
  Step Chunk(const WyomingEvent& event);
  Step Stop();

  const ModelInfo& model_;
  const TranscribeOptions& defaults_;
  std::shared_ptr<MemoryBudget> budget_;
  std::uint64_t most_bytes_;
  Phase phase_ = Phase::kQuiet;
  TranscribeOptions options_;
  PcmFormat format_;
  Upload sound_;
};

// The data of `info`.
std::string WyomingInfo(const ModelInfo& model);

// The 44 bytes before `bytes` bytes of PCM in a WAV file.
std::string WavHeader(std::uint32_t rate, std::uint16_t width, std::uint16_t channels,
                      std::uint32_t bytes);

}  // namespace pinhole::speech::service
