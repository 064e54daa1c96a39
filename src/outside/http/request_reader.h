// SPDX-License-Identifier: Apache-2.0
#pragma once

// Bytes from a client → one request, or the reply that refuses it. No sockets, no clock: how the
// bytes were cut into pieces makes no difference.
//
//   RequestReader reader;
//   switch (reader.Feed(bytes)) {            // until it is no longer kMore
//     case State::kRequest: Answer(reader.request()); reader.Next(); break;
//     case State::kRefused: Send(reader.refusal()); close; break;
//
// Two readers look at every head: this file's own, strict and line by line, and Boost.Beast's
// parser. What either refuses is refused, so that nothing is left that a proxy in front could read
// in another way: bare line feeds, folded lines, space before a colon, two Hosts, a length together
// with chunks, two lengths, other versions than HTTP/1.1, a target that is no path, a body that
// nobody asked for, and bytes behind a request before it was answered.
//
// Memory: at most kMaxHead + kMaxRawBody bytes, and the request's copy of them.

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>

#include "outside/http/message.h"

namespace pinhole::outside::http {

inline constexpr std::size_t kMaxHead = 8192;
inline constexpr std::size_t kMaxBody = 4096;
inline constexpr std::size_t kMaxRawBody = 8192;  // with the frames of its chunks
inline constexpr std::size_t kMaxFields = 64;

class RequestReader {
 public:
  enum class State { kMore, kRequest, kRefused };

  RequestReader();
  ~RequestReader();
  RequestReader(const RequestReader&) = delete;
  RequestReader& operator=(const RequestReader&) = delete;

  // The next bytes. After kRefused nothing changes any more; after kRequest any byte refuses.
  State Feed(std::string_view bytes);

  // Valid after kRequest, until Next.
  [[nodiscard]] const Request& request() const { return request_; }
  // Valid after kRefused; closes the connection.
  [[nodiscard]] const Reply& refusal() const { return refusal_; }
  // Whether some of a request was taken that is not whole yet.
  [[nodiscard]] bool begun() const { return state_ == State::kMore && !raw_.empty(); }

  // Makes ready for the next request on the connection.
  void Next();

 private:
  struct Parser;

  State ReadHead();
  State ReadBody();
  State Refuse(unsigned status, std::string_view sentence);

  State state_ = State::kMore;
  std::string raw_;                 // of the request, as it came
  std::size_t looked_at_ = 0;       // of raw_, for line ends
  std::size_t parsed_ = 0;          // of raw_, by Beast
  std::size_t head_size_ = 0;       // 0: the head is not whole yet
  std::unique_ptr<Parser> parser_;  // from the head on
  Request request_;
  Reply refusal_;
};

}  // namespace pinhole::outside::http
