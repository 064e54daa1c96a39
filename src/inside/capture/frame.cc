// SPDX-License-Identifier: Apache-2.0
#include "inside/capture/frame.h"

#include "base/secure_wipe.h"

namespace pinhole::inside::capture {

namespace {

base::Result<FrameShape> Checked(std::size_t bytes, FrameShape shape, base::Diagnosis& why) {
  const auto fail = [&](base::Error error, const auto&... pieces) {
    return why.Fail(error, "frame of ", shape.width, " x ", shape.height, " pixels, ",
                    shape.channels, " channels: ", pieces...);
  };
  if (shape.width < 1 || shape.height < 1) {
    return fail(base::Error::kInvalidArgument, "both sides must be at least 1");
  }
  if (shape.width > FrameShape::kMaxSide || shape.height > FrameShape::kMaxSide) {
    return fail(base::Error::kTooLarge, "sides may be at most ", FrameShape::kMaxSide,
                "; capture at a lower resolution");
  }
  if (shape.channels != 1 && shape.channels != 3) {
    return fail(base::Error::kInvalidArgument, "give 1 channel (grey) or 3 (red, green, blue)");
  }
  const auto row = static_cast<std::size_t>(shape.width) * static_cast<std::size_t>(shape.channels);
  if (shape.stride == 0) {
    shape.stride = row;
  }
  if (shape.stride < row) {
    return fail(base::Error::kInvalidArgument, "a row has ", row, " bytes, but the stride is ",
                shape.stride);
  }
  // The last row may end without its gap. Divided, so that no stride can overflow the product.
  const auto rows_before = static_cast<std::size_t>(shape.height) - 1;
  if (bytes < row || (bytes - row) / shape.stride < rows_before) {
    return fail(base::Error::kTruncated, "rows of ", row, " bytes, ", shape.stride,
                " apart, need more than the ", bytes, " bytes given");
  }
  return shape;
}

}  // namespace

base::Result<Frame> Frame::Make(std::span<std::uint8_t> memory, const FrameShape& shape,
                                base::Diagnosis& why) {
  const base::Result<FrameShape> checked = Checked(memory.size(), shape, why);
  if (!checked) {
    base::SecureWipe(std::as_writable_bytes(memory));
    return base::Unexpected(checked.error());
  }
  return Frame(memory, *checked);
}

void Frame::Release() {
  base::SecureWipe(std::as_writable_bytes(memory_));
  memory_ = {};
  shape_ = {};
}

}  // namespace pinhole::inside::capture
