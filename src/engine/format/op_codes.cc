// SPDX-License-Identifier: Apache-2.0
#include "engine/format/op_codes.h"

#include <algorithm>
#include <limits>

#include "engine/format/schema.h"

namespace pinhole::engine::format {

namespace {

using base::Error;

// The schema spells every builtin as OpName does, so one table (op.cc) serves both ways.
OpKind KindOf(std::uint16_t code) {
  const std::string_view name = BuiltinCodeName(code);
  if (name.empty()) {
    return OpKind::kUnknown;
  }
  for (auto k = static_cast<std::uint8_t>(OpKind::kAdd);
       k <= static_cast<std::uint8_t>(OpKind::kVarHandle); ++k) {
    if (OpName(static_cast<OpKind>(k)) == name) {
      return static_cast<OpKind>(k);
    }
  }
  return OpKind::kUnknown;
}

OpKind CustomKindOf(std::string_view name) {
  for (auto k = static_cast<std::uint8_t>(OpKind::kSignalWindow);
       k <= static_cast<std::uint8_t>(OpKind::kSignalFilterBankLog); ++k) {
    if (OpName(static_cast<OpKind>(k)) == name) {
      return static_cast<OpKind>(k);
    }
  }
  return OpKind::kUnknown;
}

base::Result<OpCode> Read(Reading& reading, const flat::Table& table) {
  namespace field = schema::operator_code;
  // Files from before there were more than 127 operators fill the first field only, newer ones both.
  PINHOLE_ASSIGN(const auto old_code, table.Number<std::int8_t>(field::kDeprecatedBuiltinCode, 0));
  PINHOLE_ASSIGN(const auto new_code, table.Number<std::int32_t>(field::kBuiltinCode, 0));
  PINHOLE_ASSIGN(const auto version, table.Number<std::int32_t>(field::kVersion, 1));
  constexpr std::int32_t kMost = std::numeric_limits<std::uint16_t>::max();
  const std::int32_t code = std::max<std::int32_t>(old_code, new_code);
  if (code < 0 || code > kMost) {
    return reading.Fail(Error::kMalformed, "builtin code ", code, " is no operator");
  }
  if (version < 1 || version > kMost) {
    return reading.Fail(Error::kMalformed, "version ", version, ", 1 to ", kMost, " expected");
  }
  OpCode found;
  found.code = static_cast<std::uint16_t>(code);
  found.version = static_cast<std::uint16_t>(version);
  found.is_custom = code == schema::kBuiltinCustom;
  if (found.is_custom) {
    PINHOLE_ASSIGN(found.custom_name, table.String(field::kCustomCode));
    found.kind = CustomKindOf(found.custom_name);
  } else {
    found.custom_name = "";
    found.kind = KindOf(found.code);
  }
  return found;
}

}  // namespace

std::string_view OpCode::name() const {
  if (is_custom) {
    return custom_name.empty() ? "CUSTOM" : custom_name;
  }
  const std::string_view builtin = BuiltinCodeName(code);
  return builtin.empty() ? "of an unknown kind" : builtin;
}

base::Result<OpCode> ReadOpCode(Reading& reading, std::size_t index) {
  if (index >= reading.operator_codes.size()) {
    return reading.Fail(Error::kMalformed, "operator code ", index, " is asked for, the file has ",
                        reading.operator_codes.size());
  }
  const auto table = reading.operator_codes.Open(index);
  if (!table) {
    return reading.At(table.error(), "operator code ", index, ": ");
  }
  const auto code = Read(reading, *table);
  if (!code) {
    return reading.At(code.error(), "operator code ", index, ": ");
  }
  return *code;
}

base::Result<OpCode> ReadOpCodeOf(Reading& reading, const flat::Table& op) {
  PINHOLE_ASSIGN(const auto index, op.Number<std::uint32_t>(schema::op::kOpcodeIndex, 0));
  return ReadOpCode(reading, index);
}

}  // namespace pinhole::engine::format
