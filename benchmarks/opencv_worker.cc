// SPDX-License-Identifier: Apache-2.0
// OpenCV's cv::dnn::NMSBoxes as a worker: opencv_worker

#include <opencv2/core.hpp>
#include <opencv2/dnn.hpp>

#include "benchmarks/boxes_file.h"
#include "benchmarks/json_text.h"

namespace pinhole::benchmarks {
namespace {

class OpenCv : public Engine {
 public:
  std::string Load(const std::string& path) override {
    const Boxes boxes = ReadBoxes(path);
    overlap_ = boxes.overlap;
    min_score_ = boxes.min_score;
    for (const Row& row : boxes.rows) {
      const double width = double{row.right} - double{row.left};
      const double height = double{row.bottom} - double{row.top};
      boxes_.emplace_back(double{row.left}, double{row.top}, width, height);
      scores_.push_back(row.score);
    }
    return R"({"version":)" + Quoted("OpenCV " + cv::getVersionString()) + "}";
  }

  std::span<std::byte> Input(std::size_t /*i*/) override { throw Refused("boxes are loaded"); }

  std::vector<std::span<const std::byte>> Outputs() override {
    return {std::as_bytes(std::span(kept_))};
  }

  void Run() override { cv::dnn::NMSBoxes(boxes_, scores_, min_score_, overlap_, kept_); }

 private:
  float overlap_ = 0.0F, min_score_ = 0.0F;
  std::vector<cv::Rect2d> boxes_;
  std::vector<float> scores_;
  std::vector<int> kept_;
};

}  // namespace
}  // namespace pinhole::benchmarks

int main() {
  cv::setNumThreads(1);
  pinhole::benchmarks::OpenCv engine;
  return pinhole::benchmarks::Serve(engine);
}
