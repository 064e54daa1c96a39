// SPDX-License-Identifier: Apache-2.0
#include "outside/http/request_reader.h"

#include <algorithm>
#include <utility>

// Beast 1.74 uses std::exchange without including <utility>: it stands above.
#include <boost/asio/buffer.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/string_body.hpp>

namespace pinhole::outside::http {

namespace beast = boost::beast::http;

struct RequestReader::Parser {
  Parser() {
    beast.eager(true);
    beast.header_limit(static_cast<std::uint32_t>(kMaxHead));
    beast.body_limit(kMaxBody);
  }
  beast::request_parser<beast::string_body> beast;
};

namespace {

bool IsTokenCharacter(char c) {
  return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') ||
         std::string_view("!#$%&'*+-.^_`|~").find(c) != std::string_view::npos;
}

bool IsToken(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), IsTokenCharacter);
}

// What is wrong with the request's first line, without its end; empty where nothing is.
std::string_view WrongRequestLine(std::string_view line) {
  const std::size_t first = line.find(' ');
  const std::size_t last = line.rfind(' ');
  if (first == std::string_view::npos || first == last || !IsToken(line.substr(0, first))) {
    return "the first line has to be a method, a path and HTTP/1.1, with one space between them";
  }
  if (line.substr(last + 1) != "HTTP/1.1") {
    return "the version has to be HTTP/1.1";
  }
  const std::string_view target = line.substr(first + 1, last - first - 1);
  if (target.empty() || target[0] != '/') {
    return "the target has to be a path that begins with /";
  }
  const bool visible = std::all_of(target.begin(), target.end(),
                                   [](char c) { return c > ' ' && c <= '~' && c != '#'; });
  return visible ? "" : "the target holds a character that no path may hold";
}

std::string_view WrongField(std::string_view line) {
  if (line[0] == ' ' || line[0] == '\t') {
    return "header lines must not be folded";
  }
  const std::size_t colon = line.find(':');
  if (colon == std::string_view::npos || !IsToken(line.substr(0, colon))) {
    return "a header line has to be a name, a colon and a value, with no space before the colon";
  }
  return "";
}

// `head` ends in an empty line; every line in it ends in CR LF.
std::string_view WrongHead(std::string_view head) {
  std::size_t fields = 0;
  for (std::size_t begin = 0;;) {
    const std::size_t end = head.find("\r\n", begin);
    const std::string_view line = head.substr(begin, end - begin);
    if (line.empty() && begin > 0) {
      return "";
    }
    if (const std::string_view wrong = begin == 0 ? WrongRequestLine(line) : WrongField(line);
        !wrong.empty()) {
      return wrong;
    }
    if (begin > 0 && ++fields > kMaxFields) {
      return "there are more than 64 header lines";
    }
    begin = end + 2;
  }
}

// Whether `bytes[at]` may stand in a head; at its very end a CR still waits for its LF.
bool MayStand(std::string_view bytes, std::size_t at) {
  const char c = bytes[at];
  if (c == '\r') {
    return at + 1 == bytes.size() || bytes[at + 1] == '\n';
  }
  if (c == '\n') {
    return at > 0 && bytes[at - 1] == '\r';
  }
  return (c >= ' ' && c != 0x7f) || c == '\t' || static_cast<unsigned char>(c) >= 0x80;
}

std::string Value(const beast::request<beast::string_body>& message, boost::string_view name) {
  const auto found = message.find(name);
  return found == message.end() ? std::string() : std::string(found->value());
}

// What is wrong with the fields that say where the request ends and whom it is for.
std::string_view WrongFraming(const beast::request<beast::string_body>& message) {
  if (message.count(beast::field::host) != 1) {
    return "there has to be one Host line";
  }
  const std::size_t codings = message.count(beast::field::transfer_encoding);
  const std::size_t lengths = message.count(beast::field::content_length);
  if (lengths > 1 || codings > 1 || (lengths != 0 && codings != 0)) {
    return "there has to be one Content-Length or one Transfer-Encoding, not more";
  }
  if (codings != 0 && Value(message, "Transfer-Encoding") != "chunked") {
    return "the only Transfer-Encoding taken is chunked";
  }
  const std::string length = Value(message, "Content-Length");
  if (lengths != 0 && (length.empty() || length.find_first_not_of("0123456789") != length.npos)) {
    return "Content-Length has to be one number";  // Beast takes "1, 1"
  }
  const bool has_body = codings != 0 || (lengths != 0 && length != "0");
  return has_body && message.method() != beast::verb::post ? "only POST may have a body" : "";
}

Request Copy(const beast::request<beast::string_body>& message) {
  Request request;
  request.method = std::string(message.method_string());
  const std::string target(message.target());
  const std::size_t question = target.find('?');
  request.path = target.substr(0, question);
  request.query = question == std::string::npos ? "" : target.substr(question + 1);
  request.host = Value(message, "Host");
  request.authorization = Value(message, "Authorization");
  request.cookie = Value(message, "Cookie");
  request.content_type = Value(message, "Content-Type");
  request.accept = Value(message, "Accept");
  request.fetch_site = Value(message, "Sec-Fetch-Site");
  request.fetch_mode = Value(message, "Sec-Fetch-Mode");
  request.keep_alive = message.keep_alive();
  return request;
}

}  // namespace

RequestReader::RequestReader() = default;
RequestReader::~RequestReader() = default;

RequestReader::State RequestReader::Feed(std::string_view bytes) {
  if (state_ == State::kRefused || bytes.empty()) {
    return state_;
  }
  if (state_ == State::kRequest) {
    return Refuse(400, "a request came before the one before was answered: one at a time, please");
  }
  raw_ += bytes;
  if (head_size_ == 0) {
    state_ = ReadHead();
    if (state_ != State::kMore || head_size_ == 0) {
      return state_;
    }
  }
  return state_ = ReadBody();
}

void RequestReader::Next() {
  state_ = State::kMore;
  raw_.clear();
  looked_at_ = parsed_ = head_size_ = 0;
  parser_.reset();
  request_ = {};
}

RequestReader::State RequestReader::ReadHead() {
  // Up to the empty line and no further: what follows is the body's.
  for (; looked_at_ < raw_.size(); ++looked_at_) {
    if (looked_at_ >= kMaxHead) {
      return Refuse(431, "the request's head is longer than 8192 bytes");
    }
    if (!MayStand(raw_, looked_at_)) {
      return Refuse(400, "this is no HTTP/1.1 request: its head holds a stray control character");
    }
    if (raw_[looked_at_] == '\r' && looked_at_ + 1 == raw_.size()) {
      return State::kMore;  // its LF is looked at together with it
    }
    const std::string_view so_far(raw_.data(), looked_at_ + 1);
    if (so_far.ends_with("\r\n\r\n")) {
      head_size_ = so_far.size();
      break;
    }
  }
  if (head_size_ == 0) {
    return State::kMore;
  }
  const std::string_view head(raw_.data(), head_size_);
  if (const std::string_view wrong = WrongHead(head); !wrong.empty()) {
    return Refuse(400, wrong);
  }
  parser_ = std::make_unique<Parser>();
  boost::system::error_code error;
  parsed_ = parser_->beast.put(boost::asio::buffer(head.data(), head.size()), error);
  if (error == beast::error::body_limit) {
    return Refuse(413, "the request's body is longer than 4096 bytes");
  }
  if ((error && error != beast::error::need_more) || !parser_->beast.is_header_done()) {
    return Refuse(400, "this is no HTTP/1.1 request that can be read in one way only");
  }
  if (const std::string_view wrong = WrongFraming(parser_->beast.get()); !wrong.empty()) {
    return Refuse(400, wrong);
  }
  if (parser_->beast.get().count(beast::field::expect) != 0) {
    return Refuse(417, "Expect is not supported: send the body at once");
  }
  request_ = Copy(parser_->beast.get());  // now: trailers behind the body must not change it
  return State::kMore;
}

RequestReader::State RequestReader::ReadBody() {
  auto& parser = parser_->beast;
  const std::size_t limit = std::min(raw_.size(), head_size_ + kMaxRawBody);
  while (!parser.is_done() && parsed_ < limit) {
    boost::system::error_code error;
    const std::size_t taken =
        parser.put(boost::asio::buffer(raw_.data() + parsed_, limit - parsed_), error);
    parsed_ += taken;
    if (error == beast::error::body_limit) {
      return Refuse(413, "the request's body is longer than 4096 bytes");
    }
    if (error && error != beast::error::need_more) {
      return Refuse(400, "the request's body breaks the rules of HTTP/1.1");
    }
    if (taken == 0) {
      break;
    }
  }
  if (!parser.is_done()) {
    return raw_.size() > limit ? Refuse(413, "the request's body is longer than 4096 bytes")
                               : State::kMore;
  }
  if (parsed_ < raw_.size()) {
    return Refuse(400, "a request came before the one before was answered: one at a time, please");
  }
  request_.body = std::move(parser.get().body());
  return State::kRequest;
}

RequestReader::State RequestReader::Refuse(unsigned status, std::string_view sentence) {
  refusal_ = ErrorReply(status, sentence);
  refusal_.close = true;
  return state_ = State::kRefused;
}

}  // namespace pinhole::outside::http
