// SPDX-License-Identifier: Apache-2.0
#include "engine/plan/traffic/emit.h"

#include <algorithm>
#include <array>
#include <map>
#include <optional>

namespace pinhole::engine::plan::traffic {

namespace {

constexpr std::size_t kNoBuffer = ~std::size_t{0};

// An operand of the interval: its buffer, and how rows lie in it.
struct Kept {
  std::size_t buffer = kNoBuffer;
  std::uint64_t offset = 0;
  std::uint32_t held = 1;
  std::uint32_t row_bytes = 0;
  bool whole = false;
  Rows channels = {0, 1};
};

Place PlaceOf(std::int32_t tensor, const Kept& kept) {
  Place place;
  place.tensor = tensor;
  place.held = kept.held;
  place.row_bytes = kept.row_bytes;
  place.begin_channel = kept.channels.begin;
  place.end_channel = kept.channels.end;
  place.whole = kept.whole;
  place.address = InBuffer(kept.buffer, kept.offset);
  return place;
}

// Appends what brings `rows` of an operand to where `kept` says (or back).
void Move(const Operand& operand, const Kept& kept, Rows rows, std::uint32_t channels,
          std::vector<Transfer>& transfers) {
  const bool slice = kept.channels.count() < channels && operand.pixel_bytes > 0;
  while (!rows.empty()) {
    // As many rows as lie behind each other in the ring.
    const std::uint32_t slot = rows.begin % kept.held;
    std::uint32_t run = std::min(rows.count(), kept.held - slot);
    Transfer transfer;
    transfer.tensor = operand.tensor;
    transfer.address = InBuffer(kept.buffer, kept.offset + std::uint64_t{slot} * kept.row_bytes);
    if (operand.pieces > 1) {
      run = 1;
      transfer.pieces = operand.pieces;
      transfer.piece_bytes = operand.row_bytes / operand.pieces;
      transfer.stride = operand.piece_stride;
      transfer.offset = std::uint64_t{rows.begin} * transfer.piece_bytes;
    } else if (slice) {
      const std::uint32_t channel = operand.pixel_bytes / channels;
      transfer.pieces = run * (operand.row_bytes / operand.pixel_bytes);
      transfer.piece_bytes = channel * kept.channels.count();
      transfer.stride = operand.pixel_bytes;
      transfer.offset = std::uint64_t{rows.begin} * operand.row_bytes +
                        std::uint64_t{kept.channels.begin} * channel;
    } else {
      transfer.piece_bytes = run * operand.row_bytes;
      transfer.stride = transfer.piece_bytes;
      transfer.offset = std::uint64_t{rows.begin} * operand.row_bytes;
    }
    if (transfer.pieces == 1 || transfer.stride == transfer.piece_bytes) {
      transfer.piece_bytes *= transfer.pieces;
      transfer.pieces = 1;
      transfer.stride = transfer.piece_bytes;
    }
    transfers.push_back(transfer);
    rows.begin += run;
  }
}

class Emitter {
 public:
  Emitter(const Network& network, const TrafficOptions& options)
      : network_(network), options_(options), in_slow_(network.tensors.size()) {
    for (std::size_t t = 0; t < network.tensors.size(); ++t) {
      in_slow_[t] = network.tensors[t].input;
    }
    draft_.plan.fast_bytes = options.fast_bytes;
  }

  base::Result<Draft> Make(const Found& found, base::Diagnosis& why) {
    draft_.plan.cut_short = found.cut_short;
    for (const Choice& choice : found.choices) {
      Evict(choice.evicted);
      Interval interval;
      interval.first_work = choice.first;
      interval.end_work = choice.end;
      interval.first_step = static_cast<std::uint32_t>(plan().steps.size());
      interval.rows = choice.rows;
      plan().intervals.push_back(interval);
      if (!(choice.rows ? EmitGroup(choice) : EmitTiles(choice))) {
        return why.Fail(base::Error::kTooLarge, "the plan would have more than ", kMostSteps,
                        " steps, at ", network_.NameOf(network_.works[choice.first]),
                        ": give more fast memory");
      }
      plan().intervals.back().end_step = static_cast<std::uint32_t>(plan().steps.size());
      Settle(choice);
    }
    Evict(found.evicted);
    return std::move(draft_);
  }

 private:
  TrafficPlan& plan() { return draft_.plan; }
  [[nodiscard]] std::uint32_t now() const {
    return static_cast<std::uint32_t>(draft_.plan.intervals.size()) - 1;
  }
  [[nodiscard]] const NetworkTensor& tensor(std::int32_t t) const {
    return network_.tensors[static_cast<std::size_t>(t)];
  }

  std::size_t NewBuffer(std::uint64_t bytes) {
    draft_.buffers.push_back({bytes, now(), now()});
    return draft_.buffers.size() - 1;
  }
  // The buffer of a tensor that is there as a whole.
  std::size_t Resident(std::int32_t t) {
    const auto known = residents_.find(t);
    if (known != residents_.end()) {
      draft_.buffers[known->second].last = now();
      return known->second;
    }
    return residents_[t] = NewBuffer(tensor(t).bytes);
  }
  Kept Whole(const Operand& operand, std::uint32_t channels) {
    return {Resident(operand.tensor), 0, operand.rows, operand.row_bytes, true, {0, channels}};
  }
  // All of a tensor at once.
  void MoveAll(std::int32_t t, std::vector<Transfer>& transfers) {
    Transfer transfer;
    transfer.tensor = t;
    transfer.piece_bytes = tensor(t).bytes;
    transfer.stride = transfer.piece_bytes;
    transfer.address = InBuffer(residents_.at(t), 0);
    transfers.push_back(transfer);
  }

  void Evict(const std::vector<std::int32_t>& evicted) {
    for (const std::int32_t t : evicted) {
      if (!in_slow_[static_cast<std::size_t>(t)] && !plan().steps.empty()) {
        MoveAll(t, plan().steps.back().spills);
        in_slow_[static_cast<std::size_t>(t)] = true;
      }
      residents_.erase(t);
    }
  }
  // After an interval: what stays, and what lies in slow memory now.
  void Settle(const Choice& choice) {
    for (auto one = residents_.begin(); one != residents_.end();) {
      const bool stays =
          std::find(choice.after.begin(), choice.after.end(), one->first) != choice.after.end();
      if (stays) {
        draft_.buffers[one->second].last = now();
        ++one;
      } else {
        one = residents_.erase(one);
      }
    }
  }

  // Constants of `channels` of a work, packed behind what is packed so far.
  void FillConstants(const Work& work, Rows channels, std::uint64_t address, Step& step) {
    if (work.channel_bytes == 0) {
      return;
    }
    const auto key = std::make_pair(step.work, channels.begin);
    auto known = packed_.find(key);
    if (known == packed_.end()) {
      known = packed_.emplace(key, plan().packed_bytes).first;
      plan().packing.push_back({step.work, channels, plan().packed_bytes});
      plan().packed_bytes += work.channel_bytes * channels.count();
    }
    Transfer transfer;
    transfer.offset = known->second;
    transfer.piece_bytes = static_cast<std::uint32_t>(work.channel_bytes * channels.count());
    transfer.stride = transfer.piece_bytes;
    transfer.address = address;
    step.fills.push_back(transfer);
  }

  bool EmitGroup(const Choice& chosen);
  bool EmitTiles(const Choice& choice);
  struct TileBuffers;
  void EmitTile(const Work& work, const Tiling& tiling, TileBuffers& buffers, std::uint32_t stripe,
                std::uint32_t tile);
  void FillTileInputs(const Work& work, const Tiling& tiling, TileBuffers& buffers,
                      std::uint32_t stripe, std::uint32_t tile, Step& step);
  void PlaceTileOutputs(const Work& work, const Tiling& tiling, TileBuffers& buffers,
                        std::uint32_t stripe, std::uint32_t tile, Step& step);

  const Network& network_;
  const TrafficOptions& options_;
  Draft draft_;
  std::vector<bool> in_slow_;                      // per tensor: its bytes are right there
  std::map<std::int32_t, std::size_t> residents_;  // tensor to buffer
  std::map<std::pair<std::uint32_t, std::uint32_t>, std::uint64_t> packed_;
};

bool Emitter::EmitGroup(const Choice& chosen) {
  const Group group(network_, chosen.first, chosen.end, chosen.turn_rows);
  if (plan().steps.size() + group.steps().size() > kMostSteps) {
    return false;
  }
  std::vector<Stay> stays;
  std::vector<Kept> kept;
  for (const GroupTensor& one : group.tensors()) {
    stays.push_back(
        StayOf(network_, one.tensor, one.produced, chosen.end, chosen.before, chosen.after));
    const bool whole =
        stays.back() == Stay::kResident || stays.back() == Stay::kCaptured || !one.streams;
    if (whole) {
      kept.push_back(Whole(*one.view, 1));
    } else {
      const std::uint64_t bytes = std::uint64_t{one.ring} * one.view->row_bytes;
      kept.push_back({NewBuffer(bytes), 0, one.ring, one.view->row_bytes, false, {0, 1}});
    }
  }
  std::map<std::uint32_t, std::size_t> constants;  // of works that have begun
  Group::Progress progress = group.Begin();
  for (const GroupStep& turn : group.steps()) {
    const Work& work = network_.works[turn.work];
    Step step;
    step.work = turn.work;
    step.rows = turn.rows;
    step.channels = {0, work.channels};
    for (const Operand& in : work.inputs) {
      const auto i = static_cast<std::size_t>(group.IndexOf(in.tensor));
      Kept here = kept[i];
      if (here.whole) {
        here.held = in.rows;
        here.row_bytes = in.row_bytes;
      }
      here.channels = {0, work.channelwise ? work.channels : 1};
      step.inputs.push_back(PlaceOf(in.tensor, here));
      if (group.tensors()[i].produced || stays[i] == Stay::kResident) {
        continue;
      }
      if (here.whole && (!group.tensors()[i].streams || in.pieces > 1)) {
        if (progress.filled[i] == 0) {
          MoveAll(in.tensor, step.fills);
          progress.filled[i] = in.rows;
        }
      } else if (const Rows rows = group.Fill(turn, i, stays[i] == Stay::kCaptured, progress);
                 !rows.empty()) {
        Move(in, here, rows, here.channels.count(), step.fills);
      }
    }
    auto own = constants.find(turn.work);
    if (own == constants.end()) {
      const std::size_t buffer =
          work.channel_bytes > 0 ? NewBuffer(work.constant_bytes()) : kNoBuffer;
      own = constants.emplace(turn.work, buffer).first;
      if (buffer != kNoBuffer) {
        FillConstants(work, step.channels, InBuffer(buffer, 0), step);
      }
    }
    step.constants = own->second == kNoBuffer ? 0 : InBuffer(own->second, 0);
    const auto out = static_cast<std::size_t>(group.IndexOf(work.outputs[0].tensor));
    kept[out].channels = step.channels;
    step.outputs.push_back(PlaceOf(work.outputs[0].tensor, kept[out]));
    if (stays[out] == Stay::kStreams) {
      Move(work.outputs[0], kept[out], turn.rows, work.channels, step.spills);
      in_slow_[static_cast<std::size_t>(work.outputs[0].tensor)] = true;
    }
    group.Finish(turn, progress);
    plan().steps.push_back(std::move(step));
  }
  return true;
}

struct Emitter::TileBuffers {
  std::vector<Stay> inputs, outputs;
  std::vector<Kept> in;
  std::vector<std::uint32_t> filled;  // rows of each input that are there, of this pass
  std::array<std::size_t, 2> constants{kNoBuffer, kNoBuffer};
  std::uint32_t constant_slots = 1;
  std::vector<std::array<std::size_t, 2>> out;  // slots of outputs that aren't kept
  std::uint32_t output_slots = 1;
  std::uint32_t made = 0;  // steps so far
};

bool Emitter::EmitTiles(const Choice& choice) {
  const Work& work = network_.works[choice.first];
  const Tiling& tiling = choice.tiling;
  TileBuffers buffers;
  StaysOf(network_, choice, buffers.inputs, buffers.outputs);
  const Tiler tiler(work, buffers.inputs, buffers.outputs, options_.line_bytes);
  const std::uint64_t steps = std::uint64_t{tiling.Stripes(work)} * tiling.Tiles(work);
  if (plan().steps.size() + steps > kMostSteps) {
    return false;
  }
  for (std::size_t i = 0; i < work.inputs.size(); ++i) {
    const Operand& in = work.inputs[i];
    if (tiler.IsWhole(i, tiling)) {
      buffers.in.push_back(Whole(in, work.channelwise ? work.channels : 1));
      continue;
    }
    const std::uint32_t held = tiler.HeldRows(i, tiling);
    const std::uint32_t row =
        tiling.sliced ? in.row_bytes / work.channels * tiling.tile : in.row_bytes;
    buffers.in.push_back({NewBuffer(std::uint64_t{held} * row),
                          0,
                          held,
                          row,
                          false,
                          {0, work.channelwise ? work.channels : 1}});
  }
  buffers.filled.resize(work.inputs.size());
  buffers.constant_slots = tiler.ConstantSlots(tiling);
  for (std::uint32_t s = 0; s < buffers.constant_slots && work.channel_bytes > 0; ++s) {
    buffers.constants[s] = NewBuffer(work.channel_bytes * std::min(tiling.tile, work.channels));
  }
  buffers.output_slots = tiler.OutputSlots(tiling);
  for (std::size_t o = 0; o < work.outputs.size(); ++o) {
    const Operand& out = work.outputs[o];
    buffers.out.push_back({kNoBuffer, kNoBuffer});
    const std::uint64_t row = tiling.outer == Tiling::Outer::kRows
                                  ? out.row_bytes
                                  : out.row_bytes / work.channels * tiling.tile;
    for (std::uint32_t s = 0; s < buffers.output_slots && buffers.outputs[o] != Stay::kResident;
         ++s) {
      buffers.out[o][s] = NewBuffer(std::min(tiling.stripe, out.rows) * row);
    }
  }
  const std::uint32_t stripes = tiling.Stripes(work);
  const std::uint32_t tiles = tiling.Tiles(work);
  const bool by_rows = tiling.outer == Tiling::Outer::kRows;
  for (std::uint32_t a = 0; a < (by_rows ? stripes : tiles); ++a) {
    for (std::uint32_t b = 0; b < (by_rows ? tiles : stripes); ++b) {
      EmitTile(work, tiling, buffers, by_rows ? a : b, by_rows ? b : a);
    }
  }
  return true;
}

void Emitter::FillTileInputs(const Work& work, const Tiling& tiling, TileBuffers& buffers,
                             std::uint32_t stripe, std::uint32_t tile, Step& step) {
  const bool new_pass = tiling.outer == Tiling::Outer::kChannels && stripe == 0 && tile > 0;
  for (std::size_t i = 0; i < work.inputs.size(); ++i) {
    const Operand& in = work.inputs[i];
    Kept& kept = buffers.in[i];
    if (tiling.sliced) {
      kept.channels = step.channels;
      kept.row_bytes = in.row_bytes / work.channels * step.channels.count();
    }
    step.inputs.push_back(PlaceOf(in.tensor, kept));
    if (buffers.inputs[i] == Stay::kResident) {
      continue;
    }
    const bool again =
        std::any_of(work.inputs.begin(), work.inputs.begin() + static_cast<std::ptrdiff_t>(i),
                    [&](const Operand& other) { return kept.whole && other.tensor == in.tensor; });
    if (again) {
      continue;
    }
    if (new_pass && !kept.whole) {
      buffers.filled[i] = 0;
    }
    Rows need = in.window.Need(step.rows, in.rows);
    if (buffers.inputs[i] == Stay::kCaptured) {  // all of it, for whoever comes later
      need.begin = 0;
      need.end = step.rows.end == work.rows() ? in.rows : need.end;
    }
    const Rows rows = {std::max(need.begin, buffers.filled[i]), need.end};
    if (rows.empty()) {
      continue;
    }
    buffers.filled[i] = need.end;
    if (kept.whole && in.pieces > 1) {
      MoveAll(in.tensor, step.fills);
      buffers.filled[i] = in.rows;
    } else {
      Move(in, kept, rows, work.channelwise ? work.channels : 1, step.fills);
    }
  }
}

void Emitter::PlaceTileOutputs(const Work& work, const Tiling& tiling, TileBuffers& buffers,
                               std::uint32_t stripe, std::uint32_t tile, Step& step) {
  const bool by_rows = tiling.outer == Tiling::Outer::kRows;
  for (std::size_t o = 0; o < work.outputs.size(); ++o) {
    const Operand& out = work.outputs[o];
    if (buffers.outputs[o] == Stay::kResident) {
      step.outputs.push_back(PlaceOf(out.tensor, Whole(out, work.channels)));
      continue;
    }
    Kept kept;
    const std::uint32_t slot = (by_rows ? stripe : buffers.made) % buffers.output_slots;
    kept.buffer = buffers.out[o][slot];
    kept.held = std::min(tiling.stripe, out.rows);
    kept.channels = by_rows ? Rows{0, work.channels} : step.channels;
    kept.row_bytes = out.row_bytes / work.channels * kept.channels.count();
    step.outputs.push_back(PlaceOf(out.tensor, kept));
    const bool done = !by_rows || tile + 1 == tiling.Tiles(work);
    if (done && buffers.outputs[o] == Stay::kStreams) {
      const Rows rows = work.outputs.size() > 1 ? Rows{0, out.rows} : step.rows;
      Move(out, kept, rows, work.channels, step.spills);
      in_slow_[static_cast<std::size_t>(out.tensor)] = true;
    }
  }
}

void Emitter::EmitTile(const Work& work, const Tiling& tiling, TileBuffers& buffers,
                       std::uint32_t stripe, std::uint32_t tile) {
  const auto part = [](std::uint32_t index, std::uint32_t size, std::uint32_t all) {
    return Rows{index * size, std::min(all, (index + 1) * size)};
  };
  Step step;
  step.work = static_cast<std::uint32_t>(&work - network_.works.data());
  step.rows = part(stripe, tiling.stripe, work.rows());
  step.channels = part(tile, tiling.tile, work.channels);
  FillTileInputs(work, tiling, buffers, stripe, tile, step);
  if (work.channel_bytes > 0) {
    // By rows, the tiles go round and round through the slots.
    const bool by_rows = tiling.outer == Tiling::Outer::kRows;
    const std::uint32_t slot = (by_rows ? buffers.made : tile) % buffers.constant_slots;
    const bool stay = by_rows && tiling.Tiles(work) <= buffers.constant_slots;
    step.constants = InBuffer(buffers.constants[slot], 0);
    if (by_rows ? !stay || stripe == 0 : stripe == 0) {
      FillConstants(work, step.channels, step.constants, step);
    }
  }
  PlaceTileOutputs(work, tiling, buffers, stripe, tile, step);
  plan().steps.push_back(std::move(step));
  ++buffers.made;
}

}  // namespace

base::Result<Draft> Emit(const Network& network, const Found& found, const TrafficOptions& options,
                         base::Diagnosis& why) {
  return Emitter(network, options).Make(found, why);
}

}  // namespace pinhole::engine::plan::traffic
