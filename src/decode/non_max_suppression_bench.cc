// SPDX-License-Identifier: Apache-2.0
// How long decoding and suppression take, on the kinds of cases that other implementations were
// timed on (OpenCV's NMSBoxes, torchvision's nms, BlazeFace-PyTorch and others; their figures are
// in golden/faces/nms_baseline.json). Raw rows are drawn so that as many pass the threshold as in
// the real pictures: this measures work by amount, not by content. Not measured: the network.
#include <benchmark/benchmark.h>

#include <cmath>
#include <random>
#include <vector>

#include "decode/boxes.h"
#include "decode/detector_spec.h"
#include "decode/non_max_suppression.h"

namespace pinhole::decode {
namespace {

struct Raw {
  std::vector<float> regressors, logits;
  std::vector<Anchor> anchors;
};

// 2304 rows of the full-range model; `faces` of them have `hits` rows each above the threshold.
Raw FullRange(int faces, int hits) {
  const engine::Shape outputs[] = {{1, 2304, 16}, {1, 2304, 1}};
  base::Diagnosis why;
  const DetectorSpec spec = RecogniseDetector({1, 192, 192, 3}, outputs, "", why).value();
  Raw raw;
  raw.anchors.resize(2304);
  (void)spec.MakeAnchors(raw.anchors);
  std::mt19937 random(1);
  std::normal_distribution<float> offset(0.0F, 4.0F), background(-6.0F, 1.5F);
  raw.regressors.resize(2304 * 16);
  for (std::size_t i = 0; i < raw.regressors.size(); ++i) {
    raw.regressors[i] = i % 16 == 2 || i % 16 == 3 ? 40.0F + offset(random) : offset(random);
  }
  raw.logits.resize(2304);
  for (float& logit : raw.logits) {
    logit = std::min(background(random), 0.0F);
  }
  for (int face = 0; face < faces; ++face) {
    for (int hit = 0; hit < hits; ++hit) {
      raw.logits[static_cast<std::size_t>(300 * face + hit)] = 2.0F;
    }
  }
  return raw;
}

using Suppress = base::Result<std::size_t>(std::span<const Detection>, const SuppressionOptions&,
                                           std::span<std::uint32_t>, std::span<Detection>);

void DecodeAndSuppress(benchmark::State& state, Suppress* suppress, int faces, int hits,
                       float min_score) {
  const Raw raw = FullRange(faces, hits);
  std::vector<Detection> found(2304), kept(2304);
  std::vector<std::uint32_t> scratch(NonMaxSuppressionScratch(2304));
  std::size_t left = 0;
  for (auto _ : state) {
    const std::size_t count = DecodeBoxes(Values(raw.regressors), Values(raw.logits), raw.anchors,
                                          {192.0F, 6, min_score}, found)
                                  .value();
    left = suppress(std::span(found).first(count), {}, scratch, kept).value();
    benchmark::DoNotOptimize(kept.data());
  }
  state.counters["kept"] = static_cast<double>(left);
}

// `objects` groups of boxes around one place each, or boxes anywhere where there are none.
std::vector<Detection> Synthetic(std::size_t count, int objects, float side) {
  std::mt19937 random(2);
  std::uniform_real_distribution<float> unit(0.0F, 1.0F);
  std::normal_distribution<float> jitter(0.0F, 0.1F);
  std::vector<Box> places(static_cast<std::size_t>(objects));
  for (Box& place : places) {
    const float x = unit(random), y = unit(random), s = side * (0.5F + unit(random));
    place = {x, y, x + s, y + s};
  }
  std::vector<Detection> boxes(count);
  for (std::size_t i = 0; i < count; ++i) {
    Detection& d = boxes[i];
    d.score = unit(random);
    d.anchor = static_cast<std::uint32_t>(i);
    Box box = objects > 0 ? places[i % places.size()] : Box{};
    if (objects == 0) {
      const float x = unit(random), y = unit(random), s = side * (0.5F + unit(random));
      box = {x, y, x + s, y + s};
    }
    const float s = objects > 0 ? box.width() : 0.0F;
    const float dx = s * jitter(random), dy = s * jitter(random);
    d.box = {box.left + dx, box.top + dy, box.right + dx, box.bottom + dy};
  }
  return boxes;
}

// Cases that are hard for a grid: `far` puts one box far away from all others, so that these look
// as if they lay in one place; `sizes` makes every other box a hundred times as large; `strips`
// makes all boxes as wide as the whole and very low.
enum class Hard : std::uint8_t { kFar, kSizes, kStrips };

std::vector<Detection> MakeHard(std::size_t count, Hard hard) {
  std::vector<Detection> boxes = Synthetic(count, 0, 0.0005F);
  for (std::size_t i = 0; i < count; ++i) {
    Box& box = boxes[i].box;
    if (hard == Hard::kSizes && i % 2 == 0) {
      box.right = box.left + 100 * box.width();
      box.bottom = box.top + 100 * box.height();
    }
    if (hard == Hard::kStrips) {
      box = {box.left, box.top, box.left + 1.0F, box.top + 1e-6F};
    }
  }
  if (hard == Hard::kFar) {
    boxes[0].box = {1e5F, 1e5F, 1e5F + 1.0F, 1e5F + 1.0F};
  }
  return boxes;
}

void Time(benchmark::State& state, Suppress* suppress, const std::vector<Detection>& boxes,
          const SuppressionOptions& options = {}) {
  std::vector<Detection> kept(boxes.size());
  std::vector<std::uint32_t> scratch(NonMaxSuppressionScratch(boxes.size()));
  std::size_t left = 0;
  for (auto _ : state) {
    left = suppress(boxes, options, scratch, kept).value();
    benchmark::DoNotOptimize(kept.data());
  }
  state.counters["boxes"] = static_cast<double>(boxes.size());
  state.counters["kept"] = static_cast<double>(left);
}

void SuppressOnly(benchmark::State& state, Suppress* suppress, std::size_t count, int objects,
                  float side, float min_score = 0.0F) {
  Time(state, suppress, Synthetic(count, objects, side),
       {Overlap::kIntersectionOverUnion, 0.3F, min_score});
}

void SuppressHard(benchmark::State& state, Suppress* suppress, std::size_t count, Hard hard) {
  Time(state, suppress, MakeHard(count, hard));
}

#define PINHOLE_BENCH_BOTH(function, name, ...)                                            \
  BENCHMARK_CAPTURE(function, name##_unweighted, UnweightedNonMaxSuppression, __VA_ARGS__) \
      ->Unit(benchmark::kMicrosecond);                                                     \
  BENCHMARK_CAPTURE(function, name##_weighted, WeightedNonMaxSuppression, __VA_ARGS__)     \
      ->Unit(benchmark::kMicrosecond)

PINHOLE_BENCH_BOTH(DecodeAndSuppress, rows_2304_one_face, 1, 2, 0.6F);
PINHOLE_BENCH_BOTH(DecodeAndSuppress, rows_2304_seven_faces, 7, 2, 0.6F);
PINHOLE_BENCH_BOTH(DecodeAndSuppress, rows_2304_no_threshold, 7, 2, 0.0F);
PINHOLE_BENCH_BOTH(SuppressOnly, boxes_20_seven_objects, 20, 7, 0.1F);
PINHOLE_BENCH_BOTH(SuppressOnly, boxes_128_few_overlaps, 128, 0, 0.05F);
PINHOLE_BENCH_BOTH(SuppressOnly, boxes_2304_ten_objects, 2304, 10, 0.1F);
PINHOLE_BENCH_BOTH(SuppressOnly, boxes_2304_ten_objects_from_0_6, 2304, 10, 0.1F, 0.6F);
PINHOLE_BENCH_BOTH(SuppressOnly, boxes_2304_few_overlaps, 2304, 0, 0.01F);
PINHOLE_BENCH_BOTH(SuppressOnly, boxes_100k_thousand_objects, 100000, 1000, 0.02F);
PINHOLE_BENCH_BOTH(SuppressOnly, boxes_100k_no_overlap, 100000, 0, 0.0005F);
PINHOLE_BENCH_BOTH(SuppressHard, boxes_100k_one_far_away, 100000, Hard::kFar);
PINHOLE_BENCH_BOTH(SuppressHard, boxes_100k_two_sizes, 100000, Hard::kSizes);
PINHOLE_BENCH_BOTH(SuppressHard, boxes_100k_strips, 100000, Hard::kStrips);

}  // namespace
}  // namespace pinhole::decode
