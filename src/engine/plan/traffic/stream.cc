// SPDX-License-Identifier: Apache-2.0
#include "engine/plan/traffic/stream.h"

#include <map>

#include "base/arena.h"
#include "engine/plan/packing.h"

namespace pinhole::engine::plan::traffic {

namespace {

constexpr std::uint64_t kAlign = 64;
constexpr std::uint64_t Aligned(std::uint64_t bytes) {
  return (bytes + kAlign - 1) / kAlign * kAlign;
}

class Walker {
 public:
  Walker(const Network& network, const TrafficPlan& plan, Order order)
      : network_(network), plan_(plan), order_(order) {
    PlaceTensors();
    PlaceConstants();
  }

  // The end of all addresses.
  [[nodiscard]] std::uint64_t end() const { return end_; }

  void Run(const Visit& visit) {
    visit_ = &visit;
    if (order_ == Order::kLayers) {
      for (const Work& work : network_.works) {
        Compute(work, {0, work.rows()}, {0, work.channels}, nullptr);
      }
    } else {
      for (const Step& step : plan_.steps) {
        Compute(network_.works[step.work], step.rows, step.channels, &step);
      }
    }
  }
  // What has to be in slow memory in the end.
  void Flush(Cache& cache) const {
    for (std::size_t t = 0; t < network_.tensors.size(); ++t) {
      if (network_.tensors[t].output && network_.tensors[t].producer >= 0) {
        cache.Flush(homes_[t], homes_[t] + network_.tensors[t].bytes);
      }
    }
  }

 private:
  // When tensors live: in works, or in the plan's intervals, whose works run together.
  [[nodiscard]] std::vector<std::uint32_t> Times() const {
    std::vector<std::uint32_t> times(network_.works.size());
    for (std::size_t w = 0; w < times.size(); ++w) {
      times[w] = static_cast<std::uint32_t>(w) + 1;
    }
    if (order_ != Order::kLayers) {
      for (std::size_t q = 0; q < plan_.intervals.size(); ++q) {
        for (std::uint32_t w = plan_.intervals[q].first_work; w < plan_.intervals[q].end_work;
             ++w) {
          times[w] = static_cast<std::uint32_t>(q) + 1;
        }
      }
    }
    return times;
  }

  // Tensors as the engine's memory plan would lay them: packed by lifetime.
  void PlaceTensors() {
    const std::vector<std::uint32_t> times = Times();
    const std::uint32_t end = (times.empty() ? 0 : times.back()) + 1;
    homes_.assign(network_.tensors.size(), 0);
    std::vector<Segment> segments;
    std::vector<bool> in_slow(network_.tensors.size());
    for (const Step& step : plan_.steps) {
      for (const auto* transfers : {&step.fills, &step.spills}) {
        for (const Transfer& one : *transfers) {
          if (one.tensor != kConstants) {
            in_slow[static_cast<std::size_t>(one.tensor)] = true;
          }
        }
      }
    }
    for (std::size_t t = 0; t < network_.tensors.size(); ++t) {
      const NetworkTensor& tensor = network_.tensors[t];
      in_rings_.push_back(order_ == Order::kRings && !in_slow[t]);
      if (in_rings_[t] || (tensor.last_use < 0 && tensor.producer < 0)) {
        continue;
      }
      const auto last = static_cast<std::size_t>(std::max(tensor.last_use, tensor.producer));
      Segment segment;
      segment.block = static_cast<std::uint32_t>(t);
      segment.first = tensor.producer < 0 ? 0 : times[static_cast<std::size_t>(tensor.producer)];
      segment.last = last < times.size() ? times[last] : end;
      segment.units = static_cast<std::uint32_t>(Aligned(tensor.bytes) / kAlign);
      segments.push_back(segment);
    }
    std::vector<std::byte> memory((segments.size() + end + 64) * 256);
    base::Arena arena(memory);
    const Effort effort = segments.size() > 1000 ? Effort::kQuick : Effort::kThorough;
    const auto packed = Pack(segments, end + 1, 0x7FFFFFFFU, LargeBlocks{}, effort, arena);
    for (const Segment& segment : segments) {
      homes_[segment.block] = packed ? segment.offset * kAlign : 0;
    }
    tensors_end_ = packed ? packed->units * kAlign : 0;
  }

  void PlaceConstants() {
    fast_ = tensors_end_;
    const std::uint64_t begin = fast_ + (order_ == Order::kRings ? Aligned(plan_.used_bytes) : 0);
    if (order_ == Order::kLayers) {
      std::uint64_t at = begin;
      for (std::size_t w = 0; w < network_.works.size(); ++w) {
        constants_[{static_cast<std::uint32_t>(w), 0}] = at;
        at += Aligned(network_.works[w].constant_bytes());
      }
      end_ = at;
      return;
    }
    end_ = begin + plan_.packed_bytes;
    for (const PackedPiece& piece : plan_.packing) {
      constants_[{piece.work, piece.channels.begin}] = begin + piece.offset;
    }
  }

  void Compute(const Work& work, Rows rows, Rows channels, const Step* step) {
    const auto index = static_cast<std::uint32_t>(&work - network_.works.data());
    for (std::uint32_t r = rows.begin; r < rows.end; ++r) {
      for (std::size_t i = 0; i < work.inputs.size(); ++i) {
        const Operand& in = work.inputs[i];
        const Rows need = in.window.Need({r, r + 1}, in.rows);
        for (std::uint32_t row = need.begin; row < need.end; ++row) {
          TouchRow(in, row, work.channelwise ? channels : Rows{0, 1},
                   work.channelwise ? work.channels : 1, step ? &step->inputs[i] : nullptr, false);
        }
      }
      if (work.channel_bytes > 0) {
        (*visit_)(constants_.at({index, channels.begin}), work.channel_bytes* channels.count(),
                  false);
      }
      for (std::size_t o = 0; o < work.outputs.size(); ++o) {
        TouchRow(work.outputs[o], work.outputs.size() > 1 ? 0 : r, channels, work.channels,
                 step ? &step->outputs[o] : nullptr, true);
      }
    }
  }

  // One row of an operand, or some channels of it.
  void TouchRow(const Operand& operand, std::uint32_t row, Rows channels, std::uint32_t all,
                const Place* place, bool write) {
    const auto t = static_cast<std::size_t>(operand.tensor);
    const bool ring = place != nullptr && in_rings_[t];
    const std::uint32_t piece = operand.row_bytes / operand.pieces;
    std::uint64_t address = homes_[t] + std::uint64_t{row} * piece;
    std::uint32_t pixel = operand.pixel_bytes;
    std::uint32_t first = channels.begin;
    if (ring && (operand.pieces == 1 || !place->whole)) {
      address = fast_ + place->address + std::uint64_t{row % place->held} * place->row_bytes;
      pixel = operand.pixel_bytes / all * (place->end_channel - place->begin_channel);
      first -= place->begin_channel;
    } else if (ring) {
      address = fast_ + place->address + std::uint64_t{row} * piece;
    }
    if (operand.pieces > 1) {
      for (std::uint32_t p = 0; p < operand.pieces; ++p) {
        (*visit_)(address + std::uint64_t{p} * operand.piece_stride, piece, write);
      }
    } else if (channels.count() == all) {
      (*visit_)(address, operand.row_bytes, write);
    } else {
      const std::uint32_t channel = operand.pixel_bytes / all;
      for (std::uint32_t x = 0; x < operand.row_bytes / operand.pixel_bytes; ++x) {
        (*visit_)(address + std::uint64_t{x} * pixel + std::uint64_t{first} * channel,
                  std::uint64_t{channel} * channels.count(), write);
      }
    }
  }

  const Network& network_;
  const TrafficPlan& plan_;
  Order order_;
  const Visit* visit_ = nullptr;
  std::vector<std::uint64_t> homes_;  // per tensor
  std::vector<bool> in_rings_;        // per tensor: lies only in what stands for fast memory
  std::uint64_t tensors_end_ = 0;
  std::uint64_t end_ = 0;
  std::uint64_t fast_ = 0;  // where what stands for fast memory begins
  std::map<std::pair<std::uint32_t, std::uint32_t>, std::uint64_t> constants_;
};

}  // namespace

std::uint64_t VisitAccesses(const Network& network, const TrafficPlan& plan, Order order,
                            const Visit& visit) {
  Walker walker(network, plan, order);
  walker.Run(visit);
  return walker.end();
}

void RunThroughCache(const Network& network, const TrafficPlan& plan, Order order, Cache& cache) {
  Walker walker(network, plan, order);
  walker.Run([&cache](std::uint64_t address, std::uint64_t bytes, bool write) {
    cache.Access(address, bytes, write);
  });
  walker.Flush(cache);
}

}  // namespace pinhole::engine::plan::traffic
