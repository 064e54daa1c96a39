// SPDX-License-Identifier: Apache-2.0
#pragma once

// multipart/form-data (RFC 7578), as it comes: bytes in pieces of any length -> parts, handed on at
// once.
//
// Bounded: a part's head, a boundary and their number have limits, and nothing of a part's content
// is kept. Strict where leniency would let two readers see two forms: a boundary ends with a line
// end or "--", lines end with CRLF, each part has one Content-Disposition with one name. How the
// bytes were cut into pieces changes nothing.

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace pinhole::speech::service {

// The boundary that a Content-Type names: nothing where it is not multipart/form-data, empty where
// it names none, or one that is too long or holds what a boundary may not.
std::optional<std::string> MultipartBoundary(std::string_view content_type);

class MultipartReader {
 public:
  static constexpr std::size_t kMaxHead = 4096;
  static constexpr std::size_t kMaxBoundary = 70;
  static constexpr int kMaxParts = 64;

  struct Part {
    std::string name;
    std::string file_name;  // the last component; empty where none is given
    bool is_file = false;   // has a file name
  };

  // Who takes the parts. Each function may answer false: it will have no more.
  class Sink {
   public:
    virtual ~Sink() = default;
    virtual bool BeginPart(const Part& part) = 0;
    virtual bool Data(std::string_view bytes) = 0;
    virtual bool EndPart() = 0;
  };

  enum class State : std::uint8_t {
    kMore,     // the last boundary has not come
    kDone,     // it has: what follows is passed over
    kRefused,  // failure() says why; empty where the sink wanted no more
  };

  // `sink` must outlive the reader.
  MultipartReader(std::string_view boundary, Sink& sink);

  State Feed(std::string_view bytes);
  [[nodiscard]] State state() const { return state_; }
  // A sentence's middle: "a part has no name".
  [[nodiscard]] std::string_view failure() const { return failure_; }

 private:
  enum class Place : std::uint8_t { kPreamble, kBehindBoundary, kHead, kData };

  // One step with what is held; false where more bytes are needed or the end is reached.
  bool Step();
  bool PassContent();
  bool PassBoundaryEnd();
  bool PassHead();
  bool Refuse(std::string_view failure);

  std::string delimiter_;  // CRLF, "--", boundary
  Sink& sink_;
  std::string held_;
  Place place_ = Place::kPreamble;
  State state_ = State::kMore;
  int parts_ = 0;
  std::string_view failure_;
};

// What a part's head says, or nothing where it breaks the rules; `failure` then says which.
std::optional<MultipartReader::Part> ReadPartHead(std::string_view head, std::string_view& failure);

}  // namespace pinhole::speech::service
