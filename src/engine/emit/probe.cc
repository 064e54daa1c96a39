// SPDX-License-Identifier: Apache-2.0
#include "engine/emit/probe.h"

#include <algorithm>
#include <utility>

namespace pinhole::engine::emit {

namespace {

constexpr std::size_t kAlignment = 16;

// One operator with memory of its own.
class Bench {
 public:
  Bench(const PreparedModel& model, std::size_t op)
      : graph_(model.graph()),
        op_(graph_.operators[op]),
        step_(model.step(0, op)),
        offsets_(graph_.tensors.size()) {
    std::size_t end = 0;
    const auto place = [&](std::int32_t tensor) {
      if (tensor >= 0 && !graph_.tensor(tensor).is_constant()) {
        offsets_[static_cast<std::size_t>(tensor)] = static_cast<std::uint32_t>(end);
        end += (graph_.tensor(tensor).bytes + kAlignment - 1) / kAlignment * kAlignment;
      }
    };
    std::for_each(op_.inputs.begin(), op_.inputs.end(), place);
    std::for_each(op_.outputs.begin(), op_.outputs.end(), place);
    memory_ = system::AlignedBytes(end);
  }

  // Bytes of an input that is no constant, or of an output.
  [[nodiscard]] std::span<std::byte> bytes(std::int32_t tensor) {
    return memory_.span().subspan(offsets_[static_cast<std::size_t>(tensor)],
                                  graph_.tensor(tensor).bytes);
  }

  [[nodiscard]] bool Run() {
    if (step_.prepared.scratch_bytes > 0 || step_.prepared.state_bytes > 0) {
      return false;
    }
    const kernels::EvalContext::Places places{
        &graph_, offsets_.data(), memory_.span().data(), {}, nullptr};
    return step_.kernel->evaluate({places, op_, step_.prepared.params, {}, {}}).has_value();
  }

 private:
  const Graph& graph_;
  const Operator& op_;
  const PreparedModel::Step& step_;
  std::vector<std::uint32_t> offsets_;
  system::AlignedBytes memory_;
};

// Runs that follow one another at equal distances become one, a loop further out.
std::vector<LearntMove> Nest(const std::vector<LearntMove>& moves, std::size_t level) {
  std::vector<LearntMove> nested;
  for (std::size_t i = 0; i < moves.size();) {
    LearntMove move = moves[i];
    const auto continues = [&](std::size_t next, std::int64_t out_step, std::int64_t in_step) {
      LearntMove other = moves[next];
      const bool at =
          other.out == moves[next - 1].out + out_step && other.in == moves[next - 1].in + in_step;
      other.out = move.out;
      other.in = move.in;
      return at && other == moves[i];
    };
    std::size_t end = i + 1;
    if (end < moves.size()) {
      const std::int64_t out_step = moves[end].out - move.out;
      const std::int64_t in_step = moves[end].in - move.in;
      while (end < moves.size() && continues(end, out_step, in_step)) {
        ++end;
      }
      if (end - i > 1) {
        move.count[level] = static_cast<std::int64_t>(end - i);
        move.out_step[level] = out_step;
        move.in_step[level] = in_step;
      }
    }
    nested.push_back(move);
    i = end;
  }
  return nested;
}

// All levels, after sorting by `key`, then by place: bytes are written once, so that moves can come
// in any order.
template <typename Key>
std::vector<LearntMove> NestBy(std::vector<LearntMove> moves, const Key& key) {
  std::sort(moves.begin(), moves.end(), [&](const LearntMove& one, const LearntMove& other) {
    return std::pair(key(one), one.out) < std::pair(key(other), other.out);
  });
  for (std::size_t level = 3; level-- > 0;) {
    moves = Nest(moves, level);
  }
  return moves;
}

// Bytes that follow one another in both places, or have the same value.
std::vector<LearntMove> RunsOf(const std::vector<Source>& sources) {
  std::vector<LearntMove> runs;
  for (std::size_t i = 0; i < sources.size();) {
    const Source& first = sources[i];
    std::size_t end = i + 1;
    while (end < sources.size() && sources[end].input == first.input &&
           sources[end].at ==
               first.at + (first.input >= 0 ? static_cast<std::int64_t>(end - i) : 0)) {
      ++end;
    }
    LearntMove& move = runs.emplace_back();
    move.input = first.input;
    move.out = static_cast<std::int64_t>(i);
    move.bytes = static_cast<std::int64_t>(end - i);
    if (first.input >= 0) {
      move.in = first.at;
    } else {
      move.fill = static_cast<std::uint8_t>(first.at);
    }
    i = end;
  }
  return runs;
}

}  // namespace

// In the order of the output, by input (CONCATENATION: a strided copy for each), or by input and
// length: the shortest of the three.
std::vector<LearntMove> CompressMoves(const std::vector<Source>& sources) {
  const std::vector<LearntMove> runs = RunsOf(sources);
  std::vector<LearntMove> best =
      NestBy(runs, [](const LearntMove& move) { return move.input < 0; });
  const std::vector<LearntMove> others[] = {
      NestBy(runs, [](const LearntMove& move) { return move.input; }),
      NestBy(runs, [](const LearntMove& move) { return std::pair(move.input, move.bytes); })};
  for (const std::vector<LearntMove>& other : others) {
    if (other.size() < best.size()) {
      best = other;
    }
  }
  return best;
}

std::optional<std::vector<LearntMove>> LearnMoves(const PreparedModel& model, std::size_t op,
                                                  std::size_t output) {
  const Operator& line = model.graph().operators[op];
  const std::int32_t out = line.outputs[output];
  Bench bench(model, op);
  const std::size_t count = model.graph().tensor(out).bytes;
  std::vector<std::uint32_t> ids(count);
  std::vector<bool> constant(count);
  std::vector<std::byte> before(count);
  // Each byte of the inputs has a number; its digits are fed one after the other, each once as it
  // is and once inverted: what does not follow is no copy.
  for (unsigned shift = 0; shift < 32; shift += 8) {
    for (const unsigned invert : {0U, 0xFFU}) {
      std::uint32_t id = 0;
      for (const std::int32_t input : line.inputs) {
        if (input >= 0 && !model.graph().tensor(input).is_constant()) {
          for (std::byte& byte : bench.bytes(input)) {
            byte = static_cast<std::byte>(((id++ >> shift) ^ invert) & 0xFFU);
          }
        }
      }
      if (!bench.Run()) {
        return std::nullopt;
      }
      const std::span<const std::byte> seen = bench.bytes(out);
      for (std::size_t i = 0; i < count; ++i) {
        if (invert == 0) {
          ids[i] |= std::to_integer<std::uint32_t>(seen[i]) << shift;
        } else if (seen[i] == before[i]) {
          constant[i] = true;
        }
      }
      std::copy(seen.begin(), seen.end(), before.begin());
    }
  }
  std::vector<Source> sources(count);
  for (std::size_t i = 0; i < count; ++i) {
    if (constant[i]) {
      sources[i] = {-1, std::to_integer<std::int64_t>(before[i])};
      continue;
    }
    std::int64_t at = ids[i];
    sources[i].at = -1;
    for (std::size_t k = 0; k < line.inputs.size(); ++k) {
      const std::int32_t input = line.inputs[k];
      if (input < 0 || model.graph().tensor(input).is_constant()) {
        continue;
      }
      if (at < model.graph().tensor(input).bytes) {
        sources[i] = {static_cast<int>(k), at};
        break;
      }
      at -= model.graph().tensor(input).bytes;
    }
    if (sources[i].at < 0) {
      return std::nullopt;  // follows the data, but is no copy of them
    }
  }
  return CompressMoves(sources);
}

std::optional<std::array<std::uint8_t, 256>> LearnTable(const PreparedModel& model,
                                                        std::size_t op) {
  const Operator& line = model.graph().operators[op];
  Bench bench(model, op);
  std::array<std::uint8_t, 256> table{};
  const std::size_t count = bench.bytes(line.inputs[0]).size();
  for (std::size_t first = 0; first < table.size(); first += count) {
    const std::span<std::byte> in = bench.bytes(line.inputs[0]);
    for (std::size_t i = 0; i < count; ++i) {
      in[i] = static_cast<std::byte>((first + i) & 0xFFU);
    }
    if (!bench.Run()) {
      return std::nullopt;
    }
    const std::span<const std::byte> out = bench.bytes(line.outputs[0]);
    for (std::size_t i = 0; i < count && first + i < table.size(); ++i) {
      table[first + i] = std::to_integer<std::uint8_t>(out[i]);
    }
  }
  return table;
}

}  // namespace pinhole::engine::emit
