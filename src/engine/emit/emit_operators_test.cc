// SPDX-License-Identifier: Apache-2.0
// Operators that no golden model uses, in models built here: emitted for the host and compiled,
// they give what the interpreter's reference kernels give, to the bit, floats too.
#include <gtest/gtest.h>

#include <cmath>
#include <cstring>
#include <fstream>

#include "engine/emit/emit.h"
#include "engine/emit/emitted_library.h"
#include "engine/format/model_builder.h"
#include "engine/run/test_model.h"
#include "system/failure.h"

namespace pinhole::engine::emit {
namespace {

using format::TableSpec;
using format::TensorTraits;
using format::schema::OptionsType;

// A model of several operators side by side, each with an output of the model.
class Bench {
 public:
  using Dims = std::vector<std::int32_t>;

  int Input(Type type, const Dims& shape, float scale = 0.0F, std::int64_t zero = 0) {
    const int tensor = graph_.Tensor(type, shape, Traits(scale, zero));
    graph_.inputs.push_back(tensor);
    return tensor;
  }
  // What is neither an input nor an output of the model.
  int Between(Type type, const Dims& shape, float scale = 0.0F, std::int64_t zero = 0) {
    return graph_.Tensor(type, shape, Traits(scale, zero));
  }
  int Variable(Type type, const Dims& shape, float scale = 0.0F, std::int64_t zero = 0) {
    TensorTraits traits = Traits(scale, zero);
    traits.variable = true;
    return graph_.Tensor(type, shape, traits);
  }
  template <typename T>
  int Constant(Type type, const Dims& shape, const std::vector<T>& values, float scale = 0.0F,
               std::int64_t zero = 0) {
    return graph_.Constant<T>(type, shape, values, Traits(scale, zero));
  }
  // Numbers in [-most, most], the same each time.
  template <typename T>
  int Any(Type type, const Dims& shape, int most, float scale = 0.0F) {
    std::size_t count = 1;
    for (const std::int32_t dim : shape) {
      count *= static_cast<std::size_t>(dim);
    }
    std::vector<T> values;
    for (std::size_t i = 0; i < count; ++i) {
      random_ = random_ * 1664525U + 1013904223U;
      const int value =
          static_cast<int>((random_ >> 8) % (2 * static_cast<unsigned>(most) + 1)) - most;
      values.push_back(std::is_floating_point_v<T> ? static_cast<T>(value) / T{64}
                                                   : static_cast<T>(value));
    }
    return Constant<T>(type, shape, values, scale);
  }

  void Run(std::string_view name, const std::vector<std::int32_t>& inputs, int output,
           OptionsType type = OptionsType::kNone, const TableSpec& options = {}) {
    graph_.Operator(name, inputs, {output}, type, options);
  }
  // Into an output of the model.
  void Show(std::string_view name, const std::vector<std::int32_t>& inputs, Type type,
            const Dims& shape, float scale = 0.0F, std::int64_t zero = 0,
            OptionsType options_type = OptionsType::kNone, const TableSpec& options = {}) {
    const int output = Between(type, shape, scale, zero);
    graph_.outputs.push_back(output);
    Run(name, inputs, output, options_type, options);
  }

  // Emitted and interpreted, step by step, with a reset in between.
  void ExpectTheInterpreters(const char* target = "host") const {
    const format::AlignedBytes file = model_.Build();
    run::TestModel model(file.span());
    ASSERT_TRUE(model.loaded()) << model.why();
    const EmittedLibrary library(Emitted(file.span(), target), graph_.inputs.size(),
                                 graph_.outputs.size());
    ASSERT_EQ(library.problem(), "");
    for (std::uint32_t step = 0; step < 6; ++step) {
      SCOPED_TRACE("step " + std::to_string(step));
      if (step % 4 == 0) {
        library.Reset();
        ASSERT_TRUE(model.Reset()) << model.why();
      }
      model.FillAll(step + 1);
      for (std::size_t i = 0; i < graph_.inputs.size(); ++i) {
        const TensorView input = model.session().input(i);
        std::memcpy(library.input(i), input.data, input.info->bytes);
      }
      ASSERT_TRUE(model.Run()) << model.why();
      library.Run();
      for (std::size_t i = 0; i < graph_.outputs.size(); ++i) {
        SCOPED_TRACE("output " + std::to_string(i));
        ExpectSame(model.session().output(i), library.output(i));
      }
    }
  }

  // What Emit says of it.
  [[nodiscard]] std::string Refusal() const {
    try {
      (void)Emitted(model_.Build().span(), "host");
    } catch (const system::Failure& failure) {
      return failure.what();
    }
    return "";
  }

 private:
  static TensorTraits Traits(float scale, std::int64_t zero) {
    TensorTraits traits;
    if (scale > 0.0F) {
      traits.scales = {scale};
      traits.zero_points = {zero};
    }
    return traits;
  }

  static emit::Emitted Emitted(std::span<const std::byte> file, const char* target) {
    const std::filesystem::path path =
        std::filesystem::temp_directory_path() /
        ("pinhole-operators-" + std::to_string(getpid()) + ".tflite");
    std::ofstream(path, std::ios::binary)
        .write(reinterpret_cast<const char*>(file.data()),
               static_cast<std::streamsize>(file.size()));
    const struct Remover {
      std::filesystem::path path;
      ~Remover() { std::filesystem::remove(path); }
    } remover{path};
    return Emit(path.string(), {.target = *FindTarget(target)});
  }

  // NaN is NaN, whatever its sign.
  static void ExpectSame(const TensorView& expected, const void* found) {
    if (expected.type() != Type::kFloat32) {
      EXPECT_EQ(std::memcmp(expected.data, found, expected.info->bytes), 0);
      return;
    }
    const auto* want = expected.as<float>();
    const auto* have = static_cast<const float*>(found);
    for (std::size_t i = 0; i < expected.size(); ++i) {
      ASSERT_TRUE((std::isnan(want[i]) && std::isnan(have[i])) ||
                  std::memcmp(want + i, have + i, sizeof(float)) == 0)
          << i << ": " << have[i] << " found, " << want[i] << " expected";
    }
  }

  format::ModelBuilder model_;
  format::GraphBuilder& graph_ = model_.graph();
  std::uint32_t random_ = 1;
};

TableSpec Activated(int activation) {
  return TableSpec().Set<std::int8_t>(0, static_cast<std::int8_t>(activation));
}
constexpr int kRelu = 1, kReluN1To1 = 2, kRelu6 = 3;

TEST(EmitOperators, PairsOfFloats) {
  Bench bench;
  const int x = bench.Input(Type::kFloat32, {1, 4, 5, 3});
  const int y = bench.Input(Type::kFloat32, {1, 4, 5, 3});
  const int row = bench.Input(Type::kFloat32, {5, 3});
  const int column = bench.Input(Type::kFloat32, {4, 1, 1});
  const Bench::Dims shape = {1, 4, 5, 3};
  bench.Show("ADD", {x, y}, Type::kFloat32, shape, 0, 0, OptionsType::kAdd, Activated(kRelu));
  bench.Show("SUB", {x, y}, Type::kFloat32, shape, 0, 0, OptionsType::kSub, Activated(0));
  bench.Show("MUL", {x, row}, Type::kFloat32, shape, 0, 0, OptionsType::kMul, Activated(kRelu6));
  bench.Show("DIV", {x, y}, Type::kFloat32, shape, 0, 0, OptionsType::kDiv, Activated(0));
  bench.Show("MINIMUM", {column, y}, Type::kFloat32, shape);
  bench.Show("MAXIMUM", {x, y}, Type::kFloat32, shape);
  bench.Show("SQUARED_DIFFERENCE", {x, y}, Type::kFloat32, shape);
  bench.Show("PRELU", {x, bench.Any<float>(Type::kFloat32, {1, 1, 3}, 90)}, Type::kFloat32, shape);
  bench.Show("ADD", {bench.Any<float>(Type::kFloat32, {}, 90), y}, Type::kFloat32, shape, 0, 0,
             OptionsType::kAdd, Activated(kReluN1To1));
  // Outer sum: neither operand has the result's shape.
  bench.Show("ADD", {column, row}, Type::kFloat32, {4, 5, 3}, 0, 0, OptionsType::kAdd,
             Activated(0));
  bench.ExpectTheInterpreters();
}

// Pictures that run in turns of a few rows: some of their rows have a place at a time.
TEST(EmitOperators, PairsAndElementsByRows) {
  Bench bench;
  const Bench::Dims shape = {1, 40, 12, 4};
  const int x = bench.Input(Type::kFloat32, shape);
  int last = x;
  for (int i = 0; i < 3; ++i) {
    const int convolved = bench.Between(Type::kFloat32, shape);
    bench.Run("CONV_2D",
              {last, bench.Any<float>(Type::kFloat32, {4, 3, 3, 4}, 20),
               bench.Any<float>(Type::kFloat32, {4}, 20)},
              convolved, OptionsType::kConv2d,
              TableSpec().Set<std::int32_t>(1, 1).Set<std::int32_t>(2, 1));
    const int bent = bench.Between(Type::kFloat32, shape);
    bench.Run("PRELU", {convolved, bench.Any<float>(Type::kFloat32, {1, 1, 4}, 40)}, bent);
    const int sum = bench.Between(Type::kFloat32, shape);
    bench.Run("ADD", {bent, bench.Any<float>(Type::kFloat32, {40, 12, 4}, 40)}, sum,
              OptionsType::kAdd, Activated(0));
    last = bench.Between(Type::kFloat32, shape);
    bench.Run("LEAKY_RELU", {sum}, last, OptionsType::kLeakyRelu, TableSpec().Set<float>(0, 0.25F));
  }
  bench.Show("MAX_POOL_2D", {last}, Type::kFloat32, {1, 5, 1, 4}, 0, 0, OptionsType::kPool2d,
             TableSpec()
                 .Set<std::int8_t>(0, 1)
                 .Set<std::int32_t>(1, 8)
                 .Set<std::int32_t>(2, 8)
                 .Set<std::int32_t>(3, 8)
                 .Set<std::int32_t>(4, 8));
  bench.ExpectTheInterpreters();
}

template <typename T>
void PairsOfWholeNumbers(Type type) {
  Bench bench;
  const Bench::Dims shape = {2, 3, 7};
  const int x = bench.Input(type, shape);
  const int y = bench.Input(type, shape);
  const int few = bench.Any<T>(type, {3, 1}, 90000);
  bench.Show("ADD", {x, y}, type, shape, 0, 0, OptionsType::kAdd, Activated(0));
  bench.Show("SUB", {few, y}, type, shape, 0, 0, OptionsType::kSub, Activated(kRelu));
  bench.Show("MUL", {x, y}, type, shape, 0, 0, OptionsType::kMul, Activated(0));
  bench.Show("DIV", {x, bench.Constant<T>(type, {7}, {1, -1, 3, -7, 640, 2, -90000})}, type, shape,
             0, 0, OptionsType::kDiv, Activated(0));
  bench.Show("MINIMUM", {x, y}, type, shape);
  bench.Show("MAXIMUM", {x, bench.Constant<T>(type, {1}, {std::numeric_limits<T>::min()})}, type,
             shape);
  if (type == Type::kInt32) {
    bench.Show("SQUARED_DIFFERENCE", {x, y}, type, shape);
  }
  bench.Show("NEG", {x}, type, shape);
  bench.ExpectTheInterpreters();
}
TEST(EmitOperators, PairsOfInt32) { PairsOfWholeNumbers<std::int32_t>(Type::kInt32); }
TEST(EmitOperators, PairsOfInt64) { PairsOfWholeNumbers<std::int64_t>(Type::kInt64); }

template <typename T>
void ScaledPairs(Type type, std::int64_t zero) {
  Bench bench;
  const Bench::Dims shape = {1, 3, 11, 4};
  const int x = bench.Input(type, shape, 0.03F, zero);
  const int y = bench.Input(type, shape, 0.05F, zero == 0 ? 0 : zero + 9);
  const int few = bench.Any<T>(type, {4}, 100, 0.02F);
  const std::int64_t out_zero = zero == 0 ? 0 : zero - 4;
  bench.Show("ADD", {x, few}, type, shape, 0.06F, out_zero, OptionsType::kAdd, Activated(kRelu6));
  bench.Show("SUB", {x, y}, type, shape, 0.04F, out_zero, OptionsType::kSub, Activated(0));
  bench.Show("MUL", {x, y}, type, shape, 0.2F, out_zero, OptionsType::kMul, Activated(kRelu));
  bench.Show("MUL", {few, y}, type, shape, 0.07F, out_zero, OptionsType::kMul,
             Activated(kReluN1To1));
  bench.Show("MINIMUM", {x, few}, type, shape, 0.03F, zero);
  bench.Show("MAXIMUM", {x, y}, type, shape, 0.03F, zero);
  if (type != Type::kUint8) {
    bench.Show("SQUARED_DIFFERENCE", {x, y}, type, shape, 0.1F, out_zero);
  }
  if (type != Type::kInt16) {
    bench.Show("PRELU", {x, few}, type, shape, 0.035F, out_zero);
  }
  bench.ExpectTheInterpreters();
}
TEST(EmitOperators, PairsOfInt8) { ScaledPairs<std::int8_t>(Type::kInt8, -7); }
TEST(EmitOperators, PairsOfUint8) { ScaledPairs<std::uint8_t>(Type::kUint8, 120); }
TEST(EmitOperators, PairsOfInt16) { ScaledPairs<std::int16_t>(Type::kInt16, 0); }

TEST(EmitOperators, FloatsOneByOne) {
  Bench bench;
  const Bench::Dims shape = {3, 50};
  const int small = bench.Input(Type::kFloat32, shape);
  const int x = bench.Between(Type::kFloat32, shape);
  bench.Run("MUL", {small, bench.Constant<float>(Type::kFloat32, {}, {30.0F})}, x,
            OptionsType::kMul, Activated(0));
  for (const char* name : {"RELU", "RELU6", "LOGISTIC", "TANH", "NEG", "SQRT", "RSQRT"}) {
    bench.Show(name, {x}, Type::kFloat32, shape);
  }
  bench.Show("LEAKY_RELU", {x}, Type::kFloat32, shape, 0, 0, OptionsType::kLeakyRelu,
             TableSpec().Set<float>(0, -0.3F));
  bench.Show("QUANTIZE", {x}, Type::kUint8, shape, 0.2F, 100);
  bench.Show("QUANTIZE", {x}, Type::kInt16, shape, 0.0005F, 0);
  bench.Show("SOFTMAX", {x}, Type::kFloat32, shape, 0, 0, OptionsType::kSoftmax,
             TableSpec().Set<float>(0, 0.5F));
  bench.ExpectTheInterpreters();
}

TEST(EmitOperators, Int16OneByOne) {
  Bench bench;
  const Bench::Dims shape = {90};
  const int x = bench.Input(Type::kInt16, shape, 0.0004F, 0);
  const int q12 = bench.Input(Type::kInt16, shape, 1.0F / 4096.0F, 0);
  for (const int in : {x, q12}) {
    bench.Show("LOGISTIC", {in}, Type::kInt16, shape, 1.0F / 32768.0F, 0);
    bench.Show("TANH", {in}, Type::kInt16, shape, 1.0F / 32768.0F, 0);
  }
  bench.Show("RELU", {x}, Type::kInt16, shape, 0.0003F, 0);
  bench.Show("RELU6", {x}, Type::kInt16, shape, 0.0005F, 0);
  bench.Show("LEAKY_RELU", {x}, Type::kInt16, shape, 0.0004F, 0, OptionsType::kLeakyRelu,
             TableSpec().Set<float>(0, 0.1F));
  bench.Show("QUANTIZE", {x}, Type::kInt8, shape, 0.1F, 3);
  bench.Show("QUANTIZE", {x}, Type::kInt32, shape, 0.0001F, 0);
  bench.Show("DEQUANTIZE", {x}, Type::kFloat32, shape);
  const int bytes = bench.Input(Type::kUint8, shape, 0.02F, 130);
  bench.Show("DEQUANTIZE", {bytes}, Type::kFloat32, shape);
  bench.Show("QUANTIZE", {bytes}, Type::kInt16, shape, 0.0001F, 0);
  bench.Show("QUANTIZE", {bytes}, Type::kInt8, shape, 0.02F, 2);
  bench.ExpectTheInterpreters();
}

TEST(EmitOperators, CastsFromAnyToAny) {
  const Bench::Dims shape = {40};
  const Type types[] = {Type::kInt8,  Type::kUint8,  Type::kInt16, Type::kUint16,
                        Type::kInt32, Type::kUint32, Type::kInt64, Type::kBool};
  Bench bench;
  const int small = bench.Input(Type::kFloat32, shape);
  for (const float by : {100.0F, 1e5F, 1e12F}) {
    const int x = bench.Between(Type::kFloat32, shape);
    bench.Run("MUL", {small, bench.Constant<float>(Type::kFloat32, {}, {by})}, x, OptionsType::kMul,
              Activated(0));
    for (const Type to : types) {
      bench.Show("CAST", {x}, to, shape);
    }
  }
  bench.ExpectTheInterpreters();
  Bench whole;
  for (const Type from : types) {
    const int x = whole.Input(from, shape);
    whole.Show("CAST", {x}, Type::kFloat32, shape);
    for (const Type to : types) {
      whole.Show("CAST", {x}, to, shape);
    }
  }
  whole.ExpectTheInterpreters();
}

TEST(EmitOperators, ResizeBilinear) {
  Bench bench;
  for (const Type type : {Type::kFloat32, Type::kInt8, Type::kUint8, Type::kInt16}) {
    const float scale = type == Type::kFloat32 ? 0.0F : 0.1F;
    const int x = bench.Input(type, {2, 5, 4, 3}, scale);
    for (const auto& [height, width] : {std::pair{10, 8}, {3, 7}, {1, 1}}) {
      const int size = bench.Constant<std::int32_t>(Type::kInt32, {2}, {height, width});
      for (const int how : {0, 1, 2}) {
        bench.Show("RESIZE_BILINEAR", {x, size}, type, {2, height, width, 3}, scale, 0,
                   OptionsType::kResizeBilinear,
                   TableSpec().SetFlag(2, how == 1).SetFlag(3, how == 2));
      }
    }
  }
  bench.ExpectTheInterpreters();
}

TEST(EmitOperators, SumsAndMeans) {
  Bench bench;
  struct Case {
    std::vector<std::int32_t> axes;
    Bench::Dims shape;
  };
  for (const Type type : {Type::kFloat32, Type::kInt8, Type::kUint8, Type::kInt16}) {
    const float scale = type == Type::kFloat32 ? 0.0F : 0.02F;
    const std::int64_t zero = type == Type::kInt8 ? -5 : type == Type::kUint8 ? 130 : 0;
    const int x = bench.Input(type, {1, 4, 5, 6}, scale, zero);
    for (const Case& one : {Case{{1, 2}, {1, 6}}, Case{{-1}, {1, 4, 5}}, Case{{1}, {1, 5, 6}}}) {
      const int axes = bench.Constant<std::int32_t>(
          Type::kInt32, {static_cast<std::int32_t>(one.axes.size())}, one.axes);
      bench.Show("MEAN", {x, axes}, type, one.shape, scale * 0.7F, zero, OptionsType::kReducer,
                 TableSpec());
      bench.Show("SUM", {x, axes}, type, one.shape, scale * 12, zero, OptionsType::kReducer,
                 TableSpec());
    }
  }
  const int many = bench.Input(Type::kInt64, {30, 3});
  bench.Show("SUM", {many, bench.Constant<std::int32_t>(Type::kInt32, {1}, {0})}, Type::kInt64, {3},
             0, 0, OptionsType::kReducer, TableSpec());
  bench.ExpectTheInterpreters();
}

// Memory over several steps, and after a reset.
TEST(EmitOperators, Svdf) {
  Bench bench;
  const TableSpec options = TableSpec().Set<std::int32_t>(0, 2).Set<std::int8_t>(1, kRelu);
  const int x = bench.Input(Type::kInt8, {2, 10}, 0.05F, -9);
  const int feature = bench.Any<std::int8_t>(Type::kInt8, {6, 10}, 127, 0.02F);
  const int bias = bench.Any<std::int32_t>(Type::kInt32, {3}, 4000);
  bench.Show("SVDF",
             {x, feature, bench.Any<std::int8_t>(Type::kInt8, {6, 4}, 127, 0.01F), bias,
              bench.Variable(Type::kInt8, {2, 24}, 0.1F, 3)},
             Type::kInt8, {2, 3}, 0.04F, 7, OptionsType::kSvdf, options);
  bench.Show("SVDF",
             {x, feature, bench.Any<std::int16_t>(Type::kInt16, {6, 4}, 3000, 0.0001F), -1,
              bench.Variable(Type::kInt16, {2, 24}, 0.001F, 0)},
             Type::kInt8, {2, 3}, 0.03F, -7, OptionsType::kSvdf, options);
  const int real = bench.Input(Type::kFloat32, {1, 10});
  bench.Show(
      "SVDF",
      {real, bench.Any<float>(Type::kFloat32, {6, 10}, 90),
       bench.Any<float>(Type::kFloat32, {6, 4}, 90), -1, bench.Variable(Type::kFloat32, {1, 24})},
      Type::kFloat32, {1, 3}, 0, 0, OptionsType::kSvdf, options);
  bench.ExpectTheInterpreters();
  bench.ExpectTheInterpreters("rp2040");
}

template <typename Weight, typename Bias>
void AddLstm(Bench& bench, Type type, Type weights, Type biases, bool time_major, float clip) {
  constexpr std::int32_t kDepth = 6, kUnits = 5, kBatches = 2, kSteps = 3;
  const bool is_float = type == Type::kFloat32;
  const std::int64_t zero = type == Type::kInt8 ? -11 : 0;
  const Bench::Dims in =
      time_major ? Bench::Dims{kSteps, kBatches, kDepth} : Bench::Dims{kBatches, kSteps, kDepth};
  Bench::Dims out = in;
  out[2] = kUnits;
  const float scale = is_float ? 0.0F : type == Type::kInt8 ? 0.02F : 0.0001F;
  std::vector<std::int32_t> inputs = {bench.Input(type, in, scale, zero)};
  for (int gate = 0; gate < 4; ++gate) {
    inputs.push_back(bench.Any<Weight>(weights, {kUnits, kDepth}, 100, is_float ? 0.0F : 0.01F));
  }
  for (int gate = 0; gate < 4; ++gate) {
    inputs.push_back(bench.Any<Weight>(weights, {kUnits, kUnits}, 100, is_float ? 0.0F : 0.02F));
  }
  inputs.insert(inputs.end(), 3, -1);
  for (int gate = 0; gate < 4; ++gate) {
    inputs.push_back(bench.Any<Bias>(biases, {kUnits}, 50));
  }
  inputs.insert(inputs.end(), 2, -1);
  const float hidden = is_float ? 0.0F : type == Type::kInt8 ? 1.0F / 128.0F : 1.0F / 32768.0F;
  inputs.push_back(bench.Variable(type, {kBatches, kUnits}, hidden, zero == 0 ? 0 : 4));
  inputs.push_back(bench.Variable(is_float ? Type::kFloat32 : Type::kInt16, {kBatches, kUnits},
                                  is_float ? 0.0F : 1.0F / 2048.0F));
  inputs.insert(inputs.end(), 4, -1);
  bench.Show("UNIDIRECTIONAL_SEQUENCE_LSTM", inputs, type, out, hidden, zero == 0 ? 0 : 4,
             OptionsType::kUnidirectionalSequenceLstm,
             TableSpec().Set<std::int8_t>(0, 4).Set<float>(1, clip).SetFlag(3, time_major));
}

TEST(EmitOperators, Lstm) {
  Bench bench;
  for (const bool time_major : {false, true}) {
    const float clip = time_major ? 0.5F : 0.0F;
    AddLstm<std::int8_t, std::int32_t>(bench, Type::kInt8, Type::kInt8, Type::kInt32, time_major,
                                       clip);
    AddLstm<std::int8_t, std::int64_t>(bench, Type::kInt16, Type::kInt8, Type::kInt64, time_major,
                                       clip);
    AddLstm<float, float>(bench, Type::kFloat32, Type::kFloat32, Type::kFloat32, time_major, clip);
  }
  bench.ExpectTheInterpreters();
  bench.ExpectTheInterpreters("rp2040");
}

// The page that says what can be emitted has a word on each.
TEST(EmitOperators, TheDocsNameEveryOperatorOfTheInterpreter) {
  const char* const source = std::getenv("PINHOLE_SOURCE");
  const std::filesystem::path page =
      std::filesystem::path(source != nullptr ? source : ".") / "docs/how-to/emit.md";
  std::ifstream file(page);
  const std::string text((std::istreambuf_iterator<char>(file)), std::istreambuf_iterator<char>());
  ASSERT_FALSE(text.empty()) << page;
  for (const kernels::Kernel* kernel : kernels::AllKernels()) {
    EXPECT_NE(text.find(OpName(kernel->kind)), std::string::npos) << OpName(kernel->kind);
  }
}

TEST(EmitOperators, RefusesByNameWhatNoKernelIsFor) {
  Bench bytes;
  const int x = bytes.Input(Type::kUint8, {1, 4, 4, 1}, 0.1F, 3);
  bytes.Show("AVERAGE_POOL_2D", {x}, Type::kUint8, {1, 4, 4, 1}, 0.1F, 3, OptionsType::kPool2d,
             TableSpec()
                 .Set<std::int8_t>(0, 1)
                 .Set<std::int32_t>(1, 1)
                 .Set<std::int32_t>(2, 1)
                 .Set<std::int32_t>(3, 1)
                 .Set<std::int32_t>(4, 1));
  EXPECT_NE(bytes.Refusal().find("operator 0 AVERAGE_POOL_2D: uint8 to uint8 found"),
            std::string::npos)
      << bytes.Refusal();
  Bench zero;
  const int y = zero.Input(Type::kInt32, {3});
  zero.Show("DIV", {y, zero.Constant<std::int32_t>(Type::kInt32, {3}, {1, 0, 2})}, Type::kInt32,
            {3}, 0, 0, OptionsType::kDiv, Activated(0));
  EXPECT_NE(zero.Refusal().find("operator 0 DIV: a division by zero found"), std::string::npos)
      << zero.Refusal();
  Bench turns;
  const int a = turns.Input(Type::kFloat32, {2, 1, 3, 1});
  const int b = turns.Input(Type::kFloat32, {1, 4, 1, 5});
  turns.Show("MINIMUM", {a, b}, Type::kFloat32, {2, 4, 3, 5});
  EXPECT_NE(turns.Refusal().find("operator 0 MINIMUM: a broadcast in more than three turns"),
            std::string::npos)
      << turns.Refusal();
}

}  // namespace
}  // namespace pinhole::engine::emit
