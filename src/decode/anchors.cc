// SPDX-License-Identifier: Apache-2.0
#include "decode/anchors.h"

#include <array>
#include <cmath>

namespace pinhole::decode {

namespace {

constexpr int kMaxInputSize = 8192;

struct Size {
  float width, height;
};

// The anchors of one cell. A layer adds at most the aspect ratios and one interpolated anchor, or
// three predefined ones.
class CellSizes {
 public:
  void Add(Size size) { sizes_[count_++] = size; }
  // `ratio` is width over height at the same area.
  void AddScaled(float scale, float ratio) {
    const float root = std::sqrt(ratio);
    Add({scale * root, scale / root});
  }
  void SetAll(Size size) { sizes_.fill(size); }
  [[nodiscard]] std::span<const Size> all() const { return {sizes_.data(), count_}; }

 private:
  static constexpr std::size_t kCapacity = kMaxAnchorLayers * (kMaxAspectRatios + 1) + 3;
  std::array<Size, kCapacity> sizes_;
  std::size_t count_ = 0;
};

float ScaleOf(const SsdAnchorOptions& options, std::size_t layer) {
  if (options.layers == 1) {
    return (options.min_scale + options.max_scale) * 0.5F;
  }
  return options.min_scale + (options.max_scale - options.min_scale) * static_cast<float>(layer) /
                                 (static_cast<float>(options.layers) - 1.0F);
}

void AddLayer(const SsdAnchorOptions& options, std::size_t layer, CellSizes& sizes) {
  const float scale = ScaleOf(options, layer);
  if (layer == 0 && options.reduce_boxes_in_lowest_layer) {
    sizes.AddScaled(0.1F, 1.0F);
    sizes.AddScaled(scale, 2.0F);
    sizes.AddScaled(scale, 0.5F);
    return;
  }
  for (std::size_t i = 0; i < options.ratios; ++i) {
    sizes.AddScaled(scale, options.aspect_ratios[i]);
  }
  if (options.interpolated_scale_aspect_ratio > 0.0F) {
    const float next = layer + 1 == options.layers ? 1.0F : ScaleOf(options, layer + 1);
    sizes.AddScaled(std::sqrt(scale * next), options.interpolated_scale_aspect_ratio);
  }
}

struct Cells {
  int side;  // cells in a row, and rows
  float offset_x, offset_y;
};

// Takes the layers one by one and counts their anchors; writes them too, where it has a place.
class Layers {
 public:
  Layers() = default;
  explicit Layers(std::span<Anchor> out) : out_(out), writes_(true) {}

  [[nodiscard]] std::size_t count() const { return count_; }

  // Error: kTooLarge, kOutOfMemory.
  base::Status Append(const Cells& cells, std::span<const Size> sizes) {
    const auto side = static_cast<std::size_t>(cells.side);
    const std::size_t added = side * side * sizes.size();
    if (added > kMaxAnchors - count_) {
      return base::Unexpected(base::Error::kTooLarge);
    }
    if (writes_) {
      if (added > out_.size() - count_) {
        return base::Unexpected(base::Error::kOutOfMemory);
      }
      Write(cells, sizes, out_.subspan(count_, added));
    }
    count_ += added;
    return {};
  }

 private:
  static void Write(const Cells& cells, std::span<const Size> sizes, std::span<Anchor> out) {
    const auto scale = static_cast<float>(cells.side);
    auto anchor = out.begin();
    for (int y = 0; y < cells.side; ++y) {
      for (int x = 0; x < cells.side; ++x) {
        const float center_x = (static_cast<float>(x) + cells.offset_x) / scale;
        const float center_y = (static_cast<float>(y) + cells.offset_y) / scale;
        for (const Size& size : sizes) {
          *anchor++ = {center_x, center_y, size.width, size.height};
        }
      }
    }
  }

  std::span<Anchor> out_;
  bool writes_ = false;
  std::size_t count_ = 0;
};

bool Sound(const SsdAnchorOptions& options) {
  if (options.input_size < 1 || options.input_size > kMaxInputSize || options.layers < 1 ||
      options.layers > kMaxAnchorLayers || options.ratios > kMaxAspectRatios) {
    return false;
  }
  for (std::size_t i = 0; i < options.layers; ++i) {
    if (options.strides[i] == 0) {
      return false;
    }
  }
  for (std::size_t i = 0; i < options.ratios; ++i) {
    if (!(options.aspect_ratios[i] > 0.0F)) {
      return false;
    }
  }
  return true;
}

base::Result<std::size_t> Ssd(const SsdAnchorOptions& options, Layers layers) {
  if (!Sound(options)) {
    return base::Unexpected(base::Error::kInvalidArgument);
  }
  for (std::size_t layer = 0; layer < options.layers;) {
    // Layers that follow one another with the same stride share their cells.
    const std::uint16_t stride = options.strides[layer];
    CellSizes sizes;
    for (; layer < options.layers && options.strides[layer] == stride; ++layer) {
      AddLayer(options, layer, sizes);
    }
    if (options.fixed_anchor_size) {
      sizes.SetAll({1.0F, 1.0F});
    }
    const Cells cells{(options.input_size + stride - 1) / stride, options.anchor_offset_x,
                      options.anchor_offset_y};
    PINHOLE_TRY(layers.Append(cells, sizes.all()));
  }
  return layers.count();
}

base::Result<std::size_t> Grid(int input_size, std::span<const GridLayer> grids, Layers layers) {
  if (input_size < 1 || input_size > kMaxInputSize || grids.empty() ||
      grids.size() > kMaxAnchorLayers) {
    return base::Unexpected(base::Error::kInvalidArgument);
  }
  for (const GridLayer& grid : grids) {
    if (grid.stride == 0 || input_size % grid.stride != 0 || grid.anchors_per_cell == 0 ||
        grid.anchors_per_cell > kMaxAspectRatios) {
      return base::Unexpected(base::Error::kInvalidArgument);
    }
    CellSizes sizes;
    for (int i = 0; i < grid.anchors_per_cell; ++i) {
      sizes.Add({1.0F, 1.0F});
    }
    PINHOLE_TRY(layers.Append({input_size / grid.stride, 0.5F, 0.5F}, sizes.all()));
  }
  return layers.count();
}

}  // namespace

base::Result<std::size_t> CountSsdAnchors(const SsdAnchorOptions& options) {
  return Ssd(options, Layers());
}

base::Result<std::size_t> MakeSsdAnchors(const SsdAnchorOptions& options,
                                         std::span<Anchor> anchors) {
  return Ssd(options, Layers(anchors));
}

base::Result<std::size_t> CountGridAnchors(int input_size, std::span<const GridLayer> layers) {
  return Grid(input_size, layers, Layers());
}

base::Result<std::size_t> MakeGridAnchors(int input_size, std::span<const GridLayer> layers,
                                          std::span<Anchor> anchors) {
  return Grid(input_size, layers, Layers(anchors));
}

}  // namespace pinhole::decode
