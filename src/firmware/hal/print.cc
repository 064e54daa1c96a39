// SPDX-License-Identifier: Apache-2.0
#include "firmware/hal/print.h"

#include <algorithm>
#include <bit>
#include <cstdint>
#include <cstring>
#include <string_view>

namespace pinhole::firmware::hal {
namespace {

constexpr int kMostDigits = 18;  // behind the point

struct Conversion {
  bool left = false, zeros = false, plus = false, space = false, prefix = false;
  int width = 0;
  int precision = -1;
  int length = 0;  // -2: hh, -1: h, 0: int, 1: long, 2: long long
};

class Printer {
 public:
  Printer(PutCharacter* put, void* to) : put_(put), to_(to) {}
  [[nodiscard]] int count() const { return count_; }

  void Put(char c) {
    put_(to_, c);
    ++count_;
  }
  void Put(std::string_view text) {
    for (const char c : text) {
      Put(c);
    }
  }
  void Fill(char c, int count) {
    for (int i = 0; i < count; ++i) {
      Put(c);
    }
  }
  // Sign, `zeros`, body; filled up to the width, with zeros behind the sign or with spaces.
  void PutField(const Conversion& how, std::string_view sign, int zeros, std::string_view body) {
    const int length = static_cast<int>(sign.size() + body.size()) + zeros;
    const int fill = std::max(how.width - length, 0);
    const bool with_zeros = how.zeros && !how.left;
    Fill(' ', how.left || with_zeros ? 0 : fill);
    Put(sign);
    Fill('0', zeros + (with_zeros ? fill : 0));
    Put(body);
    Fill(' ', how.left ? fill : 0);
  }

 private:
  PutCharacter* put_;
  void* to_;
  int count_ = 0;
};

// The digits of a number, in memory of its own.
class Digits {
 public:
  Digits(std::uint64_t value, unsigned base, bool upper) {
    const char* const digits = upper ? "0123456789ABCDEF" : "0123456789abcdef";
    // Division by a constant of 32 bits is what these processors can do quickly.
    while (value > 0xFFFF'FFFF) {
      Prepend(digits[value % base]);
      value /= base;
    }
    auto rest = static_cast<std::uint32_t>(value);
    do {
      Prepend(digits[rest % base]);
      rest /= base;
    } while (rest != 0);
  }
  [[nodiscard]] std::string_view text() const { return {room_ + first_, kRoom - first_}; }

 private:
  static constexpr std::size_t kRoom = 22;  // 64 bits in octal
  void Prepend(char c) { room_[--first_] = c; }

  char room_[kRoom];
  std::size_t first_ = kRoom;
};

std::string_view Sign(const Conversion& how, bool negative) {
  return negative ? "-" : how.plus ? "+" : how.space ? " " : "";
}

void PutInteger(Printer& out, Conversion how, std::uint64_t value, std::string_view sign,
                unsigned base, bool upper) {
  const Digits digits(value, base, upper);
  std::string_view text = digits.text();
  int zeros = 0;
  if (how.precision >= 0) {
    how.zeros = false;
    if (how.precision == 0 && value == 0) {
      text = {};
    }
    zeros = std::max(how.precision - static_cast<int>(text.size()), 0);
  }
  if (how.prefix && value != 0 && base == 16) {
    sign = upper ? "0X" : "0x";
  }
  out.PutField(how, sign, zeros, text);
}

// value = mantissa · 2^exponent -> its integer part and what is behind the point in units of 2^-60.
struct Split {
  std::uint64_t integer = 0;
  std::uint64_t fraction = 0;
};

Split Split60(std::uint64_t mantissa, int exponent) {
  if (exponent >= 0) {
    return {mantissa << exponent, 0};
  }
  const int down = -exponent;
  Split split;
  if (down < 64) {
    split.integer = mantissa >> down;
    mantissa &= (std::uint64_t{1} << down) - 1;
  }
  if (down <= 60) {
    split.fraction = mantissa << (60 - down);
  } else if (down - 60 < 64) {
    split.fraction = mantissa >> (down - 60);
  }
  return split;
}

void PutFloat(Printer& out, Conversion how, double value) {
  const auto bits = std::bit_cast<std::uint64_t>(value);
  const int exponent = static_cast<int>(bits >> 52 & 0x7FF);
  std::uint64_t mantissa = bits & ((std::uint64_t{1} << 52) - 1);
  const std::string_view sign = Sign(how, bits >> 63 != 0);
  if (exponent == 0x7FF || exponent >= 1023 + 63) {
    how.zeros = false;
    const bool number = exponent != 0x7FF;
    out.PutField(how, sign, 0, number ? "big" : mantissa != 0 ? "nan" : "inf");
    return;
  }
  mantissa |= exponent != 0 ? std::uint64_t{1} << 52 : 0;
  Split split = Split60(mantissa, (exponent != 0 ? exponent : 1) - 1075);

  // Digit by digit: ten times a fraction of 60 bits fits into 64.
  const int places = std::clamp(how.precision < 0 ? 6 : how.precision, 0, kMostDigits);
  constexpr std::uint64_t kOne = std::uint64_t{1} << 60;
  char behind[1 + kMostDigits];
  for (int i = 0; i < places; ++i) {
    split.fraction *= 10;
    behind[1 + i] = static_cast<char>('0' + (split.fraction >> 60));
    split.fraction &= kOne - 1;
  }
  // To the nearest, halves to the even digit, as printf does.
  const bool odd = places > 0 ? (behind[places] & 1) != 0 : (split.integer & 1) != 0;
  bool carry = split.fraction > kOne / 2 || (split.fraction == kOne / 2 && odd);
  for (int i = places; carry && i > 0; --i) {
    carry = behind[i] == '9';
    behind[i] = carry ? '0' : static_cast<char>(behind[i] + 1);
  }
  const Digits integer(split.integer + (carry ? 1 : 0), 10, false);
  behind[0] = '.';
  const std::string_view tail(behind, places > 0 ? static_cast<std::size_t>(places) + 1 : 0);

  // The two parts in one field.
  char text[22 + sizeof behind];
  std::memcpy(text, integer.text().data(), integer.text().size());
  std::memcpy(text + integer.text().size(), tail.data(), tail.size());
  out.PutField(how, sign, 0, {text, integer.text().size() + tail.size()});
}

// va_list as a class, so that functions may move it on.
struct Arguments {
  std::va_list list;
};

std::int64_t NextSigned(Arguments& arguments, int length) {
  switch (length) {
    case -2: return static_cast<signed char>(va_arg(arguments.list, int));
    case -1: return static_cast<short>(va_arg(arguments.list, int));
    case 1: return va_arg(arguments.list, long);
    case 2: return va_arg(arguments.list, long long);
    default: return va_arg(arguments.list, int);
  }
}

std::uint64_t NextUnsigned(Arguments& arguments, int length) {
  switch (length) {
    case -2: return static_cast<unsigned char>(va_arg(arguments.list, unsigned));
    case -1: return static_cast<unsigned short>(va_arg(arguments.list, unsigned));
    case 1: return va_arg(arguments.list, unsigned long);
    case 2: return va_arg(arguments.list, unsigned long long);
    default: return va_arg(arguments.list, unsigned);
  }
}

void PutString(Printer& out, Conversion how, const char* text) {
  text = text != nullptr ? text : "(null)";
  std::size_t length = 0;
  while ((how.precision < 0 || length < static_cast<std::size_t>(how.precision)) &&
         text[length] != '\0') {
    ++length;
  }
  how.zeros = false;
  out.PutField(how, "", 0, {text, length});
}

const char* ReadNumber(const char* at, int& number) {
  constexpr int kMost = 4096;
  number = 0;
  for (; *at >= '0' && *at <= '9'; ++at) {
    number = std::min(number * 10 + (*at - '0'), kMost);
  }
  return at;
}

const char* ReadFlags(const char* at, Conversion& how) {
  for (;; ++at) {
    switch (*at) {
      case '-': how.left = true; break;
      case '0': how.zeros = true; break;
      case '+': how.plus = true; break;
      case ' ': how.space = true; break;
      case '#': how.prefix = true; break;
      default: return at;
    }
  }
}

const char* ReadConversion(const char* at, Conversion& how, Arguments& arguments) {
  at = ReadFlags(at, how);
  if (*at == '*') {
    how.width = va_arg(arguments.list, int);
    how.left = how.left || how.width < 0;
    how.width = how.width < 0 ? -how.width : how.width;
    ++at;
  } else {
    at = ReadNumber(at, how.width);
  }
  if (*at == '.') {
    ++at;
    if (*at == '*') {
      how.precision = va_arg(arguments.list, int);
      ++at;
    } else {
      at = ReadNumber(at, how.precision);
    }
  }
  for (;; ++at) {
    switch (*at) {
      case 'h': --how.length; break;
      case 'l': ++how.length; break;
      case 'j': how.length = 2; break;
      // As wide as long is wherever this runs.
      case 'z':
      case 't': how.length = 1; break;
      default: return at;
    }
  }
}

// False where the conversion is none that is known.
bool PutConversion(Printer& out, const Conversion& how, char kind, Arguments& arguments) {
  switch (kind) {
    case 'd':
    case 'i': {
      const std::int64_t value = NextSigned(arguments, how.length);
      const auto bits = static_cast<std::uint64_t>(value);
      PutInteger(out, how, value < 0 ? 0 - bits : bits, Sign(how, value < 0), 10, false);
      return true;
    }
    case 'u': PutInteger(out, how, NextUnsigned(arguments, how.length), "", 10, false); return true;
    case 'o': PutInteger(out, how, NextUnsigned(arguments, how.length), "", 8, false); return true;
    case 'x':
    case 'X':
      PutInteger(out, how, NextUnsigned(arguments, how.length), "", 16, kind == 'X');
      return true;
    case 'p': {
      Conversion pointer = how;
      pointer.prefix = true;
      const void* const value = va_arg(arguments.list, void*);
      PutInteger(out, pointer, reinterpret_cast<std::uintptr_t>(value), "", 16, false);
      return true;
    }
    case 'f':
    case 'F': PutFloat(out, how, va_arg(arguments.list, double)); return true;
    case 's': PutString(out, how, va_arg(arguments.list, const char*)); return true;
    case 'c': {
      const auto c = static_cast<char>(va_arg(arguments.list, int));
      Conversion character = how;
      character.zeros = false;
      out.PutField(character, "", 0, {&c, 1});
      return true;
    }
    case '%': out.Put('%'); return true;
    default: return false;
  }
}

}  // namespace

int Print(PutCharacter* put, void* to, const char* format, std::va_list arguments) {
  Printer out(put, to);
  Arguments rest;
  va_copy(rest.list, arguments);
  for (const char* at = format; *at != '\0'; ++at) {
    if (*at != '%') {
      out.Put(*at);
      continue;
    }
    Conversion how;
    const char* const kind = ReadConversion(at + 1, how, rest);
    if (PutConversion(out, how, *kind, rest)) {
      at = kind;
    } else {
      out.Put('%');
    }
  }
  va_end(rest.list);
  return out.count();
}

}  // namespace pinhole::firmware::hal
