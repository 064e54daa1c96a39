// SPDX-License-Identifier: Apache-2.0
#include "engine/plan/traffic/traffic_verifier.h"

#include <map>

namespace pinhole::engine::plan::traffic {

namespace {

// Whose byte: a tensor or a work's constants, and which byte of it. 0: nobody's.
using Owner = std::uint64_t;
constexpr Owner kNobody = 0;

Owner TensorByte(std::int32_t tensor, std::uint64_t byte) {
  return (std::uint64_t{1} << 63) | static_cast<std::uint64_t>(tensor) << 32 | byte;
}
Owner ConstantByte(std::uint32_t work, std::uint64_t byte) {
  return (std::uint64_t{1} << 62) | std::uint64_t{work} << 32 | byte;
}

class Verifier {
 public:
  Verifier(const Network& network, const TrafficPlan& plan, std::uint32_t line_bytes,
           base::Diagnosis& why)
      : network_(network), plan_(plan), line_(line_bytes), why_(why) {}

  base::Result<Verified> Verify() {
    PINHOLE_TRY(SetUp());
    for (at_ = 0; at_ < plan_.steps.size(); ++at_) {
      if (at_ == 0 || plan_.steps[at_].waits) {
        PINHOLE_TRY(Drain());
        PINHOLE_TRY(Fill(plan_.steps[at_]));
        PINHOLE_TRY(EndSlot());
      }
      PINHOLE_TRY(Slot());
    }
    PINHOLE_TRY(Drain());
    PINHOLE_TRY(CheckEnd());
    return sums_;
  }

 private:
  // What each byte of fast memory is used for in the present slot.
  enum Use : std::uint8_t { kFree = 0, kRead = 1, kWritten = 2, kFilled = 4, kSpilled = 8 };

  template <typename... Pieces>
  base::Unexpected Fail(const Pieces&... pieces) {
    return why_.Fail(base::Error::kInternal, "step ", at_, ": ", pieces...);
  }
  [[nodiscard]] const NetworkTensor& tensor(std::int32_t t) const {
    return network_.tensors[static_cast<std::size_t>(t)];
  }

  base::Status SetUp() {
    if (plan_.used_bytes > plan_.fast_bytes || plan_.used_bytes > kMostFastBytes) {
      return Fail("the plan uses ", plan_.used_bytes, " bytes of a fast memory of ",
                  plan_.fast_bytes);
    }
    owners_.assign(plan_.used_bytes, kNobody);
    uses_.assign(plan_.used_bytes, kFree);
    for (const NetworkTensor& one : network_.tensors) {
      computed_.emplace_back(one.producer >= 0 ? one.bytes : 0, false);
      in_slow_.emplace_back(one.bytes, one.input);
    }
    if (plan_.slow_offsets.size() != network_.tensors.size()) {
      return Fail("slow memory has places for ", plan_.slow_offsets.size(), " tensors, ",
                  network_.tensors.size(), " expected");
    }
    PINHOLE_TRY(SetUpSlowPlaces());
    return SetUpPacking();
  }

  base::Status SetUpSlowPlaces() {
    std::map<std::uint64_t, std::uint64_t> places;
    for (std::size_t t = 0; t < network_.tensors.size(); ++t) {
      if (plan_.slow_offsets[t] == kNoPlace) {
        continue;
      }
      const std::uint64_t end = plan_.slow_offsets[t] + network_.tensors[t].bytes;
      const auto next = places.lower_bound(plan_.slow_offsets[t]);
      const bool free =
          (next == places.end() || next->first >= end) &&
          (next == places.begin() || std::prev(next)->second <= plan_.slow_offsets[t]);
      if (!free || end > plan_.slow_bytes) {
        return Fail("tensor ", t, " lies over another in slow memory, or beyond it");
      }
      places.emplace(plan_.slow_offsets[t], end);
    }
    return {};
  }

  // Who every byte of the packed constants belongs to; each constant is packed exactly once.
  base::Status SetUpPacking() {
    if (plan_.packed_bytes > std::uint64_t{1} << 31) {
      return Fail("packed constants of ", plan_.packed_bytes, " bytes");
    }
    packed_.assign(plan_.packed_bytes, kNobody);
    std::vector<std::uint64_t> packed_of(network_.works.size());
    for (const PackedPiece& piece : plan_.packing) {
      if (piece.work >= network_.works.size() ||
          piece.channels.end > network_.works[piece.work].channels || piece.channels.empty()) {
        return Fail("constants of work ", piece.work, " are packed, which has none such");
      }
      const Work& work = network_.works[piece.work];
      const std::uint64_t first = work.channel_bytes * piece.channels.begin;
      const std::uint64_t count = work.channel_bytes * piece.channels.count();
      if (piece.offset + count > packed_.size()) {
        return Fail("constants of work ", piece.work, " are packed beyond the end");
      }
      for (std::uint64_t b = 0; b < count; ++b) {
        if (packed_[piece.offset + b] != kNobody) {
          return Fail("constants of work ", piece.work, " are packed over others");
        }
        packed_[piece.offset + b] = ConstantByte(piece.work, first + b);
      }
      packed_of[piece.work] += count;
    }
    for (std::size_t w = 0; w < network_.works.size(); ++w) {
      if (packed_of[w] != network_.works[w].constant_bytes()) {
        return Fail("work ", w, " has ", packed_of[w], " bytes of constants packed, ",
                    network_.works[w].constant_bytes(), " expected");
      }
    }
    return {};
  }

  // One slot: step at_, beside it the spills of the one before and the fills of the next.
  base::Status Slot() {
    const Step& step = plan_.steps[at_];
    PINHOLE_TRY(Compute(step));
    if (pending_spills_ != nullptr) {
      PINHOLE_TRY(Spill(*pending_spills_));
    }
    if (at_ + 1 < plan_.steps.size() && !plan_.steps[at_ + 1].waits) {
      PINHOLE_TRY(Fill(plan_.steps[at_ + 1]));
    }
    // What was spilled in this slot is in slow memory from the next one on.
    PINHOLE_TRY(EndSlot());
    pending_spills_ = &step;
    return {};
  }
  base::Status Drain() {
    if (pending_spills_ != nullptr) {
      PINHOLE_TRY(Spill(*pending_spills_));
      pending_spills_ = nullptr;
    }
    return EndSlot();
  }
  base::Status EndSlot() {
    for (const auto& [t, byte] : arrived_) {
      in_slow_[static_cast<std::size_t>(t)][byte] = true;
    }
    arrived_.clear();
    for (const std::uint64_t address : used_) {
      uses_[address] = kFree;
    }
    used_.clear();
    return {};
  }

  // Notes the use of a byte; false where another use beside it forbids that.
  bool Note(std::uint64_t address, Use use) {
    std::uint8_t& noted = uses_[address];
    const std::uint8_t beside = noted & static_cast<std::uint8_t>(~use);
    const bool reading = use == kRead || use == kSpilled;
    const bool others_read = (beside & (kWritten | kFilled)) == 0;
    // Whoever only reads may do so beside others; the computation's own order is its own business,
    // but it never writes where it reads.
    const bool again = (use == kWritten || use == kFilled) && (noted & use) != 0;
    if (again || (reading ? !others_read : beside != 0)) {
      return false;
    }
    if (noted == kFree) {
      used_.push_back(address);
    }
    noted |= use;
    return true;
  }

  base::Status CheckTransfer(const Transfer& one) {
    if (one.pieces == 0 || one.piece_bytes == 0 ||
        (one.pieces > 1 && one.stride < one.piece_bytes)) {
      return Fail("a transfer of ", one.pieces, " pieces of ", one.piece_bytes, " bytes, ",
                  one.stride, " apart");
    }
    if (one.address + one.bytes() > owners_.size()) {
      return Fail("a transfer ends at ", one.address + one.bytes(), " of ", owners_.size(),
                  " bytes of fast memory");
    }
    if (one.tensor != kConstants &&
        (one.tensor < 0 || static_cast<std::size_t>(one.tensor) >= network_.tensors.size() ||
         plan_.slow_offsets[static_cast<std::size_t>(one.tensor)] == kNoPlace)) {
      return Fail("a transfer of tensor ", one.tensor, ", which has no place in slow memory");
    }
    const std::uint64_t size = one.tensor == kConstants ? packed_.size() : tensor(one.tensor).bytes;
    if (one.offset + std::uint64_t{one.pieces - 1} * one.stride + one.piece_bytes > size) {
      return Fail("a transfer ends beyond tensor ", one.tensor);
    }
    const std::uint64_t base =
        one.tensor == kConstants ? 0 : plan_.slow_offsets[static_cast<std::size_t>(one.tensor)];
    for (std::uint32_t p = 0; p < one.pieces; ++p) {
      const std::uint64_t begin = base + one.offset + std::uint64_t{p} * one.stride;
      sums_.line_bytes += ((begin + one.piece_bytes + line_ - 1) / line_ - begin / line_) * line_;
    }
    return {};
  }

  base::Status Fill(const Step& step) {
    for (const Transfer& one : step.fills) {
      PINHOLE_TRY(CheckTransfer(one));
      sums_.filled_bytes += one.bytes();
      for (std::uint64_t b = 0; b < one.bytes(); ++b) {
        const std::uint64_t from =
            one.offset + b / one.piece_bytes * one.stride + b % one.piece_bytes;
        if (!Note(one.address + b, kFilled)) {
          return Fail("byte ", one.address + b, " is filled while it is in use");
        }
        if (one.tensor == kConstants) {
          owners_[one.address + b] = packed_[from];
        } else if (!in_slow_[static_cast<std::size_t>(one.tensor)][from]) {
          return Fail("byte ", from, " of tensor ", one.tensor, " is not in slow memory");
        } else {
          owners_[one.address + b] = TensorByte(one.tensor, from);
        }
      }
    }
    return {};
  }

  base::Status Spill(const Step& step) {
    for (const Transfer& one : step.spills) {
      PINHOLE_TRY(CheckTransfer(one));
      if (one.tensor == kConstants) {
        return Fail("constants are spilled");
      }
      sums_.spilled_bytes += one.bytes();
      for (std::uint64_t b = 0; b < one.bytes(); ++b) {
        const std::uint64_t to =
            one.offset + b / one.piece_bytes * one.stride + b % one.piece_bytes;
        if (!Note(one.address + b, kSpilled) ||
            owners_[one.address + b] != TensorByte(one.tensor, to)) {
          return Fail("byte ", to, " of tensor ", one.tensor, " is spilled from ", one.address + b,
                      ", where it isn't");
        }
        arrived_.emplace_back(one.tensor, to);
      }
    }
    return {};
  }

  // Calls visit(address, byte of the tensor, count) for some rows and channels of an operand.
  template <typename Visit>
  base::Status ForBytes(const Operand& operand, const Place& place, Rows rows, Rows channels,
                        std::uint32_t all_channels, const Visit& visit) {
    const std::uint64_t piece = operand.row_bytes / operand.pieces;
    const std::uint64_t channel = operand.pixel_bytes / all_channels;
    const std::uint64_t here = place.end_channel - place.begin_channel;
    const std::uint64_t own_row = operand.row_bytes / all_channels * here;
    if (place.tensor != operand.tensor || place.held == 0 || place.row_bytes != own_row ||
        place.begin_channel > channels.begin || place.end_channel < channels.end) {
      return Fail("the place of tensor ", operand.tensor, " doesn't hold what is asked of it");
    }
    const std::uint64_t extent = std::uint64_t{place.held} * place.row_bytes;
    if (place.address % kFastAlignment != 0 || place.address + extent > owners_.size()) {
      return Fail("tensor ", operand.tensor, " lies at ", place.address, " to ",
                  place.address + extent, " of ", owners_.size());
    }
    for (std::uint32_t r = rows.begin; r < rows.end; ++r) {
      const std::uint64_t slot = place.address + std::uint64_t{r % place.held} * place.row_bytes;
      if (operand.pieces > 1) {
        for (std::uint32_t p = 0; p < operand.pieces; ++p) {
          const std::uint64_t byte = r * piece + std::uint64_t{p} * operand.piece_stride;
          PINHOLE_TRY(visit(place.whole ? place.address + byte : slot + p * piece, byte, piece));
        }
      } else if (channels.count() == all_channels) {
        PINHOLE_TRY(visit(slot, std::uint64_t{r} * operand.row_bytes, operand.row_bytes));
      } else {
        const std::uint64_t first = channels.begin - place.begin_channel;
        for (std::uint64_t x = 0; x < operand.row_bytes / operand.pixel_bytes; ++x) {
          PINHOLE_TRY(visit(slot + (x * here + first) * channel,
                            std::uint64_t{r} * operand.row_bytes + x * operand.pixel_bytes +
                                channels.begin * channel,
                            channel * channels.count()));
        }
      }
    }
    return {};
  }

  base::Status Compute(const Step& step) {
    if (step.work >= network_.works.size()) {
      return Fail("work ", step.work, " of ", network_.works.size());
    }
    const Work& work = network_.works[step.work];
    if (step.rows.empty() || step.rows.end > work.rows() || step.channels.empty() ||
        step.channels.end > work.channels || step.inputs.size() != work.inputs.size() ||
        step.outputs.size() != work.outputs.size()) {
      return Fail(network_.NameOf(work), " is to compute rows or channels that it doesn't have");
    }
    for (std::size_t i = 0; i < work.inputs.size(); ++i) {
      const Operand& in = work.inputs[i];
      const Rows channels = work.channelwise ? step.channels : Rows{0, 1};
      PINHOLE_TRY(ForBytes(in, step.inputs[i], in.window.Need(step.rows, in.rows), channels,
                           work.channelwise ? work.channels : 1,
                           [&](std::uint64_t address, std::uint64_t byte, std::uint64_t count) {
                             return Read(work, address, TensorByte(in.tensor, byte), count);
                           }));
    }
    PINHOLE_TRY(ReadConstants(work, step));
    for (std::size_t o = 0; o < work.outputs.size(); ++o) {
      const Operand& out = work.outputs[o];
      const Rows rows = work.outputs.size() > 1 ? Rows{0, out.rows} : step.rows;
      PINHOLE_TRY(ForBytes(out, step.outputs[o], rows, step.channels, work.channels,
                           [&](std::uint64_t address, std::uint64_t byte, std::uint64_t count) {
                             return Write(work, out.tensor, address, byte, count);
                           }));
    }
    return {};
  }

  // Bytes from `owner` on, one behind the other.
  base::Status Read(const Work& work, std::uint64_t address, Owner owner, std::uint64_t count) {
    for (std::uint64_t b = 0; b < count; ++b) {
      if (owners_[address + b] != owner + b || !Note(address + b, kRead)) {
        return Fail(network_.NameOf(work), " reads byte ", address + b,
                    " of fast memory, where something else lies");
      }
    }
    return {};
  }
  base::Status ReadConstants(const Work& work, const Step& step) {
    const std::uint64_t first = work.channel_bytes * step.channels.begin;
    const std::uint64_t count = work.channel_bytes * step.channels.count();
    if (count > 0 &&
        (step.constants % kFastAlignment != 0 || step.constants + count > owners_.size())) {
      return Fail("constants lie at ", step.constants, " to ", step.constants + count);
    }
    return Read(work, step.constants, ConstantByte(step.work, first), count);
  }
  base::Status Write(const Work& work, std::int32_t t, std::uint64_t address, std::uint64_t byte,
                     std::uint64_t count) {
    std::vector<bool>& computed = computed_[static_cast<std::size_t>(t)];
    for (std::uint64_t b = 0; b < count; ++b) {
      if (byte + b >= computed.size() || computed[byte + b]) {
        return Fail(network_.NameOf(work), " computes byte ", byte + b, " of tensor ", t,
                    " a second time");
      }
      if (!Note(address + b, kWritten)) {
        return Fail(network_.NameOf(work), " writes over what is in use, at byte ", address + b);
      }
      computed[byte + b] = true;
      owners_[address + b] = TensorByte(t, byte + b);
    }
    return {};
  }

  base::Status CheckEnd() {
    for (std::size_t t = 0; t < network_.tensors.size(); ++t) {
      const NetworkTensor& one = network_.tensors[t];
      for (std::uint64_t b = 0; b < one.bytes; ++b) {
        if (one.producer >= 0 && !computed_[t][b]) {
          return Fail("byte ", b, " of tensor ", t, " was never computed");
        }
        if (one.output && !in_slow_[t][b]) {
          return Fail("byte ", b, " of output ", t, " does not lie in slow memory at the end");
        }
      }
    }
    return {};
  }

  const Network& network_;
  const TrafficPlan& plan_;
  std::uint32_t line_;
  base::Diagnosis& why_;
  std::size_t at_ = 0;
  Verified sums_;
  std::vector<Owner> owners_;                          // per byte of fast memory
  std::vector<std::uint8_t> uses_;                     // per byte of fast memory, in this slot
  std::vector<std::uint64_t> used_;                    // whose use is noted
  std::vector<Owner> packed_;                          // per byte of the packed constants
  std::vector<std::vector<bool>> computed_, in_slow_;  // per tensor, per byte
  std::vector<std::pair<std::int32_t, std::uint64_t>> arrived_;  // in slow memory, in this slot
  const Step* pending_spills_ = nullptr;
};

}  // namespace

base::Result<Verified> VerifyTrafficPlan(const Network& network, const TrafficPlan& plan,
                                         std::uint32_t line_bytes, base::Diagnosis& why) {
  return Verifier(network, plan, line_bytes, why).Verify();
}

}  // namespace pinhole::engine::plan::traffic
