// SPDX-License-Identifier: Apache-2.0
#pragma once

// JSON read by pulling: the caller asks for what must come next, and gets it or a failure.
//
//   JsonPull json(text);
//   std::string key;
//   for (json.BeginObject(); json.NextMember(key);) {
//     if (key == "size") { json.ReadInteger(size); } else { json.Skip(); }
//   }
//   if (!json.Finish()) { ... json.failure() says why and offset() where }
//
// Strict (RFC 8259): no comments, no commas too many, no bytes that aren't UTF-8, no half of a
// surrogate pair; a key that is there twice is the caller's to notice. After a failure every call
// returns false and loops end. Nesting is bounded, and nothing is kept but the text of the caller's
// strings. No exceptions.

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace pinhole::speech {

class JsonPull {
 public:
  static constexpr int kMaxDepth = 64;

  explicit JsonPull(std::string_view text) : text_(text) {}

  // What comes next is an object or an array; its members or items follow.
  bool BeginObject() { return Begin('{'); }
  bool BeginArray() { return Begin('['); }
  // Before each member or item; false at the end, which is passed, and after a failure.
  bool NextMember(std::string& key);
  bool NextItem() { return Next(']'); }

  bool ReadString(std::string& to);
  // A number without fraction or exponent that fits.
  bool ReadInteger(std::int64_t& to);
  // Any value.
  bool Skip();
  // Without moving: the first character of what comes next, or '\0'.
  char Peek();

  // True where nothing failed and nothing but blanks follows.
  bool Finish();

  [[nodiscard]] bool failed() const { return failure_ != nullptr; }
  [[nodiscard]] const char* failure() const { return failure_ == nullptr ? "" : failure_; }
  [[nodiscard]] std::size_t offset() const { return at_; }

 private:
  bool Begin(char bracket);
  bool Next(char bracket);
  bool Expect(char c, const char* failure);
  bool Fail(const char* failure);
  bool SkipNumber();
  bool SkipWord(std::string_view word);
  bool ReadEscape(std::string& to);
  bool ReadHex4(std::uint32_t& to);
  bool CopyUtf8(std::string& to);

  std::string_view text_;
  std::size_t at_ = 0;
  int depth_ = 0;
  bool is_first_ = false;  // nothing of the innermost object or array was read yet
  const char* failure_ = nullptr;
};

}  // namespace pinhole::speech
