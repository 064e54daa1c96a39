// SPDX-License-Identifier: Apache-2.0
#include "engine/kernels/fast/prepare.h"

#include <algorithm>
#include <cstring>
#include <limits>
#include <numeric>

#include "engine/kernels/fast/float_scaling.h"
#include "engine/kernels/ref/add_params.h"
#include "engine/kernels/ref/ref.h"
#include "engine/kernels/ref/weighted_sum.h"

namespace pinhole::engine::kernels::fast {

namespace {

// Scratch that a chunk of rows may take: half of a common first cache, or what a few rows need, so
// that a row which two chunks share is seldom copied twice.
constexpr std::uint32_t kChunkBytes = 16 * 1024;
constexpr std::int32_t kLeastRows = 4;
constexpr std::uint32_t kMostChunkBytes = 96 * 1024;
// What loops read behind the last row, a block of four vectors of 64 bytes, and what scratch may be
// short of a cache line's begin.
constexpr std::uint32_t kSlackBytes = 256 + kPackedAlignment;
// A depthwise row's weights repeat after at most so many lanes; else pixels are done one by one.
constexpr std::int32_t kMaxPeriod = 4096;
constexpr std::uint8_t kWeightsAndBias = 0b110;
constexpr std::int64_t kLeastPixels = 16;
constexpr std::int64_t kMaxSum = std::int64_t{1} << 30;
constexpr std::int64_t kMaxOffset = std::numeric_limits<std::int32_t>::max();

// The window of an operator, whichever it is.
struct Window {
  std::int32_t height = 1, width = 1, stride_h = 1, stride_w = 1, dilation_h = 1, dilation_w = 1;
  std::int32_t pad_h = 0, pad_w = 0;
};

// Where the weights of an output channel stand in the file: one `next` behind the other, tap by tap
// and in a tap input by input.
struct WeightOrder {
  std::ptrdiff_t channel = 0, next = 1;
  [[nodiscard]] std::ptrdiff_t at(std::ptrdiff_t c, std::ptrdiff_t i) const {
    return c * channel + i * next;
  }
};

template <typename T>
void Put(std::byte* at, std::ptrdiff_t index, T value) {
  std::memcpy(at + index * static_cast<std::ptrdiff_t>(sizeof(T)), &value, sizeof(T));
}

// Bytes of what a vector finishes with.
constexpr std::size_t IntRecordBytes(int lanes, Finish finish) {
  return static_cast<std::size_t>(lanes) *
         (finish == Finish::kFloat ? 4U : finish == Finish::kPositive ? 20U : 24U);
}
constexpr std::size_t RecordBytes(const Layout& layout, Finish finish) {
  const bool in_float = layout.scales_in_float && finish != Finish::kFloat;
  return IntRecordBytes(layout.lanes, finish) +
         (in_float ? static_cast<std::size_t>(layout.lanes) * 8 : 0);
}

// A lane's part of the record, but for the bias.
void PutScaling(std::byte* record, const Layout& layout, int lane, Finish finish,
                base::FixedMultiplier m, std::int32_t out_zero) {
  const int lanes = layout.lanes;
  Put(record, lanes + lane, m.fraction);
  const int e = -m.shift;
  const auto right = [&layout](int shift) {
    return !layout.by_factors ? shift : shift > 30 ? 0 : std::int32_t{1} << (30 - shift);
  };
  if (finish == Finish::kPositive) {
    const std::int64_t add = (std::int64_t{1} << (30 + e)) + (std::int64_t{1} << 30) +
                             out_zero * (std::int64_t{1} << (31 + e));
    Put(record + std::ptrdiff_t{8} * lanes,
        layout.by_factors ? lane : lane % 2 * (lanes / 2) + lane / 2, add);
    Put(record, 4 * lanes + lane, right(e - 1));
    return;
  }
  const int left = 1 + std::max(-e, 0);
  Put(record, 2 * lanes + lane, layout.by_factors ? base::WrapShl(1, left) : left);
  Put(record, 3 * lanes + lane, e > 0 ? std::int32_t{1} << (e - 1) : 0);
  const int sign = e > 0 ? 31 : 32;
  Put(record, 4 * lanes + lane, layout.by_factors ? sign - 32 : sign);
  Put(record, 5 * lanes + lane, right(std::max(e, 0)));
}

// One use of an operator while it is packed.
class Packer {
 public:
  Packer(PrepareContext& context, const Layout& layout, const ref::WeightedSumParams& ref)
      : context_(context),
        layout_(layout),
        ref_(ref),
        weights_(*context.input(1)),
        is_float_(context.input(0)->type == Type::kFloat32) {}

  // Types, constants and batch are such that packing pays and is right.
  [[nodiscard]] bool Suits(std::int32_t batch) const {
    const Tensor& in = *context_.input(0);
    const Tensor* const bias = context_.input(2);
    const Type sum = is_float_ ? Type::kFloat32 : Type::kInt32;
    return batch == 1 && (is_float_ || in.type == Type::kInt8) && weights_.type == in.type &&
           weights_.is_constant() && (is_float_ || weights_.zero_point == 0) &&
           (bias == nullptr || (bias->is_constant() && bias->type == sum));
  }
  [[nodiscard]] DataType data_type() const {
    return is_float_ ? DataType::kFloat : layout_.int8_data;
  }
  [[nodiscard]] int data_bytes() const { return BytesOf(data_type()); }
  [[nodiscard]] int weight_bytes() const { return is_float_ ? 4 : layout_.weight_bytes; }
  [[nodiscard]] int group() const { return 4 / data_bytes(); }
  // The zero point as `data_type` has it.
  [[nodiscard]] std::uint8_t fill() const {
    const std::int32_t zero = is_float_ ? 0 : context_.input(0)->zero_point;
    return static_cast<std::uint8_t>(zero + offset());
  }

  // An operator of few pixels is done before scaling in float has earned what finding it out costs.
  void ForPixels(std::int64_t pixels) { float_pays_ = pixels >= kLeastPixels; }

  // `count` weights a channel lie as `order` says. Fills gemm's clamp and chooses how to finish.
  // False where a sum may be too large.
  bool ChooseFinish(const WeightOrder& order, std::int32_t count, Gemm& gemm) {
    order_ = order;
    count_ = count;
    gemm.float_low = ref_.float_range.low;
    gemm.float_high = ref_.float_range.high;
    if (is_float_) {
      gemm.finish = Finish::kFloat;
      return true;
    }
    const Tensor& out = *context_.output(0);
    gemm.low = static_cast<std::int8_t>(ref_.int_range.low);
    gemm.high = static_cast<std::int8_t>(ref_.int_range.high);
    gemm.out_zero = static_cast<std::int16_t>(out.zero_point);
    bool positive = ref_.int_range.low >= out.zero_point;
    for (std::int32_t c = 0; c < gemm.out_channels; ++c) {
      const Sums sums = SumsOf(c);
      if (sums.constant()) {
        continue;
      }
      gemm.careful = gemm.careful || sums.has_lowest;
      const int shift = ref_.multipliers.at(static_cast<std::size_t>(c)).shift;
      positive = positive && shift <= -1 && shift >= -22;
      const std::int64_t largest = std::abs(BiasOf(c)) + 255 * sums.absolute;
      if ((largest << std::max(shift, 0)) >= kMaxSum) {
        return false;
      }
    }
    gemm.finish = positive ? Finish::kPositive : Finish::kSigned;
    return true;
  }

  // Blocks of at most `most` vectors for all output channels, without their memory.
  base::Result<std::span<Block>> MakeBlocks(std::int32_t channels, int most = kMaxVectors) {
    const std::int32_t lanes = layout_.lanes;
    const std::int32_t whole = most * lanes;
    const std::int32_t rest = channels % whole;
    // Three vectors make a block of two and one of one.
    const std::int32_t more = rest == 0 ? 0 : (rest > 2 * lanes && rest <= 3 * lanes) ? 2 : 1;
    PINHOLE_ASSIGN(const std::span<Block> blocks, context_.arena().Make<Block>(static_cast<std::size_t>(
                                                      channels / whole + more)));
    std::int32_t first = 0;
    for (Block& block : blocks) {
      const std::int32_t left = channels - first;
      block.vectors = std::min(most, left > 3 * lanes ? 4 : left > lanes ? 2 : 1);
      block.first = first;
      block.count = std::min(left, block.vectors * lanes);
      first += block.count;
    }
    return blocks;
  }

  // Bias and scaling of `block`; channel_of(lane) is the output channel of a lane in the block's
  // order of bytes, or -1.
  template <typename ChannelOfByte>
  base::Status PackFinish(Block& block, Finish finish, const ChannelOfByte& channel_of) {
    const int lanes = layout_.lanes;
    const auto record = static_cast<std::ptrdiff_t>(RecordBytes(layout_, finish));
    PINHOLE_ASSIGN(const std::span<std::byte> memory,
                   context_.TakePacked(static_cast<std::size_t>(record * block.vectors)));
    std::memset(memory.data(), 0, memory.size());
    block.finish = memory.data();
    for (int v = 0; v < block.vectors; ++v) {
      bool in_float = layout_.scales_in_float && float_pays_ && finish != Finish::kFloat;
      for (int lane = 0; lane < lanes; ++lane) {
        const std::int32_t c = channel_of(ByteOf(block.vectors, v, lane));
        if (c >= 0) {
          PackLane(memory.data() + v * record, lane, finish, c);
          in_float = in_float && PackFloatScaling(memory.data() + v * record, lane, finish, c);
        }
      }
      block.in_float |= in_float ? 1U << v : 0;
    }
    return {};
  }

  // Weight i of channel c to place `index` of packed weights.
  void PutWeight(std::byte* to, std::ptrdiff_t index, std::int32_t c, std::int32_t i) const {
    if (is_float_) {
      Put(to, index, reinterpret_cast<const float*>(weights_.data)[order_.at(c, i)]);
      return;
    }
    const std::int8_t weight = reinterpret_cast<const std::int8_t*>(weights_.data)[order_.at(c, i)];
    if (weight_bytes() == group()) {
      Put(to, index, weight);
    } else {
      Put(to, index, std::int16_t{weight});
    }
  }
  // Weights [i, i + n) of channel c, one behind the other.
  void PutWeights(std::byte* to, std::int32_t c, std::int32_t i, std::int32_t n) const {
    const std::ptrdiff_t bytes = is_float_ ? 4 : 1;
    if (order_.next == 1 && (is_float_ || weight_bytes() == group())) {
      std::memcpy(to, weights_.data + order_.at(c, i) * bytes, static_cast<std::size_t>(n * bytes));
      return;
    }
    for (std::int32_t k = 0; k < n; ++k) {
      PutWeight(to, k, c, i + k);
    }
  }
  // Place of weight `i` of a lane among a step's weights, which `place` orders; null: as they come.
  [[nodiscard]] std::ptrdiff_t PlaceIn(PlaceOf place, int vectors, int vector, int lane,
                                       int i) const {
    return is_float_ || place == nullptr
               ? (static_cast<std::ptrdiff_t>(vector) * layout_.lanes + lane) * group() + i
               : place(vectors, vector, lane, i);
  }
  // Weights [i, i + n) of channel c to lane `at` of a block's step, which begins at `to`.
  void PutStep(PlaceOf place, std::byte* to, int vectors, int at, std::int32_t c, std::int32_t i,
               std::int32_t n) const {
    if (is_float_ || place == nullptr) {
      PutWeights(to + static_cast<std::ptrdiff_t>(at) * weight_bytes(), c, i, n);
      return;
    }
    for (std::int32_t k = 0; k < n; ++k) {
      PutWeight(to, place(vectors, at / layout_.lanes, at % layout_.lanes, k), c, i + k);
    }
  }
  // Which byte of a block's outputs a lane becomes.
  [[nodiscard]] int ByteOf(int vectors, int vector, int lane) const {
    return is_float_ ? vector * layout_.lanes + lane
                     : layout_.int8_channel(vectors, vector, lane);
  }

 private:
  [[nodiscard]] std::int32_t offset() const {
    return !is_float_ && layout_.int8_data == DataType::kByte ? 128 : 0;
  }
  [[nodiscard]] std::int64_t BiasOf(std::int32_t c) const {
    const Tensor* const bias = context_.input(2);
    return bias != nullptr
               ? bias->constant<std::int32_t>()[static_cast<std::size_t>(c)]
               : 0;
  }
  // Of channel c's weights.
  struct Sums {
    std::int64_t plain = 0, absolute = 0;
    bool has_lowest = false;  // -128
    // Training leaves channels without weights, with biases beyond all measure.
    [[nodiscard]] bool constant() const { return absolute == 0; }
  };
  [[nodiscard]] Sums SumsOf(std::int32_t c) const {
    const auto* w = reinterpret_cast<const std::int8_t*>(weights_.data) + c * order_.channel;
    Sums sums;
    for (std::int32_t i = 0; i < count_; ++i, w += order_.next) {
      sums.plain += *w;
      sums.absolute += *w < 0 ? -*w : *w;
      sums.has_lowest = sums.has_lowest || *w == -128;
    }
    return sums;
  }

  // The multiplier of channel c, and a bias instead of the file's. A constant channel gets such as
  // give its one result: 2^30 / 2^31 takes half of the sum, or a quarter with e = 1.
  base::FixedMultiplier Scaling(std::int32_t c, Finish finish, bool constant,
                                std::int64_t& bias) const {
    const base::FixedMultiplier scaling = ref_.multipliers.at(static_cast<std::size_t>(c));
    if (!constant) {
      return scaling;
    }
    const std::int32_t zero = context_.output(0)->zero_point;
    const std::int64_t value = ref::Requantize(static_cast<std::int32_t>(bias), scaling, zero,
                                               ref_.int_range) - zero;
    bias = value * (finish == Finish::kPositive ? 4 : 2);
    return {std::int32_t{1} << 30, finish == Finish::kPositive ? -1 : 0};
  }

  void PackLane(std::byte* record, int lane, Finish finish, std::int32_t c) const {
    if (finish == Finish::kFloat) {
      const Tensor* const bias = context_.input(2);
      Put(record, lane, bias != nullptr ? bias->constant<float>()[static_cast<std::size_t>(c)]
                                        : 0.0F);
      return;
    }
    // Data are x + offset, zero is zero_point + offset: the bias takes zero's share back.
    const Sums sums = SumsOf(c);
    const std::int64_t zero = context_.input(0)->zero_point + offset();
    std::int64_t bias = BiasOf(c);
    const base::FixedMultiplier m = Scaling(c, finish, sums.constant(), bias);
    Put(record, lane, static_cast<std::int32_t>(bias - zero * sums.plain));
    PutScaling(record, layout_, lane, finish, m, context_.output(0)->zero_point);
  }

  // False where the channel's sums can't be scaled in float.
  bool PackFloatScaling(std::byte* record, int lane, Finish finish, std::int32_t c) const {
    const Sums sums = SumsOf(c);
    std::int64_t bias = BiasOf(c);
    const base::FixedMultiplier scaling = Scaling(c, finish, sums.constant(), bias);
    const Staircase wanted{scaling,          context_.output(0)->zero_point,
                           ref_.int_range.low, ref_.int_range.high,
                           std::abs(bias) + 255 * sums.absolute, finish};
    FloatScaling fitted;
    if (!FitFloatScaling(wanted, fitted)) {
      return false;
    }
    std::byte* const at = record + IntRecordBytes(layout_.lanes, finish);
    Put(at, lane, fitted.multiplier);
    Put(at, layout_.lanes + lane, fitted.add);
    return true;
  }

  PrepareContext& context_;
  const Layout& layout_;
  const ref::WeightedSumParams& ref_;
  const Tensor& weights_;
  bool is_float_;
  bool float_pays_ = false;
  WeightOrder order_;
  std::int32_t count_ = 0;
};

// Fills what follows from the tensors' shapes. False where scratch would be out of proportion.
bool SetRows(const Tensor& in, const Shape& out, const Window& window, const Packer& packer,
             RowCopy& copy) {
  copy.type = packer.data_type();
  copy.fill = packer.fill();
  copy.in_rows = in.shape.dim(1);
  copy.in_columns = in.shape.dim(2);
  copy.channels = in.shape.dim(3);
  copy.pad_h = window.pad_h;
  copy.pad_w = window.pad_w;
  copy.stride_h = window.stride_h;
  const std::int64_t columns = std::int64_t{out.dim(2) - 1} * window.stride_w +
                               std::int64_t{window.width - 1} * window.dilation_w + 1;
  const std::int64_t span = std::int64_t{window.height - 1} * window.dilation_h + 1;
  const std::int64_t phase_columns = (columns + copy.phases - 1) / copy.phases;
  const std::int64_t row_bytes = phase_columns * copy.phases * copy.channels * copy.repeat *
                                 packer.data_bytes();
  if (columns > kMaxOffset || row_bytes > kMaxOffset / 4 || span > kMaxOffset / 4 ||
      (span + window.stride_h) * row_bytes > kMaxOffset / 4) {
    return false;
  }
  copy.columns = static_cast<std::int32_t>(columns);
  copy.span_h = static_cast<std::int32_t>(span);
  copy.phase_columns = static_cast<std::int32_t>(phase_columns);
  copy.row_bytes = static_cast<std::uint32_t>(row_bytes);
  const auto rows_in = [&](std::int64_t bytes) {
    return (bytes / row_bytes - span) / window.stride_h + 1;
  };
  const std::int64_t rows = std::max(
      rows_in(kChunkBytes), std::min<std::int64_t>(rows_in(kMostChunkBytes), kLeastRows));
  copy.chunk_rows = static_cast<std::int32_t>(std::clamp<std::int64_t>(rows, 1, out.dim(1)));
  return true;
}

std::uint32_t ScratchBytes(const RowCopy& copy) {
  const auto rows =
      static_cast<std::uint32_t>((copy.chunk_rows - 1) * copy.stride_h + copy.span_h);
  return copy.direct ? 0 : rows * copy.row_bytes + kSlackBytes;
}

// The weights of a block of a matrix product, whose segments are runs of `run` weights.
void PackBlock(const Layout& layout, const Packer& packer, const Block& block, std::int32_t run,
               const Gemm& gemm, std::byte* to) {
  constexpr int kMostLanes = 64;
  std::int32_t channels[kMostLanes];
  const int lanes = block.vectors * layout.lanes;
  for (int at = 0; at < lanes; ++at) {
    const int byte = packer.ByteOf(block.vectors, at / layout.lanes, at % layout.lanes);
    channels[at] = byte < block.count ? block.first + byte : -1;
  }
  const int group = packer.group();
  const std::ptrdiff_t bytes = std::ptrdiff_t{lanes} * packer.weight_bytes();
  for (std::size_t segment = 0; segment < gemm.segments.size(); ++segment) {
    const auto first = static_cast<std::int32_t>(segment) * run;
    for (std::int32_t k = 0; k < run; k += group, to += bytes) {
      const std::int32_t count = std::min(group, run - k);
      for (int at = 0; at < lanes; ++at) {
        if (channels[at] >= 0) {
          packer.PutStep(layout.product_place, to, block.vectors, at, channels[at], first + k,
                         count);
        }
      }
    }
  }
}

// Packs a matrix product: segments of `run` weights that lie together in data and file.
base::Status PackProduct(PrepareContext& context, const Layout& layout, Packer& packer,
                         std::int32_t run, Gemm& gemm) {
  const int group = packer.group();
  gemm.steps = (run + group - 1) / group;
  PINHOLE_ASSIGN(const std::span<Block> blocks, packer.MakeBlocks(gemm.out_channels));
  for (Block& block : blocks) {
    PINHOLE_TRY(packer.PackFinish(block, gemm.finish, [&block](int byte) {
      return byte < block.count ? block.first + byte : -1;
    }));
    const std::size_t total = static_cast<std::size_t>(block.vectors * layout.lanes) *
                              static_cast<std::size_t>(packer.weight_bytes()) *
                              static_cast<std::size_t>(gemm.steps) * gemm.segments.size();
    PINHOLE_ASSIGN(const std::span<std::byte> memory, context.TakePacked(total));
    std::memset(memory.data(), 0, memory.size());
    block.weights = memory.data();
    PackBlock(layout, packer, block, run, gemm, memory.data());
  }
  gemm.blocks = blocks;
  return {};
}

// The rest of a matrix product's Prepare, once `window` and `order` are known.
base::Result<Prepared> PrepareProduct(PrepareContext& context, const Layout& layout,
                                      Packer& packer, const Tensor& in, const Shape& out,
                                      const Window& window, const WeightOrder& order,
                                      Prepared prepared, ConvParams* params) {
  Gemm& gemm = params->gemm;
  gemm.out_channels = out.dim(3);
  const std::int32_t taps = window.height * window.width;
  const std::int32_t inputs = in.shape.dim(3);
  packer.ForPixels(std::int64_t{out.dim(1)} * out.dim(2));
  if (!packer.ChooseFinish(order, taps * inputs, gemm) ||
      !SetRows(in, out, window, packer, params->copy)) {
    return prepared;
  }
  RowCopy& copy = params->copy;
  const std::int32_t pixel = inputs * packer.data_bytes();
  const bool together = window.dilation_w == 1;
  const std::int32_t across = together ? 1 : window.width;
  PINHOLE_ASSIGN(const std::span<std::int32_t> segments,
                 context.arena().Make<std::int32_t>(
                     static_cast<std::size_t>(window.height) * static_cast<std::size_t>(across)));
  for (std::int32_t i = 0; i < window.height * across; ++i) {
    segments[static_cast<std::size_t>(i)] =
        i / across * window.dilation_h * static_cast<std::int32_t>(copy.row_bytes) +
        i % across * window.dilation_w * pixel;
  }
  gemm.segments = segments;
  PINHOLE_TRY(PackProduct(context, layout, packer, (together ? window.width : 1) * inputs, gemm));
  params->out_rows = out.dim(1);
  params->out_columns = out.dim(2);
  params->pixel_step = pixel * window.stride_w;
  const bool point = taps == 1 && window.pad_h == 0 && window.pad_w == 0;
  copy.direct = point && (copy.type == DataType::kFloat ||
                          (copy.type == DataType::kSigned && inputs % packer.group() == 0));
  if (copy.direct) {
    copy.row_bytes = static_cast<std::uint32_t>(in.shape.dim(2) * pixel);
  }
  params->flat = window.stride_h == 1 && copy.span_h == 1 &&
                 static_cast<std::int64_t>(copy.row_bytes) ==
                     static_cast<std::int64_t>(out.dim(2)) * params->pixel_step;
  params->row_products = static_cast<std::uint64_t>(out.dim(2)) *
                         static_cast<std::uint64_t>(out.dim(3)) *
                         static_cast<std::uint64_t>(taps) * static_cast<std::uint64_t>(inputs);
  params->packed = true;
  prepared.scratch_bytes = ScratchBytes(copy);
  prepared.taken_inputs = kWeightsAndBias;
  return prepared;
}

template <typename Options>
Window WindowOf(const Options& options, const Shape& weights, const ref::WindowSumParams& ref) {
  return {weights.dim(1),     weights.dim(2),     options.stride_h, options.stride_w,
          options.dilation_h, options.dilation_w, ref.pad_h,        ref.pad_w};
}

// Taps and weights of a depthwise convolution, `period` lanes in all, for blocks whose lanes are
// known.
base::Status PackTaps(PrepareContext& context, const Layout& layout, Packer& packer,
                      std::int32_t taps, std::span<Block> blocks, DepthwiseParams& params) {
  Gemm& gemm = params.gemm;
  const int group = packer.group();
  const std::int32_t channels = gemm.out_channels;
  const auto padded = (taps + group - 1) / group * group;
  for (Block& block : blocks) {
    const auto channel_of = [&](int byte) {
      const std::int32_t at = block.first + byte;
      return params.flat ? at % channels : at < channels ? at : -1;
    };
    PINHOLE_TRY(packer.PackFinish(block, gemm.finish, channel_of));
    const std::ptrdiff_t vector_weights = static_cast<std::ptrdiff_t>(layout.lanes) * group;
    const int bytes = packer.weight_bytes() / group;
    PINHOLE_ASSIGN(const std::span<std::byte> memory,
                   context.TakePacked(static_cast<std::size_t>(vector_weights * block.vectors *
                                                               (padded / group) * bytes)));
    std::memset(memory.data(), 0, memory.size());
    block.weights = memory.data();
    for (int v = 0; v < block.vectors; ++v) {
      for (int lane = 0; lane < layout.lanes; ++lane) {
        const std::int32_t c = channel_of(packer.ByteOf(block.vectors, v, lane));
        for (std::int32_t t = 0; c >= 0 && t < taps; ++t) {
          packer.PutWeight(
              memory.data(),
              t / group * block.vectors * vector_weights +
                  packer.PlaceIn(layout.window_place, block.vectors, v, lane, t % group),
              c, t);
        }
      }
    }
  }
  gemm.blocks = blocks;
  return {};
}

// Where each tap's data begin, seen from the first one's; filled up to whole groups.
base::Status PlaceTaps(PrepareContext& context, const Window& window, const Packer& packer,
                       DepthwiseParams& params) {
  const int group = packer.group();
  const std::int32_t taps = window.height * window.width;
  const RowCopy& copy = params.copy;
  const std::int32_t pixel = params.gemm.out_channels * packer.data_bytes();
  PINHOLE_ASSIGN(const std::span<std::int32_t> segments,
                 context.arena().Make<std::int32_t>(
                     static_cast<std::size_t>((taps + group - 1) / group * group)));
  for (std::size_t i = 0; i < segments.size(); ++i) {
    const std::int32_t tap = std::min(static_cast<std::int32_t>(i), taps - 1);
    const std::int32_t x = tap % window.width * window.dilation_w;
    segments[i] = tap / window.width * window.dilation_h *
                      static_cast<std::int32_t>(copy.row_bytes) +
                  (x % copy.phases * copy.phase_columns + x / copy.phases) * pixel;
  }
  params.gemm.segments = segments;
  return {};
}

// Blocks of four vectors one behind the other over `lanes` lanes.
base::Result<std::span<Block>> BlocksOver(PrepareContext& context, const Layout& layout,
                                          std::int32_t lanes) {
  const std::int32_t whole = kMaxVectors * layout.lanes;
  PINHOLE_ASSIGN(const std::span<Block> blocks,
                 context.arena().Make<Block>(static_cast<std::size_t>(lanes / whole)));
  std::int32_t first = 0;
  for (Block& block : blocks) {
    block = {nullptr, nullptr, first, whole, kMaxVectors};
    first += whole;
  }
  return blocks;
}

// Columns are walked block by block of channels: at most a third of the lanes may be idle.
bool WalksColumns(const Layout& layout, const Window& window, std::int32_t channels) {
  const std::int32_t lanes = kMaxVectors * layout.lanes;
  const std::int32_t idle = (lanes - channels % lanes) % lanes;
  return layout.walks_columns && window.width == 3 && window.height >= 2 && window.height <= 4 &&
         window.dilation_w == 1 && window.stride_w <= 2 && idle <= channels / 3;
}

bool WalksFloats(const Layout& layout, const Window& window) {
  return layout.walks_floats && window.width == 3 && window.height == 3 &&
         window.dilation_h == 1 && window.dilation_w == 1 && window.stride_w <= 2;
}

// Weights by column: [column][vector][lane][row], zero below the last row; where two rows of outputs
// can be done at once, the same again one row further down.
base::Status PackColumns(PrepareContext& context, const Layout& layout, Packer& packer,
                         const Window& window, std::span<Block> blocks, DepthwiseParams& params) {
  params.column_stride = window.stride_w;
  params.row_pairs = window.stride_w == 1 && window.stride_h == 1 && window.height == 3 &&
                     window.dilation_h == 1;
  for (std::int32_t i = 0; i < 4; ++i) {
    params.column_rows[i] = std::min(i, window.height - 1) * window.dilation_h *
                            static_cast<std::int32_t>(params.copy.row_bytes);
  }
  const int vector_weights = layout.lanes * 4;
  const std::int32_t channels = params.gemm.out_channels;
  for (Block& block : blocks) {
    block.count = std::min(block.count, channels - block.first);
    const auto channel_of = [&](int byte) {
      return byte < block.count ? block.first + byte : -1;
    };
    PINHOLE_TRY(packer.PackFinish(block, params.gemm.finish, channel_of));
    PINHOLE_ASSIGN(const std::span<std::byte> memory,
                   context.TakePacked(static_cast<std::size_t>(
                       3 * kMaxVectors * vector_weights * (params.row_pairs ? 2 : 1))));
    std::memset(memory.data(), 0, memory.size());
    block.weights = memory.data();
    for (int at = 0; at < kMaxVectors * layout.lanes; ++at) {
      const int vector = at / layout.lanes;
      const int lane = at % layout.lanes;
      const std::int32_t c = channel_of(packer.ByteOf(kMaxVectors, vector, lane));
      for (std::int32_t tap = 0; c >= 0 && tap < window.height * 3; ++tap) {
        const std::ptrdiff_t to =
            (tap % 3 * kMaxVectors + vector) * vector_weights + lane * 4 + tap / 3;
        packer.PutWeight(memory.data(), to, c, tap);
        if (params.row_pairs) {
          packer.PutWeight(memory.data(), to + 3 * kMaxVectors * vector_weights + 1, c, tap);
        }
      }
    }
  }
  params.gemm.blocks = blocks;
  return {};
}

// A float window: how it moves, and where it has no tap outside.
void SetFloatWindow(const Window& window, DepthwiseParams& params) {
  const RowCopy& copy = params.copy;
  const std::int32_t span = (window.width - 1) * window.dilation_w + 1;
  const std::int32_t first = (copy.pad_w + window.stride_w - 1) / window.stride_w;
  const std::int32_t room = copy.in_columns + copy.pad_w - span;
  const std::int32_t end = room < 0 ? 0 : room / window.stride_w + 1;
  const std::int32_t first_inside = std::min(first, params.out_columns);
  params.window = {window.height,     window.width,      window.stride_w,
                   window.dilation_h, window.dilation_w, first_inside,
                   std::clamp(end, first_inside, params.out_columns), params.window.walks};
}

}  // namespace

base::Result<Prepared> PrepareConv(PrepareContext& context, const Layout& layout) {
  PINHOLE_ASSIGN(Prepared prepared, ref::kConv2d.prepare(context));
  const auto& ref = *static_cast<const ref::WindowSumParams*>(prepared.params);
  PINHOLE_ASSIGN(ConvParams* const params, context.NewParams<ConvParams>());
  params->ref = prepared.params;
  prepared.params = params;
  Packer packer(context, layout, ref);
  const Tensor& in = *context.input(0);
  const Shape& weights = context.input(1)->shape;
  if (!packer.Suits(in.shape.dim(0)) || weights.dim(3) != in.shape.dim(3)) {
    return prepared;
  }
  const Window window = WindowOf(context.op().options<ConvOptions>(), weights, ref);
  const std::ptrdiff_t depth = weights.dim(3);
  const WeightOrder order{window.height * window.width * depth, 1};
  return PrepareProduct(context, layout, packer, in, context.output(0)->shape, window, order,
                        prepared, params);
}

base::Result<Prepared> PrepareDense(PrepareContext& context, const Layout& layout) {
  PINHOLE_ASSIGN(Prepared prepared, ref::kFullyConnected.prepare(context));
  const auto& ref = *static_cast<const ref::WeightedSumParams*>(prepared.params);
  PINHOLE_ASSIGN(ConvParams* const params, context.NewParams<ConvParams>());
  params->ref = prepared.params;
  prepared.params = params;
  Packer packer(context, layout, ref);
  if (!packer.Suits(1)) {
    return prepared;
  }
  const Shape& weights = context.input(1)->shape;
  const std::int32_t depth = weights.dim(1);
  const auto batches =
      static_cast<std::int32_t>(context.input(0)->shape.element_count() / static_cast<std::size_t>(depth));
  Tensor in = *context.input(0);
  in.shape = {1, batches, 1, depth};
  return PrepareProduct(context, layout, packer, in, {1, batches, 1, weights.dim(0)}, Window{},
                        {depth, 1}, prepared, params);
}

base::Result<Prepared> PrepareDepthwise(PrepareContext& context, const Layout& layout) {
  PINHOLE_ASSIGN(Prepared prepared, ref::kDepthwiseConv2d.prepare(context));
  const auto& ref = *static_cast<const ref::WindowSumParams*>(prepared.params);
  PINHOLE_ASSIGN(DepthwiseParams* const params, context.NewParams<DepthwiseParams>());
  params->ref = prepared.params;
  prepared.params = params;
  Packer packer(context, layout, ref);
  const Tensor& in = *context.input(0);
  const Shape& out = context.output(0)->shape;
  if (!packer.Suits(in.shape.dim(0))) {
    return prepared;
  }
  const Window window =
      WindowOf(context.op().options<DepthwiseConvOptions>(), context.input(1)->shape, ref);
  const std::int32_t taps = window.height * window.width;
  if (in.shape.dim(3) == 1) {
    PINHOLE_ASSIGN(ConvParams* const product, context.NewParams<ConvParams>());
    PINHOLE_ASSIGN(prepared, PrepareProduct(context, layout, packer, in, out, window,
                                            {1, out.dim(3)}, prepared, product));
    params->product = product->packed ? product : nullptr;
    return prepared;
  }
  const bool is_float = in.type == Type::kFloat32;
  Gemm& gemm = params->gemm;
  gemm.out_channels = out.dim(3);
  packer.ForPixels(std::int64_t{out.dim(1)} * out.dim(2));
  params->copy.repeat = gemm.out_channels / in.shape.dim(3);
  const bool by_column = !is_float && WalksColumns(layout, window, gemm.out_channels);
  params->copy.phases = is_float || by_column ? 1 : window.stride_w;
  if ((is_float && (taps > kMaxFloatTaps || params->copy.repeat > 1)) ||
      !packer.ChooseFinish({1, gemm.out_channels}, taps, gemm) ||
      !SetRows(in, out, window, packer, params->copy)) {
    return prepared;
  }
  params->out_rows = out.dim(1);
  params->out_columns = out.dim(2);
  params->row_products = static_cast<std::uint64_t>(out.dim(2)) *
                         static_cast<std::uint64_t>(gemm.out_channels) *
                         static_cast<std::uint64_t>(taps);
  const std::int32_t lanes = kMaxVectors * layout.lanes;
  const std::int64_t period = std::lcm(std::int64_t{gemm.out_channels}, std::int64_t{lanes});
  params->window.walks = is_float && WalksFloats(layout, window);
  params->flat = period <= kMaxPeriod && !by_column && !params->window.walks &&
                 (!is_float || window.stride_w == 1);
  params->period = params->flat ? static_cast<std::int32_t>(period)
                                : (gemm.out_channels + lanes - 1) / lanes * lanes;
  const int most = params->window.walks ? 1 : kMaxVectors;
  PINHOLE_ASSIGN(const std::span<Block> blocks, is_float && !params->flat
                                                    ? packer.MakeBlocks(gemm.out_channels, most)
                                                    : BlocksOver(context, layout, params->period));
  if (by_column) {
    PINHOLE_TRY(PackColumns(context, layout, packer, window, blocks, *params));
    prepared.scratch_bytes = ScratchBytes(params->copy);
    prepared.taken_inputs = kWeightsAndBias;
    params->packed = true;
    return prepared;
  }
  PINHOLE_TRY(PackTaps(context, layout, packer, taps, blocks, *params));
  if (is_float) {
    SetFloatWindow(window, *params);
  } else {
    PINHOLE_TRY(PlaceTaps(context, window, packer, *params));
    prepared.scratch_bytes = ScratchBytes(params->copy);
  }
  prepared.taken_inputs = kWeightsAndBias;
  params->packed = true;
  return prepared;
}

base::Result<Prepared> PrepareAdd(PrepareContext& context, const Layout& layout) {
  PINHOLE_ASSIGN(Prepared prepared, ref::kAdd.prepare(context));
  PINHOLE_ASSIGN(AddParams* const params, context.NewParams<AddParams>());
  params->ref = prepared.params;
  const auto* const ref = static_cast<const ref::AddParams*>(prepared.params);
  prepared.params = params;
  const Tensor& out = *context.output(0);
  const auto same = [&out](const Tensor& in) { return in.shape == out.shape; };
  if (out.type != Type::kInt8 || !same(*context.input(0)) || !same(*context.input(1))) {
    return prepared;
  }
  const auto half = [](base::FixedMultiplier m) {
    return m.fraction == std::int32_t{1} << 30 && m.shift == 0;
  };
  params->swapped = !half(ref->a);
  const base::FixedMultiplier other = params->swapped ? ref->a : ref->b;
  if (!half(params->swapped ? ref->b : ref->a) || other.shift > 0 || ref->out.shift > 1) {
    return prepared;
  }
  const std::int32_t larger_zero = context.input(params->swapped ? 1 : 0)->zero_point;
  const std::int32_t other_zero = context.input(params->swapped ? 0 : 1)->zero_point;
  params->high = other.fraction >> 11;
  params->low = other.fraction & 2047;
  params->low_constant = 1024 - other_zero * params->low;
  params->right = -other.shift;
  params->sign_shift = params->right > 0 ? 31 : 32;
  params->half = params->right > 0 ? std::int32_t{1} << (params->right - 1) : 0;
  params->high_constant = -other_zero * params->high;
  params->larger_constant = -(larger_zero * (1 << 19));
  params->finish.low = static_cast<std::int8_t>(ref->clamp.low);
  params->finish.high = static_cast<std::int8_t>(ref->clamp.high);
  params->finish.out_zero = static_cast<std::int16_t>(out.zero_point);
  const bool positive =
      ref->clamp.low >= out.zero_point && ref->out.shift <= -1 && ref->out.shift >= -22;
  params->finish.finish = positive ? Finish::kPositive : Finish::kSigned;
  PINHOLE_ASSIGN(const std::span<std::byte> record,
                 context.TakePacked(RecordBytes(layout, params->finish.finish)));
  std::memset(record.data(), 0, record.size());
  for (int lane = 0; lane < layout.lanes; ++lane) {
    PutScaling(record.data(), layout, lane, params->finish.finish, ref->out, out.zero_point);
  }
  params->scaling = record.data();
  params->packed = true;
  return prepared;
}

}  // namespace pinhole::engine::kernels::fast
