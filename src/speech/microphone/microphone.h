// SPDX-License-Identifier: Apache-2.0
#pragma once

// A microphone as a stream of 16 kHz mono floats in [-1, 1], from PipeWire, PulseAudio or ALSA
// through GStreamer.
//
//   PINHOLE_ASSIGN(const auto microphone, Microphone::Open({.device = "USB Audio"}, why));
//   while (!microphone->ended()) {
//     PINHOLE_ASSIGN(const std::size_t count, microphone->Read(samples, 500, why));
//     ...                                       // samples.first(count); 0: nothing in half a
//     second
//   }
//
//   device              what is opened
//   (empty)             what the system has for such programs
//   a name or an id     of ListMicrophones()
//   alsa:NAME           ALSA's device, "alsa:hw:1,0"
//   pulse:NAME          PulseAudio's source
//   pipewire:NODE       PipeWire's node
//   gst:PIPELINE        anything that GStreamer can, ending in raw sound; the owner's own words
//
// Sound is taken by a thread of GStreamer's into memory for buffer_ms; where nobody reads it in
// time the oldest is dropped and counted. Memory: that, and GStreamer's. What was heard is wiped
// when it has been read, and when the object goes. One thread reads; Stop may come from any, and
// from a signal's handler.

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "base/diagnosis.h"
#include "base/result.h"

namespace pinhole::speech {

struct MicrophoneOptions {
  std::string device = {};
  int buffer_ms = 5000;  // at least 100
};

struct MicrophoneDevice {
  std::string name;  // "Built-in Audio Analogue Stereo"
  std::string id;    // what the sound system calls it; may be empty
  std::string api;   // "alsa", "pulse", "pipewire", ...
  bool is_default = false;

  friend bool operator==(const MicrophoneDevice&, const MicrophoneDevice&) = default;
};

// What there is now; may be nothing. Error: kUnsupported (GStreamer does not start).
base::Result<std::vector<MicrophoneDevice>> ListMicrophones(base::Diagnosis& why);

class Microphone {
 public:
  // Returns once sound can come. Errors: kNotFound (no such device, or none at all), kUnsupported
  // (a part of GStreamer is missing; the sentence names its package), kIo, kInvalidArgument (a
  // pipeline that can't be).
  static base::Result<std::unique_ptr<Microphone>> Open(const MicrophoneOptions& options,
                                                        base::Diagnosis& why);

  Microphone(const Microphone&) = delete;
  Microphone& operator=(const Microphone&) = delete;
  ~Microphone();

  // As many samples as `to` holds; fewer where they did not come within `timeout_ms`, and at the
  // end. Error: kIo (the device was taken away), after what came before it was read.
  base::Result<std::size_t> Read(std::span<float> to, int timeout_ms, base::Diagnosis& why);

  // There will be no more: stopped, or the pipeline has ended; and all was read.
  [[nodiscard]] bool ended() const;
  // Read returns within a twentieth of a second, with what there is, and ended() holds.
  void Stop();

  // Samples that nobody read in time, or that the device lost.
  [[nodiscard]] std::int64_t lost() const;

 private:
  class Stream;
  explicit Microphone(std::unique_ptr<Stream> stream);
  std::unique_ptr<Stream> stream_;
};

}  // namespace pinhole::speech
