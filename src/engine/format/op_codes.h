// SPDX-License-Identifier: Apache-2.0
#pragma once

// Inside the room only: what an operator is, from the file's table of operator codes.

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "base/result.h"
#include "engine/format/reading.h"
#include "engine/tensor/op.h"

namespace pinhole::engine::format {

struct OpCode {
  OpKind kind = OpKind::kUnknown;
  bool is_custom = false;
  std::uint16_t code = 0;  // the schema's BuiltinOperator
  std::uint16_t version = 1;
  std::string_view custom_name;  // ends with a NUL that is not counted

  // For messages: "CONV_2D", "SignalRfft", "HARD_SWISH"; never empty.
  [[nodiscard]] std::string_view name() const;
};

// Entry `index` of the file's table. Errors: kMalformed, with the entry's number.
base::Result<OpCode> ReadOpCode(Reading& reading, std::size_t index);

// The code that the operator table `op` points at.
base::Result<OpCode> ReadOpCodeOf(Reading& reading, const flat::Table& op);

}  // namespace pinhole::engine::format
