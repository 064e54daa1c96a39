// SPDX-License-Identifier: Apache-2.0
#include "engine/tensor/op.h"

#include <gtest/gtest.h>

#include <set>
#include <string_view>

namespace pinhole::engine {
namespace {

TEST(Op, EveryKindHasANameOfItsOwn) {
  std::set<std::string_view> names;
  for (int k = 1; k < static_cast<int>(OpKind::kCount); ++k) {
    const std::string_view name = OpName(static_cast<OpKind>(k));
    EXPECT_NE(name, "UNKNOWN") << k;
    EXPECT_TRUE(names.insert(name).second) << name;
  }
  EXPECT_EQ(OpName(OpKind::kUnknown), "UNKNOWN");
}

// The reader finds an operator's kind by the spelling of its builtin code.
TEST(Op, EveryBuiltinKindIsSpelledAsItsCode) {
  std::set<std::string_view> builtins;
  for (int code = 0; code < 300; ++code) {
    builtins.insert(BuiltinCodeName(static_cast<std::uint16_t>(code)));
  }
  for (int k = 1; k <= static_cast<int>(OpKind::kVarHandle); ++k) {
    EXPECT_TRUE(builtins.contains(OpName(static_cast<OpKind>(k))))
        << OpName(static_cast<OpKind>(k));
  }
}

TEST(Op, CodesAreTheSchemas) {
  EXPECT_EQ(BuiltinCodeName(0), "ADD");
  EXPECT_EQ(BuiltinCodeName(3), "CONV_2D");
  EXPECT_EQ(BuiltinCodeName(32), "CUSTOM");
  EXPECT_EQ(BuiltinCodeName(44), "UNIDIRECTIONAL_SEQUENCE_LSTM");
  EXPECT_EQ(BuiltinCodeName(74), "SUM");
  EXPECT_EQ(BuiltinCodeName(114), "QUANTIZE");
  EXPECT_EQ(BuiltinCodeName(124), "DENSIFY");
  EXPECT_EQ(BuiltinCodeName(127), "");  // a placeholder
  EXPECT_EQ(BuiltinCodeName(129), "CALL_ONCE");
  EXPECT_EQ(BuiltinCodeName(144), "ASSIGN_VARIABLE");
  EXPECT_EQ(BuiltinCodeName(150), "GELU");
  EXPECT_EQ(BuiltinCodeName(209), "STABLEHLO_CASE");
  EXPECT_EQ(BuiltinCodeName(210), "");
  EXPECT_EQ(BuiltinCodeName(65535), "");
}

TEST(Op, OptionsFallBackToTheirDefaults) {
  Operator op;
  EXPECT_EQ(op.options<SoftmaxOptions>().beta, 1.0F);
  op.attributes = SoftmaxOptions{2.0F};
  EXPECT_EQ(op.options<SoftmaxOptions>().beta, 2.0F);
  EXPECT_EQ(op.options<ConvOptions>().stride_h, 1);  // of another kind: not given
}

}  // namespace
}  // namespace pinhole::engine
