// SPDX-License-Identifier: Apache-2.0
#include "engine/plan/traffic/packed_constants.h"

#include <cstring>

namespace pinhole::engine::plan::traffic {

namespace {

// Appends what belongs to `channels` of all `count`; they are the first dimension, or the last.
void AppendPart(const Tensor& constant, Rows channels, std::uint32_t count, bool last,
                std::byte*& to) {
  const std::size_t channel = last ? TypeSize(constant.type) : constant.bytes / count;
  const std::size_t runs = constant.bytes / (channel * count);
  for (std::size_t run = 0; run < runs; ++run) {
    const std::size_t bytes = channel * channels.count();
    std::memcpy(to, constant.data + (run * count + channels.begin) * channel, bytes);
    to += bytes;
  }
}

}  // namespace

std::vector<std::byte> PackConstants(const Network& network, const TrafficPlan& plan) {
  std::vector<std::byte> packed(plan.packed_bytes);
  for (const PackedPiece& piece : plan.packing) {
    const Work& work = network.works[piece.work];
    std::byte* to = packed.data() + piece.offset;
    for (std::size_t c = work.constants.size(); c-- > 0;) {
      AppendPart(network.graph->tensor(work.constants[c]), piece.channels, work.channels,
                 c == 0 && work.channels_last, to);
    }
  }
  return packed;
}

}  // namespace pinhole::engine::plan::traffic
