// SPDX-License-Identifier: Apache-2.0
#include "engine/emit/source_text.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>
#include <limits>
#include <vector>

namespace pinhole::engine::emit {

namespace {

constexpr std::size_t kColumns = 100;

template <typename T, typename Spell>
std::string Array(std::string_view type, std::string_view name, std::span<const T> values,
                  const Spell& spell) {
  std::string text = sizeof(T) < 4 ? "alignas(4) const " : "const ";
  text.append(type).append(" ").append(name);
  text += "[" + std::to_string(values.size()) + "] = {";
  std::string line = "   ";
  for (const T& value : values) {
    const std::string word = " " + spell(value) + ",";
    if (line.size() + word.size() > kColumns) {
      text += "\n" + line;
      line = "   ";
    }
    line += word;
  }
  return text + "\n" + line + "\n};\n";
}

std::string Hex(std::uint32_t value) {
  std::array<char, 16> text{};
  std::snprintf(text.data(), text.size(), "0x%08X", value);
  return text.data();
}

}  // namespace

std::string FloatText(float value) {
  constexpr float kMost = std::numeric_limits<float>::max();
  std::array<char, 32> text{};
  std::snprintf(text.data(), text.size(), "%.9eF",
                static_cast<double>(std::isnan(value) ? 0.0F : std::clamp(value, -kMost, kMost)));
  return text.data();
}

std::string ArrayText(std::string_view name, std::span<const std::int8_t> values) {
  return Array("std::int8_t", name, values, [](int value) { return std::to_string(value); });
}
std::string ArrayText(std::string_view name, std::span<const std::uint8_t> values) {
  return Array("std::uint8_t", name, values, [](int value) { return std::to_string(value); });
}
std::string ArrayText(std::string_view name, std::span<const std::int16_t> values) {
  return Array("std::int16_t", name, values, [](int value) { return std::to_string(value); });
}
std::string ArrayText(std::string_view name, std::span<const std::uint16_t> values) {
  return Array("std::uint16_t", name, values, [](int value) { return std::to_string(value); });
}
std::string ArrayText(std::string_view name, std::span<const std::int32_t> values) {
  return Array("std::int32_t", name, values, [](int value) { return std::to_string(value); });
}
std::string ArrayText(std::string_view name, std::span<const std::uint32_t> values) {
  return Array("std::uint32_t", name, values, Hex);
}
std::string ArrayText(std::string_view name, std::span<const std::int64_t> values) {
  return Array("std::int64_t", name, values, [](std::int64_t value) {
    // The least number has no literal.
    return value == std::numeric_limits<std::int64_t>::min() ? std::string("INT64_MIN")
                                                             : std::to_string(value);
  });
}
std::string ArrayText(std::string_view name, std::span<const float> values) {
  return Array("float", name, values, FloatText);
}

std::string_view CppType(Type type) {
  switch (type) {
    case Type::kFloat32: return "float";
    case Type::kUint8:
    case Type::kBool: return "std::uint8_t";
    case Type::kInt16: return "std::int16_t";
    case Type::kUint16: return "std::uint16_t";
    case Type::kInt32: return "std::int32_t";
    case Type::kUint32: return "std::uint32_t";
    case Type::kInt64: return "std::int64_t";
    case Type::kUint64: return "std::uint64_t";
    default: return "std::int8_t";
  }
}

std::string ConstantText(std::string_view name, const Tensor& tensor) {
  switch (tensor.type) {
    case Type::kFloat32: return ArrayText(name, tensor.constant<float>());
    case Type::kUint8:
    case Type::kBool: return ArrayText(name, tensor.constant<std::uint8_t>());
    case Type::kInt16: return ArrayText(name, tensor.constant<std::int16_t>());
    case Type::kUint16: return ArrayText(name, tensor.constant<std::uint16_t>());
    case Type::kInt32: return ArrayText(name, tensor.constant<std::int32_t>());
    case Type::kUint32: return ArrayText(name, tensor.constant<std::uint32_t>());
    case Type::kInt64: return ArrayText(name, tensor.constant<std::int64_t>());
    default: return ArrayText(name, tensor.constant<std::int8_t>());
  }
}

std::string PackedText(std::string_view name, std::span<const std::int8_t> bytes) {
  std::vector<std::uint32_t> words((bytes.size() + 3) / 4);
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    words[i / 4] |= std::uint32_t{static_cast<std::uint8_t>(bytes[i])} << (8 * (i % 4));
  }
  return ArrayText(name, std::span<const std::uint32_t>(words));
}

ArrayParts TakeApart(std::string_view array_text) {
  constexpr std::string_view kConst = "const ";
  constexpr std::string_view kEquals = " = ";
  array_text.remove_prefix(array_text.find(kConst) + kConst.size());
  const std::size_t space = array_text.find(' ');
  const std::size_t equals = array_text.find(kEquals);
  const std::string_view values = array_text.substr(equals + kEquals.size());
  return {std::string(array_text.substr(0, space)),
          std::string(array_text.substr(space + 1, equals - space - 1)),
          std::string(values.substr(0, values.rfind('}') + 1))};
}

std::string ConstantName(std::string_view dotted) {
  std::string name = "k";
  bool first = true;
  for (const char c : dotted) {
    if (c == '.' || c == '-' || c == '_') {
      first = true;
      continue;
    }
    name += first && c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
    first = false;
  }
  return name;
}

std::optional<std::string> LiteralText(std::string_view text, std::string_view indent) {
  std::string literal;
  bool open = false;
  for (const char c : text) {
    if (c != '\n' && (c < ' ' || c > '~')) {
      return std::nullopt;
    }
    if (!open) {
      literal.append(literal.empty() ? "" : "\n").append(indent).append("\"");
      open = true;
    }
    if (c == '\n') {
      literal += "\\n\"";
      open = false;
    } else {
      literal += c == '"' || c == '\\' || c == '?' ? std::string("\\") + c : std::string(1, c);
    }
  }
  if (literal.empty()) {
    return std::string(indent) + "\"\"";
  }
  return literal + (open ? "\"" : "");
}

bool IsIdentifier(std::string_view name) {
  const auto letter = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
  };
  return !name.empty() && letter(name.front()) &&
         std::all_of(name.begin(), name.end(),
                     [&](char c) { return letter(c) || (c >= '0' && c <= '9'); });
}

}  // namespace pinhole::engine::emit
