// SPDX-License-Identifier: Apache-2.0
// Our non-max suppression (unweighted) as a worker: suppression_worker

#include "benchmarks/boxes_file.h"
#include "benchmarks/json_text.h"
#include "decode/non_max_suppression.h"

namespace pinhole::benchmarks {
namespace {

class Suppression : public Engine {
 public:
  std::string Load(const std::string& path) override {
    const Boxes boxes = ReadBoxes(path);
    options_.min_suppression = boxes.overlap;
    options_.min_score = boxes.min_score;
    for (const Row& row : boxes.rows) {
      decode::Detection detection;
      detection.score = row.score;
      detection.anchor = static_cast<std::uint32_t>(found_.size());
      detection.box = {row.left, row.top, row.right, row.bottom};
      found_.push_back(detection);
    }
    kept_.resize(found_.size());
    scratch_.resize(decode::NonMaxSuppressionScratch(found_.size()));
    return R"({"version":)" + Quoted("pinhole " PINHOLE_VERSION) + R"(,"compiler":)" +
           Quoted(PINHOLE_COMPILER) + "}";
  }

  std::span<std::byte> Input(std::size_t /*i*/) override { throw Refused("boxes are loaded"); }

  std::vector<std::span<const std::byte>> Outputs() override {
    rows_.clear();
    for (const decode::Detection& detection : std::span(kept_).first(count_)) {
      rows_.push_back(detection.anchor);
    }
    return {std::as_bytes(std::span(rows_))};
  }

  void Run() override {
    const auto count = decode::UnweightedNonMaxSuppression(found_, options_, scratch_, kept_);
    if (!count) {
      throw Refused("suppression refused its arguments");
    }
    count_ = *count;
  }

 private:
  decode::SuppressionOptions options_;
  std::vector<decode::Detection> found_, kept_;
  std::vector<std::uint32_t> scratch_, rows_;
  std::size_t count_ = 0;
};

}  // namespace
}  // namespace pinhole::benchmarks

int main() {
  pinhole::benchmarks::Suppression engine;
  return pinhole::benchmarks::Serve(engine);
}
