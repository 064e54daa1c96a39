// SPDX-License-Identifier: Apache-2.0
// Arbitrary bytes as a detector's metadata, shapes and tensors, through recognition, decoding and
// both kinds of suppression. What comes out must be in order and be boxes.
#include <fuzzer/FuzzedDataProvider.h>

#include <cmath>
#include <cstdlib>
#include <string>
#include <vector>

#include "decode/boxes.h"
#include "decode/detector_spec.h"
#include "decode/facing.h"
#include "decode/non_max_suppression.h"
#include "decode/track.h"

namespace {

using namespace pinhole;  // NOLINT(google-build-using-namespace): a program of its own

void Require(bool law) {
  if (!law) {
    std::abort();
  }
}

engine::Shape AnyShape(FuzzedDataProvider& data) {
  std::vector<std::int32_t> dims(data.ConsumeIntegralInRange<std::size_t>(0, 5));
  for (std::int32_t& dim : dims) {
    dim = data.ConsumeIntegral<std::int32_t>();
  }
  return engine::Shape(std::span<const std::int32_t>(dims));
}

void Recognise(FuzzedDataProvider& data) {
  const std::string text = data.ConsumeRandomLengthString(400);
  base::Diagnosis why;
  std::vector<engine::Shape> outputs;
  for (int i = data.ConsumeIntegralInRange(0, 7); i > 0; --i) {
    outputs.push_back(AnyShape(data));
  }
  Require(decode::RecogniseDetector(AnyShape(data), outputs, text, why) || !why.empty());
  const int side = data.ConsumeIntegralInRange(1, 128);
  const int anchors = data.ConsumeIntegralInRange(1, 2000);
  const engine::Shape fitting[] = {{1, anchors, 16}, {1, anchors, 1}};
  const auto spec = decode::RecogniseDetector({1, side, side, 3}, fitting, text, why);
  if (spec) {
    std::vector<decode::Anchor> places(spec->anchors);
    Require(spec->MakeAnchors(places).has_value());
  }
}

std::vector<float> AnyFloats(FuzzedDataProvider& data, std::size_t count) {
  std::vector<float> values(count);
  for (float& value : values) {
    // Small numbers make overlaps, raw bits make everything else.
    const auto bits = data.ConsumeIntegral<std::uint32_t>();
    value = (bits & 1) != 0 ? static_cast<float>(bits >> 24) / 16.0F : std::bit_cast<float>(bits);
  }
  return values;
}

void Suppress(FuzzedDataProvider& data) {
  const auto rows = data.ConsumeIntegralInRange<std::size_t>(0, 200);
  const decode::BoxOptions options{data.ConsumeFloatingPointInRange(0.1F, 300.0F),
                                   data.ConsumeIntegralInRange<std::size_t>(0, 7),
                                   data.ConsumeFloatingPointInRange(0.0F, 1.0F)};
  const auto regressors = AnyFloats(data, rows * (4 + 2 * options.keypoints));
  const auto logits = AnyFloats(data, rows);
  std::vector<decode::Anchor> anchors(rows, {0.5F, 0.5F, 1.0F, 1.0F});
  std::vector<decode::Detection> found(data.ConsumeIntegralInRange<std::size_t>(0, 200));
  const auto count = decode::DecodeBoxes(decode::Values(regressors), decode::Values(logits),
                                         anchors, options, found);
  Require(count.has_value());
  found.resize(*count);
  std::vector<std::uint32_t> scratch(decode::NonMaxSuppressionScratch(*count));
  std::vector<decode::Detection> kept(*count);
  const decode::SuppressionOptions suppression{
      static_cast<decode::Overlap>(data.ConsumeIntegralInRange(0, 2)),
      data.ConsumeFloatingPointInRange(0.0F, 1.0F)};
  decode::Tracker tracker{decode::TrackOptions{}};
  for (const auto suppress :
       {&decode::UnweightedNonMaxSuppression, &decode::WeightedNonMaxSuppression}) {
    const auto left = suppress(found, suppression, scratch, kept);
    Require(left.has_value() && *left <= *count && (*left > 0) == (*count > 0));
    std::vector<decode::Observation> observations;
    for (std::size_t i = 0; i < *left; ++i) {
      const decode::Detection& d = kept[i];
      Require(std::isfinite(d.box.left) && d.box.right >= d.box.left && d.box.bottom >= d.box.top);
      Require(i == 0 || d.score <= kept[i - 1].score);
      observations.push_back({d.score, d.box, decode::IsFacing(d)});
    }
    Require(tracker.Update(observations).count <= decode::kMaxTracks);
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
  FuzzedDataProvider data(bytes, size);
  Recognise(data);
  Suppress(data);
  return 0;
}
