// SPDX-License-Identifier: Apache-2.0
#pragma once

// Wyoming's frames: bytes in pieces of any length -> events, and events -> bytes.
//
// An event is a line of JSON, {"type": "audio-chunk", "data": {...}, "data_length": 57,
// "payload_length": 2048}, then data_length bytes of JSON whose members go over those of `data`,
// then payload_length bytes of sound. Bounded: line, data and payload have limits that are checked
// before anything is kept.
//
// Source: github.com/OHF-Voice/wyoming, README.md.

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace pinhole::speech::service {

// What this service reads of an event; null and what is missing are nothing.
struct WyomingEvent {
  std::string type;
  std::optional<std::string> name = {}, language = {}, text = {};
  std::optional<std::int64_t> rate = {}, width = {}, channels = {};
  std::string payload = {};
};

class WyomingReader {
 public:
  static constexpr std::size_t kMaxLine = 8192;
  static constexpr std::size_t kMaxData = 65536;
  static constexpr std::size_t kMaxPayload = std::size_t{1} << 20U;

  enum class State : std::uint8_t {
    kMore,
    kEvent,    // event() has come whole; Feed again with what is left
    kRefused,  // failure() says why; there is no way to find the next event
  };

  // Takes what belongs to one event off the front of `bytes`.
  State Feed(std::string_view& bytes);
  [[nodiscard]] WyomingEvent& event() { return event_; }
  // A whole sentence.
  [[nodiscard]] const std::string& failure() const { return failure_; }

 private:
  enum class Place : std::uint8_t { kLine, kData, kPayload };

  State Refuse(std::string failure);
  bool TakeLine();
  bool TakeData();

  Place place_ = Place::kLine;
  bool refused_ = false;
  std::string held_;
  std::size_t data_left_ = 0, payload_left_ = 0;
  WyomingEvent event_;
  std::string failure_;
};

// `data` is a JSON object.
std::string WyomingBytes(std::string_view type, std::string_view data);

}  // namespace pinhole::speech::service
