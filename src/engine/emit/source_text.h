// SPDX-License-Identifier: Apache-2.0
#pragma once

// Pieces of C++ text: numbers and arrays as the emitted files spell them.

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>

#include "engine/tensor/tensor.h"

namespace pinhole::engine::emit {

// "1.500000000e+00F": reads back as the same float. Infinities become the largest.
std::string FloatText(float value);

inline std::string Number(std::int64_t value) { return std::to_string(value); }
inline std::string Braced(const std::string& fields) { return "{" + fields + "}"; }

// "1, x, {2, 3}": numbers and texts, as an initialiser has them.
template <typename... Parts>
std::string List(const Parts&... parts) {
  std::string text;
  const auto add = [&](const auto& part) {
    if (!text.empty()) {
      text += ", ";
    }
    if constexpr (std::is_arithmetic_v<std::decay_t<decltype(part)>>) {
      text += std::to_string(part);
    } else {
      text += part;
    }
  };
  (add(parts), ...);
  return text;
}

// "std::int16_t": what elements of the type are in the emitted code.
std::string_view CppType(Type type);

// "static const TYPE NAME[N] = {...};" in lines of at most 100 columns.
std::string ArrayText(std::string_view name, std::span<const std::int8_t> values);
std::string ArrayText(std::string_view name, std::span<const std::uint8_t> values);
std::string ArrayText(std::string_view name, std::span<const std::int16_t> values);
std::string ArrayText(std::string_view name, std::span<const std::uint16_t> values);
std::string ArrayText(std::string_view name, std::span<const std::int32_t> values);
std::string ArrayText(std::string_view name, std::span<const std::int64_t> values);
std::string ArrayText(std::string_view name, std::span<const std::uint32_t> values);
std::string ArrayText(std::string_view name, std::span<const float> values);

// The same of a constant tensor of float32 or integers.
std::string ConstantText(std::string_view name, const Tensor& tensor);

// Bytes as little-endian words, four a number, which compilers read much faster; zeroes at the end.
std::string PackedText(std::string_view name, std::span<const std::int8_t> bytes);

// What an array's text says: "std::int8_t", "NAME[N]", "{...}".
struct ArrayParts {
  std::string type, name_and_size, values;
};
ArrayParts TakeApart(std::string_view array_text);

// "pinhole.detector" as "kPinholeDetector".
std::string ConstantName(std::string_view dotted);

// Text as adjacent string literals, a line each; nullopt where it is not plain ASCII in lines.
std::optional<std::string> LiteralText(std::string_view text, std::string_view indent);

// Letters, digits and '_', not beginning with a digit.
bool IsIdentifier(std::string_view name);

}  // namespace pinhole::engine::emit
