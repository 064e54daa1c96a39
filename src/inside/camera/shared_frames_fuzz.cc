// SPDX-License-Identifier: Apache-2.0
// A hostile writer: any bytes in the memory, before it is handed over and between captures. The
// reader stays inside it, and a frame it gives fits what was agreed on.
#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <cstring>

#include "inside/camera/shared_frames_for_tests.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace pinhole::inside;  // NOLINT(google-build-using-namespace): a program of its own
  using namespace pinhole;          // NOLINT(google-build-using-namespace)
  if (size < 2) {
    return 0;
  }
  const std::size_t capacity = 1 + data[0];
  const bool keeps_head = data[1] % 8 != 0;  // else even magic and capacity are the input's
  std::span<const std::uint8_t> input(data + 2, size - 2);
  const camera::ForgedMemory memory(*camera::layout::MemoryBytes(capacity));
  const auto scribble = [&] {
    if (input.empty()) {
      return;
    }
    // Where, in pieces of four bytes, and how many.
    const std::size_t at = std::size_t{input[0]} * 4 % memory.bytes().size();
    const std::size_t n =
        std::min({std::size_t{1} + input[0] % 32, input.size() - 1, memory.bytes().size() - at});
    std::memcpy(memory.bytes().data() + at, input.data() + 1, n);
    input = input.subspan(1 + n);
    if (keeps_head) {
      memory.control().magic.store(camera::layout::kMagic);
      memory.control().capacity.store(capacity);
    }
  };
  scribble();
  base::Diagnosis why;
  base::Result<std::unique_ptr<camera::FrameReader>> reader = memory.Receive(why);
  std::uint32_t seen = 0;
  while (reader && !input.empty()) {
    for (int i = 0; i < 3; ++i) {
      scribble();
    }
    const std::uint32_t event = memory.control().sequence.load();
    if (event == seen) {
      continue;  // it would wait
    }
    seen = event;
    if (data[1] % 2 != 0) {  // often what the reader looks for, so that it goes on
      auto* const slot = reinterpret_cast<camera::layout::Slot*>(
          memory.bytes().data() + sizeof(camera::layout::Control) +
          (event % camera::layout::kSlots) * *camera::layout::SlotBytes(capacity));
      slot->event.store(event);
    }
    const base::Result<capture::Frame> frame = (*reader)->Capture(why);
    if (frame && frame->stride() * static_cast<std::size_t>(frame->height()) > capacity) {
      std::abort();
    }
    if (!frame && why.empty()) {
      std::abort();
    }
  }
  return 0;
}
