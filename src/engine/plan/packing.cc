// SPDX-License-Identifier: Apache-2.0
#include "engine/plan/packing.h"

#include <algorithm>
#include <array>
#include <limits>
#include <numeric>

namespace pinhole::engine::plan {

namespace {

constexpr std::uint32_t kTooHigh = 0xFFFFFFFFU;
// Beyond this many blocks only one order is tried.
constexpr std::size_t kMaxBlocksToSearch = 2048;
// The rule by which blocks go in order of time; the others are below it.
constexpr int kByStart = 5;
// Rectangles looked at by the search; a PC looks at some 150 million a second.
constexpr std::uint64_t kSearchWork = 2'000'000;

struct Block {
  std::uint32_t begin = 0, end = 0;   // its segments
  std::uint32_t first = 0, last = 0;  // times
  std::uint32_t units = 0;            // from its lowest segment's begin to its highest one's end
  std::uint32_t align = 1;            // of its address
};

// A segment that has its place.
struct Placed {
  std::uint32_t offset, end;
  std::uint32_t first, last;
};

// Addresses that a block cannot begin at: low < address < high.
struct Forbidden {
  std::int64_t low, high;
};
constexpr std::int64_t kNever = std::numeric_limits<std::int64_t>::max();

// From the block's address; once FindBlocks has seen to the shifts.
std::uint32_t Begin(const Segment& segment) { return static_cast<std::uint32_t>(segment.shift); }

class Packer {
 public:
  Packer(std::span<Segment> segments, std::uint32_t times, std::uint32_t limit,
         const LargeBlocks& large)
      : segments_(segments), times_(times), limit_(limit), large_(large) {}

  base::Status Prepare(base::Arena::Scratch& scratch);
  base::Result<Packed> Run(Effort effort);

 private:
  void FindBlocks();
  void FindLiveUnits();
  void SetKeys(int rule);
  void SortByKey();
  std::uint32_t LowestPlace(const Block& block);
  std::uint32_t PlaceAll(std::uint32_t ceiling, bool forget_past = false);
  void Place(const Block& block, std::uint32_t offset);
  void Keep(std::uint32_t height);
  void Try(bool forget_past = false);
  void Search();
  std::uint32_t Random(std::uint32_t below);

  std::span<Segment> segments_;
  std::uint32_t times_;
  std::uint32_t limit_;
  LargeBlocks large_;
  std::span<Block> blocks_;
  std::span<std::int64_t> live_;  // units needed at each time
  std::span<std::uint64_t> keys_;
  std::span<std::uint32_t> order_, offsets_, best_order_, best_offsets_;
  std::span<Placed> placed_;  // by offset; the first placed_count_
  std::span<Forbidden> forbidden_;
  std::size_t placed_count_ = 0;
  std::size_t block_count_ = 0;
  std::uint64_t lower_bound_ = 0;
  std::uint32_t best_ = kTooHigh;
  std::uint64_t work_ = 0;
  std::uint32_t random_ = 1;
};

base::Status Packer::Prepare(base::Arena::Scratch& scratch) {
  std::sort(segments_.begin(), segments_.end(), [](const Segment& a, const Segment& b) {
    return a.block != b.block ? a.block < b.block : a.first < b.first;
  });
  const std::size_t n = segments_.size();
  PINHOLE_ASSIGN(live_, scratch.Make<std::int64_t>(std::size_t{times_} + 1));
  PINHOLE_ASSIGN(keys_, scratch.Make<std::uint64_t>(n));
  PINHOLE_ASSIGN(blocks_, scratch.Make<Block>(n));
  PINHOLE_ASSIGN(order_, scratch.Make<std::uint32_t>(n));
  PINHOLE_ASSIGN(offsets_, scratch.Make<std::uint32_t>(n));
  PINHOLE_ASSIGN(best_order_, scratch.Make<std::uint32_t>(n));
  PINHOLE_ASSIGN(best_offsets_, scratch.Make<std::uint32_t>(n));
  PINHOLE_ASSIGN(placed_, scratch.Make<Placed>(n));
  PINHOLE_ASSIGN(forbidden_, scratch.Make<Forbidden>(n));
  FindBlocks();
  FindLiveUnits();
  return {};
}

// Shifts are made to count from the lowest begin of the block.
void Packer::FindBlocks() {
  for (std::size_t i = 0; i < segments_.size();) {
    Block& block = blocks_[block_count_++];
    std::size_t end = i;
    std::int32_t lowest = segments_[i].shift;
    for (; end < segments_.size() && segments_[end].block == segments_[i].block; ++end) {
      lowest = std::min(lowest, segments_[end].shift);
    }
    block = {static_cast<std::uint32_t>(i), static_cast<std::uint32_t>(end), segments_[i].first,
             segments_[i].last, 0, 1};
    for (; i < end; ++i) {
      Segment& segment = segments_[i];
      segment.shift -= lowest;
      block.last = std::max(block.last, segment.last);
      block.units = std::max(block.units, Begin(segment) + segment.units);
    }
    block.align = block.units >= large_.from ? large_.units : 1;
  }
  order_ = order_.first(block_count_);
  best_order_ = best_order_.first(block_count_);
}

void Packer::FindLiveUnits() {
  for (std::size_t i = 0; i < segments_.size(); ++i) {
    const Segment& segment = segments_[i];
    live_[segment.first] += segment.units;
    live_[segment.last + 1] -= segment.units;
    // While the chain hands over, what both hold counts once.
    if (i > 0 && segments_[i - 1].block == segment.block &&
        segments_[i - 1].last >= segment.first) {
      const Segment& before = segments_[i - 1];
      const std::int64_t begin = std::max(Begin(segment), Begin(before));
      const std::int64_t end =
          std::min(Begin(segment) + segment.units, Begin(before) + before.units);
      const std::int64_t shared = std::max<std::int64_t>(end - begin, 0);
      live_[segment.first] -= shared;
      live_[std::min(before.last, segment.last) + 1] += shared;
    }
  }
  std::partial_sum(live_.begin(), live_.end(), live_.begin());
  lower_bound_ = static_cast<std::uint64_t>(*std::max_element(live_.begin(), live_.end()));
}

// The higher its key, the earlier a block's turn.
void Packer::SetKeys(int rule) {
  for (std::size_t b = 0; b < block_count_; ++b) {
    const Block& block = blocks_[b];
    const std::uint64_t units = block.units;
    const std::uint64_t length = block.last - block.first + 1;
    switch (rule) {
      case 0: keys_[b] = units; break;
      case 1: keys_[b] = units * length; break;
      case 2: {  // those of the fullest times first, the larger before the smaller
        const auto from = live_.begin() + block.first;
        const auto peak = *std::max_element(from, from + static_cast<std::ptrdiff_t>(length));
        keys_[b] =
            static_cast<std::uint64_t>(peak) << 24 | std::min<std::uint64_t>(units, 0xFFFFFF);
        break;
      }
      case 3: keys_[b] = std::uint64_t{block.last} << 32 | units; break;
      case 4: keys_[b] = length << 32 | units; break;
      default: keys_[b] = std::uint64_t{times_ - block.first} << 32 | units; break;
    }
  }
}

void Packer::SortByKey() {
  std::iota(order_.begin(), order_.end(), 0U);
  std::sort(order_.begin(), order_.end(), [this](std::uint32_t a, std::uint32_t b) {
    return keys_[a] != keys_[b] ? keys_[a] > keys_[b] : a < b;
  });
}

std::uint32_t Packer::LowestPlace(const Block& block) {
  const auto own = segments_.subspan(block.begin, block.end - block.begin);
  std::size_t count = 0;
  std::int64_t lowest = 0;  // of the intervals
  bool sorted = true;
  work_ += placed_count_;
  for (std::size_t i = 0; i < placed_count_; ++i) {
    const Placed& other = placed_[i];
    if (other.last < block.first || other.first > block.last) {
      continue;
    }
    // One interval for all of the block's segments that meet it, from the lowest to the highest.
    Forbidden forbidden{kNever, 0};
    for (const Segment& segment : own) {
      if (segment.first <= other.last && other.first <= segment.last) {
        const std::int64_t begin = Begin(segment);
        forbidden.low = std::min(forbidden.low, other.offset - begin - segment.units);
        forbidden.high = std::max(forbidden.high, other.end - begin);
      }
    }
    if (forbidden.low != kNever && forbidden.high > 0) {
      sorted = sorted && (count == 0 || lowest <= forbidden.low);
      lowest = forbidden.low;
      forbidden_[count++] = forbidden;
    }
  }
  if (!sorted) {  // with one segment they come in order already
    std::sort(forbidden_.begin(), forbidden_.begin() + static_cast<std::ptrdiff_t>(count),
              [](const Forbidden& a, const Forbidden& b) { return a.low < b.low; });
  }
  std::int64_t place = 0;
  for (std::size_t i = 0; i < count && forbidden_[i].low < place; ++i) {
    place = std::max(place, (forbidden_[i].high + block.align - 1) / block.align * block.align);
  }
  return static_cast<std::uint32_t>(place);
}

void Packer::Place(const Block& block, std::uint32_t offset) {
  for (std::uint32_t s = block.begin; s < block.end; ++s) {
    const Segment& segment = segments_[s];
    const auto begin = static_cast<std::uint32_t>(offset + Begin(segment));
    std::size_t at = placed_count_++;
    while (at > 0 && placed_[at - 1].offset > begin) {
      placed_[at] = placed_[at - 1];
      --at;
    }
    placed_[at] = {begin, begin + segment.units, segment.first, segment.last};
  }
}

// The height that order_ leads to, kTooHigh as soon as it is over the ceiling. With forget_past the
// order is one of time, and what has ended is looked at no more.
std::uint32_t Packer::PlaceAll(std::uint32_t ceiling, bool forget_past) {
  placed_count_ = 0;
  std::uint32_t height = 0;
  for (const std::uint32_t b : order_) {
    const Block& block = blocks_[b];
    if (forget_past) {
      const auto end = placed_.begin() + static_cast<std::ptrdiff_t>(placed_count_);
      const auto kept = std::remove_if(
          placed_.begin(), end, [&block](const Placed& other) { return other.last < block.first; });
      placed_count_ = static_cast<std::size_t>(kept - placed_.begin());
    }
    const std::uint32_t offset = LowestPlace(block);
    if (offset > ceiling || block.units > ceiling - offset) {
      return kTooHigh;
    }
    offsets_[b] = offset;
    height = std::max(height, offset + block.units);
    Place(block, offset);
  }
  return height;
}

void Packer::Keep(std::uint32_t height) {
  best_ = height;
  std::copy(order_.begin(), order_.end(), best_order_.begin());
  std::copy(offsets_.begin(), offsets_.end(), best_offsets_.begin());
}

void Packer::Try(bool forget_past) {
  const std::uint32_t height = PlaceAll(limit_, forget_past);
  if (height < best_) {
    Keep(height);
  }
}

std::uint32_t Packer::Random(std::uint32_t below) {
  random_ = random_ * 1664525U + 1013904223U;
  return static_cast<std::uint32_t>(std::uint64_t{random_} * below >> 32);
}

// Walks over orders: one of the blocks that make the height moves to an earlier turn (or, now and
// then, any two change turns, to leave a dead end).
void Packer::Search() {
  const auto n = static_cast<std::uint32_t>(block_count_);
  std::copy(best_order_.begin(), best_order_.end(), order_.begin());
  std::uint32_t height = PlaceAll(best_);
  work_ = 0;
  while (best_ > lower_bound_ && work_ < kSearchWork) {
    std::uint32_t from = 0;
    std::uint32_t seen = 0;
    for (std::uint32_t turn = 1; turn < n; ++turn) {
      const std::uint32_t b = order_[turn];
      if (offsets_[b] + blocks_[b].units == height && Random(++seen) == 0) {
        from = turn;
      }
    }
    if (from == 0 || Random(4) == 0) {
      from = 1 + Random(n - 1);
    }
    const std::uint32_t to = Random(from);
    const auto begin = order_.begin();
    const bool swap = Random(3) == 0;
    if (swap) {
      std::swap(order_[from], order_[to]);
    } else {
      std::rotate(begin + to, begin + from, begin + from + 1);
    }
    const std::uint32_t moved = PlaceAll(height);
    if (moved < best_) {
      Keep(moved);
    }
    if (moved <= height) {
      height = moved;
    } else if (swap) {
      std::swap(order_[from], order_[to]);
    } else {
      std::rotate(begin + to, begin + to + 1, begin + from + 1);
    }
  }
}

base::Result<Packed> Packer::Run(Effort effort) {
  if (lower_bound_ > limit_) {
    return base::Unexpected(base::Error::kTooLarge);
  }
  SetKeys(kByStart);
  SortByKey();
  Try(true);
  if (block_count_ <= kMaxBlocksToSearch) {
    for (int rule = 0; rule < kByStart && best_ > lower_bound_; ++rule) {
      SetKeys(rule);
      SortByKey();
      Try();
    }
    if (effort == Effort::kThorough && best_ > lower_bound_ && best_ != kTooHigh &&
        block_count_ > 1) {
      Search();
    }
  }
  if (best_ == kTooHigh) {
    return base::Unexpected(base::Error::kTooLarge);
  }
  for (std::size_t b = 0; b < block_count_; ++b) {
    for (std::uint32_t s = blocks_[b].begin; s < blocks_[b].end; ++s) {
      segments_[s].offset = best_offsets_[b] + Begin(segments_[s]);
    }
  }
  return Packed{best_, static_cast<std::uint32_t>(lower_bound_)};
}

}  // namespace

base::Result<Packed> Pack(std::span<Segment> segments, std::uint32_t times, std::uint32_t limit,
                          const LargeBlocks& large, Effort effort, base::Arena& arena) {
  if (segments.empty()) {
    return Packed{};
  }
  base::Arena::Scratch scratch(arena);
  Packer packer(segments, times, limit, large);
  PINHOLE_TRY(packer.Prepare(scratch));
  return packer.Run(effort);
}

}  // namespace pinhole::engine::plan
