// SPDX-License-Identifier: Apache-2.0
#include "engine/plan/traffic/layout.h"

#include <algorithm>
#include <array>
#include <numeric>
#include <tuple>

#include "base/arena.h"
#include "engine/plan/packing.h"

namespace pinhole::engine::plan::traffic {

namespace {

// The packing's cost is the square of this; more buffers go to the lowest free place, one by one.
constexpr std::size_t kMostPacked = 1500;

std::vector<std::uint64_t> PackTightly(const std::vector<Buffer>& buffers, std::uint32_t intervals,
                                       std::uint64_t fast_bytes) {
  std::vector<Segment> segments;
  for (std::size_t b = 0; b < buffers.size(); ++b) {
    Segment segment;
    segment.block = static_cast<std::uint32_t>(b);
    segment.first = buffers[b].first;
    segment.last = buffers[b].last;
    segment.units = static_cast<std::uint32_t>(AlignedFast(buffers[b].bytes) / kFastAlignment);
    segments.push_back(segment);
  }
  std::vector<std::byte> memory((segments.size() + intervals + 64) * 256);
  base::Arena arena(memory);
  const auto packed =
      Pack(segments, intervals, static_cast<std::uint32_t>(fast_bytes / kFastAlignment),
           LargeBlocks{}, Effort::kThorough, arena);
  std::vector<std::uint64_t> addresses;
  if (packed) {
    addresses.resize(buffers.size());
    for (const Segment& segment : segments) {
      addresses[segment.block] = std::uint64_t{segment.offset} * kFastAlignment;
    }
  }
  return addresses;
}

std::vector<std::uint64_t> PackInOrder(const std::vector<Buffer>& buffers,
                                       std::uint64_t fast_bytes) {
  std::vector<std::size_t> order(buffers.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  // Buffers come in the order of their first interval; of one interval those that stay go first.
  std::sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) {
    return std::make_tuple(buffers[a].first, buffers[b].last, a) <
           std::make_tuple(buffers[b].first, buffers[a].last, b);
  });
  std::vector<std::uint64_t> addresses(buffers.size());
  std::vector<std::size_t> present;  // by address
  for (const std::size_t b : order) {
    std::erase_if(present, [&](std::size_t p) { return buffers[p].last < buffers[b].first; });
    std::uint64_t at = 0;
    auto before = present.begin();
    for (; before != present.end() && at + buffers[b].bytes > addresses[*before]; ++before) {
      at = addresses[*before] + AlignedFast(buffers[*before].bytes);
    }
    if (at + AlignedFast(buffers[b].bytes) > fast_bytes) {
      return {};
    }
    addresses[b] = at;
    present.insert(before, b);
  }
  return addresses;
}

struct Range {
  std::uint64_t begin = 0, end = 0;
};
bool Meet(const std::vector<Range>& a, const std::vector<Range>& b) {
  for (const Range& x : a) {
    for (const Range& y : b) {
      if (x.begin < y.end && y.begin < x.end) {
        return true;
      }
    }
  }
  return false;
}

// What a step touches in fast memory, and in slow memory.
struct Touched {
  std::vector<Range> reads, writes, fills, spills, slow_reads, slow_writes;
};

void AddRows(const Place& place, Rows rows, std::vector<Range>& ranges) {
  if (rows.empty()) {
    return;
  }
  if (rows.count() >= place.held) {
    ranges.push_back({place.address, place.address + std::uint64_t{place.held} * place.row_bytes});
    return;
  }
  while (!rows.empty()) {
    const std::uint32_t slot = rows.begin % place.held;
    const std::uint32_t run = std::min(rows.count(), place.held - slot);
    const std::uint64_t begin = place.address + std::uint64_t{slot} * place.row_bytes;
    ranges.push_back({begin, begin + std::uint64_t{run} * place.row_bytes});
    rows.begin += run;
  }
}

class Layout {
 public:
  Layout(const Network& network, Draft& draft)
      : network_(network), plan_(draft.plan), buffers_(draft.buffers) {}

  bool Place(std::uint64_t fast_bytes) {
    // First try with constants' and inputs' places free one interval earlier, so that they can be
    // filled while the interval before ends.
    const auto intervals = static_cast<std::uint32_t>(plan_.intervals.size());
    std::vector<std::uint64_t> addresses;
    if (buffers_.size() <= kMostPacked) {
      addresses = PackTightly(Earlier(fast_bytes), intervals, fast_bytes);
      if (addresses.empty() && !buffers_.empty()) {
        addresses = PackTightly(buffers_, intervals, fast_bytes);
      }
    }
    if (addresses.empty() && !buffers_.empty()) {
      addresses = PackInOrder(buffers_, fast_bytes);
      if (addresses.empty()) {
        return false;
      }
    }
    for (std::size_t b = 0; b < buffers_.size(); ++b) {
      plan_.used_bytes = std::max(plan_.used_bytes, addresses[b] + buffers_[b].bytes);
    }
    Resolve(addresses);
    HoldIntervals();
    PlaceInSlowMemory();
    SetWaits();
    Count();
    return true;
  }

 private:
  // The buffers that the first step of an interval fills begin an interval earlier where the sum
  // allows it.
  [[nodiscard]] std::vector<Buffer> Earlier(std::uint64_t fast_bytes) const {
    std::vector<Buffer> earlier = buffers_;
    std::vector<std::uint64_t> sums(plan_.intervals.size());
    for (const Buffer& buffer : buffers_) {
      for (std::uint32_t q = buffer.first; q <= buffer.last; ++q) {
        sums[q] += AlignedFast(buffer.bytes);
      }
    }
    for (std::size_t q = 1; q < plan_.intervals.size(); ++q) {
      for (const Transfer& fill : plan_.steps[plan_.intervals[q].first_step].fills) {
        Buffer& buffer = earlier[BufferOf(fill.address)];
        if (buffer.first == q && sums[q - 1] + AlignedFast(buffer.bytes) <= fast_bytes) {
          --buffer.first;
          sums[q - 1] += AlignedFast(buffer.bytes);
        }
      }
    }
    return earlier;
  }

  void Resolve(const std::vector<std::uint64_t>& addresses) {
    const auto resolve = [&](std::uint64_t& address) {
      address = addresses[BufferOf(address)] + OffsetOf(address);
    };
    for (Step& step : plan_.steps) {
      for (auto* places : {&step.inputs, &step.outputs}) {
        for (auto& place : *places) {
          resolve(place.address);
        }
      }
      for (auto* transfers : {&step.fills, &step.spills}) {
        for (Transfer& transfer : *transfers) {
          resolve(transfer.address);
        }
      }
      if (network_.works[step.work].channel_bytes > 0) {
        resolve(step.constants);
      }
    }
  }

  void HoldIntervals() {
    for (const Buffer& buffer : buffers_) {
      for (std::uint32_t q = buffer.first; q <= buffer.last; ++q) {
        plan_.intervals[q].fast_bytes += static_cast<std::uint32_t>(AlignedFast(buffer.bytes));
      }
    }
  }

  // One behind the other: slow memory is not scarce.
  void PlaceInSlowMemory() {
    std::vector<bool> there(network_.tensors.size());
    for (const Step& step : plan_.steps) {
      for (const auto* transfers : {&step.fills, &step.spills}) {
        for (const Transfer& transfer : *transfers) {
          if (transfer.tensor != kConstants) {
            there[static_cast<std::size_t>(transfer.tensor)] = true;
          }
        }
      }
    }
    plan_.slow_offsets.assign(network_.tensors.size(), kNoPlace);
    for (std::size_t t = 0; t < there.size(); ++t) {
      const NetworkTensor& tensor = network_.tensors[t];
      if (there[t] || tensor.input || tensor.output) {
        plan_.slow_offsets[t] = plan_.slow_bytes;
        plan_.slow_bytes += (tensor.bytes + 63) / 64 * std::uint64_t{64};
      }
    }
  }

  [[nodiscard]] Touched TouchedBy(const Step& step) const {
    Touched touched;
    const Work& work = network_.works[step.work];
    for (std::size_t i = 0; i < work.inputs.size(); ++i) {
      if (step.inputs[i].whole && work.inputs[i].pieces > 1) {
        AddRows(step.inputs[i], {0, step.inputs[i].held}, touched.reads);
      } else {
        AddRows(step.inputs[i], work.inputs[i].window.Need(step.rows, work.inputs[i].rows),
                touched.reads);
      }
    }
    if (work.channel_bytes > 0) {
      touched.reads.push_back(
          {step.constants, step.constants + work.channel_bytes * step.channels.count()});
    }
    for (std::size_t o = 0; o < work.outputs.size(); ++o) {
      const Rows rows = work.outputs.size() > 1 ? Rows{0, work.outputs[o].rows} : step.rows;
      AddRows(step.outputs[o], rows, touched.writes);
    }
    const auto add = [this](const std::vector<Transfer>& transfers, std::vector<Range>& fast,
                            std::vector<Range>& slow) {
      for (const Transfer& one : transfers) {
        fast.push_back({one.address, one.address + one.bytes()});
        if (one.tensor != kConstants) {
          const std::uint64_t begin =
              plan_.slow_offsets[static_cast<std::size_t>(one.tensor)] + one.offset;
          slow.push_back(
              {begin, begin + std::uint64_t{one.pieces - 1} * one.stride + one.piece_bytes});
        }
      }
    };
    add(step.fills, touched.fills, touched.slow_reads);
    add(step.spills, touched.spills, touched.slow_writes);
    return touched;
  }

  // A step waits where its fills would touch what the step before it touches, or what still has to
  // go to slow memory, or come from there too early; or where it would write over that itself.
  void SetWaits() {
    Touched before_last;
    Touched last;
    for (std::size_t k = 0; k < plan_.steps.size(); ++k) {
      Step& step = plan_.steps[k];
      Touched now = TouchedBy(step);
      step.waits =
          k > 0 && (Meet(now.fills, last.reads) || Meet(now.fills, last.writes) ||
                    Meet(now.fills, last.spills) || Meet(now.fills, before_last.spills) ||
                    Meet(now.writes, last.spills) || Meet(now.slow_reads, last.slow_writes) ||
                    Meet(now.slow_reads, before_last.slow_writes));
      before_last = std::move(last);
      last = std::move(now);
    }
  }

  void Count() {
    for (Interval& interval : plan_.intervals) {
      for (std::uint32_t s = interval.first_step; s < interval.end_step; ++s) {
        const Step& step = plan_.steps[s];
        for (const Transfer& fill : step.fills) {
          (fill.tensor == kConstants ? interval.traffic.constants : interval.traffic.loaded) +=
              fill.bytes();
          plan_.waiting_bytes += step.waits || s == 0 ? fill.bytes() : 0;
        }
        for (const Transfer& spill : step.spills) {
          interval.traffic.spilled += spill.bytes();
        }
      }
      plan_.traffic.constants += interval.traffic.constants;
      plan_.traffic.loaded += interval.traffic.loaded;
      plan_.traffic.spilled += interval.traffic.spilled;
    }
  }

  const Network& network_;
  TrafficPlan& plan_;
  const std::vector<Buffer>& buffers_;
};

}  // namespace

bool LayOut(const Network& network, Draft& draft, std::uint64_t fast_bytes) {
  return Layout(network, draft).Place(fast_bytes);
}

}  // namespace pinhole::engine::plan::traffic
