// SPDX-License-Identifier: Apache-2.0
#include "speech/weights/json_pull.h"

#include <charconv>

#include "speech/text/utf8.h"

namespace pinhole::speech {
namespace {

bool IsBlank(char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r'; }
bool IsDigit(char c) { return c >= '0' && c <= '9'; }

constexpr bool IsHighSurrogate(std::uint32_t code) { return code >= 0xD800 && code < 0xDC00; }
constexpr bool IsLowSurrogate(std::uint32_t code) { return code >= 0xDC00 && code < 0xE000; }

}  // namespace

bool JsonPull::Fail(const char* failure) {
  if (failure_ == nullptr) {
    failure_ = failure;
  }
  return false;
}

char JsonPull::Peek() {
  while (at_ < text_.size() && IsBlank(text_[at_])) {
    ++at_;
  }
  return failed() || at_ == text_.size() ? '\0' : text_[at_];
}

bool JsonPull::Expect(char c, const char* failure) {
  if (Peek() != c) {
    return Fail(failure);
  }
  ++at_;
  return true;
}

bool JsonPull::Begin(char bracket) {
  if (depth_ == kMaxDepth) {
    return Fail("it is nested too deeply");
  }
  if (!Expect(bracket, bracket == '{' ? "an object is expected" : "an array is expected")) {
    return false;
  }
  ++depth_;
  is_first_ = true;
  return true;
}

bool JsonPull::Next(char bracket) {
  const char next = Peek();
  if (failed()) {
    return false;
  }
  if (next == bracket) {
    ++at_;
    --depth_;
    is_first_ = false;  // of what it lay in, which has it now
    return false;
  }
  if (!is_first_ && !Expect(',', "a comma or the end of an object or array is expected")) {
    return false;
  }
  is_first_ = false;
  return Peek() != '\0' || Fail("the text ends too early");
}

bool JsonPull::NextMember(std::string& key) {
  return Next('}') && ReadString(key) && Expect(':', "a colon is expected");
}

bool JsonPull::ReadHex4(std::uint32_t& to) {
  if (text_.size() - at_ < 4) {
    return Fail("the text ends too early");
  }
  const char* const begin = text_.data() + at_;
  const auto [end, error] = std::from_chars(begin, begin + 4, to, 16);
  if (error != std::errc() || end != begin + 4) {
    return Fail("four hexadecimal digits are expected");
  }
  at_ += 4;
  return true;
}

bool JsonPull::ReadEscape(std::string& to) {
  constexpr std::string_view kNames = "\"\\/bfnrt", kValues = "\"\\/\b\f\n\r\t";
  if (at_ == text_.size()) {
    return Fail("the text ends too early");
  }
  const char name = text_[at_++];
  if (const std::size_t found = kNames.find(name); found != std::string_view::npos) {
    to.push_back(kValues[found]);
    return true;
  }
  std::uint32_t code = 0;
  if (name != 'u' || !ReadHex4(code)) {
    return Fail("this escape is none");
  }
  if (IsHighSurrogate(code)) {
    std::uint32_t low = 0;
    if (text_.substr(at_, 2) != "\\u") {
      return Fail("half of a surrogate pair");
    }
    at_ += 2;
    if (!ReadHex4(low)) {
      return false;
    }
    if (!IsLowSurrogate(low)) {
      return Fail("half of a surrogate pair");
    }
    code = 0x10000 + ((code - 0xD800) << 10U) + (low - 0xDC00);
  } else if (IsLowSurrogate(code)) {
    return Fail("half of a surrogate pair");
  }
  AppendUtf8(code, to);
  return true;
}

bool JsonPull::CopyUtf8(std::string& to) {
  const Utf8Character next = FirstUtf8(text_.substr(at_, 4));
  if (next.length == 0) {
    return Fail("a string is not UTF-8");
  }
  if (next.code < 0x20) {
    return Fail("a control character stands in a string");
  }
  to.append(text_.substr(at_, next.length));
  at_ += next.length;
  return true;
}

bool JsonPull::ReadString(std::string& to) {
  to.clear();
  if (!Expect('"', "a string is expected")) {
    return false;
  }
  while (at_ < text_.size()) {
    if (text_[at_] == '"') {
      ++at_;
      return true;
    }
    if (text_[at_] == '\\') {
      ++at_;
      if (!ReadEscape(to)) {
        return false;
      }
    } else if (!CopyUtf8(to)) {
      return false;
    }
  }
  return Fail("the text ends too early");
}

bool JsonPull::SkipNumber() {
  const auto digits = [this] {
    const std::size_t begin = at_;
    while (at_ < text_.size() && IsDigit(text_[at_])) {
      ++at_;
    }
    return at_ - begin;
  };
  const auto take = [this](std::string_view any_of) {
    const bool is_there = at_ < text_.size() && any_of.find(text_[at_]) != std::string_view::npos;
    at_ += is_there ? 1 : 0;
    return is_there;
  };
  take("-");
  const std::size_t begin = at_;
  const std::size_t whole = digits();
  if (whole == 0 || (whole > 1 && text_[begin] == '0')) {
    return Fail("a number is expected");
  }
  if (take(".") && digits() == 0) {
    return Fail("a digit is expected");
  }
  if (take("eE")) {
    take("+-");
    if (digits() == 0) {
      return Fail("a digit is expected");
    }
  }
  return true;
}

bool JsonPull::ReadInteger(std::int64_t& to) {
  Peek();
  const std::size_t begin = at_;
  if (failed() || !SkipNumber()) {
    return Fail("an integer is expected");
  }
  const char* const last = text_.data() + at_;
  const auto [end, error] = std::from_chars(text_.data() + begin, last, to);
  return (error == std::errc() && end == last) || Fail("an integer is expected");
}

bool JsonPull::SkipWord(std::string_view word) {
  if (text_.substr(at_, word.size()) != word) {
    return Fail("a value is expected");
  }
  at_ += word.size();
  return true;
}

bool JsonPull::Skip() {
  std::string text;
  switch (Peek()) {
    case '{':
      for (BeginObject(); NextMember(text) && Skip();) {
      }
      return !failed();
    case '[':
      for (BeginArray(); NextItem() && Skip();) {
      }
      return !failed();
    case '"': return ReadString(text);
    case 't': return SkipWord("true");
    case 'f': return SkipWord("false");
    case 'n': return SkipWord("null");
    default: return !failed() && SkipNumber();
  }
}

bool JsonPull::Finish() {
  Peek();
  if (!failed() && at_ != text_.size()) {
    return Fail("text follows behind the end");
  }
  return !failed();
}

}  // namespace pinhole::speech
