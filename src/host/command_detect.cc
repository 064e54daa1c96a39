// SPDX-License-Identifier: Apache-2.0
// pinhole detect: the faces of pictures.

#include <array>
#include <cmath>
#include <cstdio>
#include <filesystem>
#include <limits>
#include <span>
#include <system_error>

#include "engine/kernels/registry.h"
#include "engine/owned/owned_sensor.h"
#include "host/commands.h"
#include "host/draw.h"
#include "host/json.h"
#include "host/names.h"
#include "inside/pictures/picture.h"
#include "inside/sense/face_detector.h"

namespace pinhole::host {

namespace {

namespace fs = std::filesystem;
using decode::Detection;

// To a ten-thousandth of a pixel: finer than what the network knows, and short to read.
double Short(float value) { return std::round(static_cast<double>(value) * 1e4) / 1e4; }

Json DetectionJson(const Detection& detection) {
  Json points = Json::Array();
  for (const decode::Point& point : detection.points()) {
    points.Add(Json::Array(std::array{Short(point.x), Short(point.y)}));
  }
  const decode::Box& box = detection.box;
  return Json::Object({{"score", std::round(static_cast<double>(detection.score) * 1e6) / 1e6},
                       {"box", Json::Array(std::array{Short(box.left), Short(box.top),
                                                      Short(box.right), Short(box.bottom)})},
                       {"points", points}});
}

std::string AsJson(const std::string& file, const inside::pictures::Picture& picture,
                   std::span<const Detection> found) {
  Json detections = Json::Array();
  for (const Detection& detection : found) {
    detections.Add(DetectionJson(detection));
  }
  return Json::Object({{"file", file},
                       {"width", picture.width},
                       {"height", picture.height},
                       {"detections", detections}})
      .Line();
}

std::string AsText(const std::string& file, const inside::pictures::Picture& picture,
                   std::span<const Detection> found) {
  std::string text =
      Inked(ShownPath(file), Ink::kBold) + "  " + std::to_string(picture.width) + " x " +
      std::to_string(picture.height) + "  " +
      (found.empty() ? "no face"
                     : std::to_string(found.size()) + (found.size() == 1 ? " face" : " faces")) +
      "\n";
  for (const Detection& detection : found) {
    std::array<char, 160> line{};
    const decode::Box& box = detection.box;
    std::snprintf(line.data(), line.size(), "  %5.1f %%  %.0f x %.0f pixels at %.0f, %.0f\n",
                  static_cast<double>(detection.score) * 100, static_cast<double>(box.width()),
                  static_cast<double>(box.height()), static_cast<double>(box.left),
                  static_cast<double>(box.top));
    text += line.data();
  }
  return text;
}

// Where the drawing of picture `index` goes: OUT for one picture; a file of the picture's name in
// OUT where that is a folder; else OUT with a number before its ending.
std::string DrawingPath(const DetectOptions& options, std::size_t index) {
  std::error_code ignored;
  const fs::path out(options.draw);
  if (options.draw.back() == '/' || fs::is_directory(out, ignored)) {
    const std::string& file = options.pictures[index];
    std::string stem = file == "-" ? "stdin" : fs::path(file).stem().string();
    for (std::size_t i = 0; i < options.pictures.size(); ++i) {
      if (i != index && options.pictures[i] != "-" &&
          fs::path(options.pictures[i]).stem() == stem) {
        stem += "-" + std::to_string(index + 1);
        break;
      }
    }
    return (out / (stem + ".png")).string();
  }
  if (options.pictures.size() == 1) {
    return options.draw;
  }
  return (out.parent_path() /
          (out.stem().string() + "-" + std::to_string(index + 1) + out.extension().string()))
      .string();
}

void WriteDrawing(inside::pictures::Picture picture, std::span<const Detection> found,
                  const DetectOptions& options, std::size_t index) {
  constexpr Color kBox = {46, 204, 113};
  constexpr Color kPoint = {255, 191, 0};
  picture = inside::pictures::ToRgb(std::move(picture));
  for (const Detection& detection : found) {
    const decode::Box& box = detection.box;
    DrawBox(picture, static_cast<double>(box.left), static_cast<double>(box.top),
            static_cast<double>(box.right), static_cast<double>(box.bottom), kBox);
    for (const decode::Point& point : detection.points()) {
      DrawPoint(picture, static_cast<double>(point.x), static_cast<double>(point.y), kPoint);
    }
  }
  OutputFiles files;
  if (options.draw.back() == '/') {
    files.EnsureFolder(options.draw);
  }
  files.Add(DrawingPath(options, index), inside::pictures::EncodePng(picture));
  files.Commit();
}

using Finder = engine::owned::OwnedSensor<inside::sense::FaceDetector>;

Finder MakeFinder(const DetectOptions& options) {
  inside::sense::FaceDetectorOptions needs;
  needs.session.kernels = engine::kernels::AllKernels();
  needs.max_candidates = std::numeric_limits<std::size_t>::max();  // as many as there are anchors
  return Finder(options.model.empty() ? Bundled("person/person.tflite") : options.model, needs,
                options.threads);
}

// Valid until the next call.
std::span<const Detection> Find(Finder& finder, const inside::pictures::Picture& picture,
                                const inside::sense::FindOptions& options) {
  base::Diagnosis why;
  const base::Result<signal::ImageView> view =
      signal::ImageView::Make(picture.pixels, picture.width, picture.height, picture.channels);
  if (!view) {
    finder.Fail(view.error(), why);
  }
  const base::Result<std::span<const Detection>> found = finder->Find(*view, options, why);
  if (!found) {
    finder.Fail(found.error(), why);
  }
  return *found;
}

inside::sense::FindOptions FindOptionsOf(const DetectOptions& options) {
  using inside::sense::Suppression;
  inside::sense::FindOptions find;
  find.suppression = options.suppression == "weighted"     ? Suppression::kWeighted
                     : options.suppression == "unweighted" ? Suppression::kUnweighted
                                                           : Suppression::kNone;
  if (options.min_score >= 0.0F) {
    find.min_score = options.min_score;
  }
  return find;
}

}  // namespace

int Detect(const DetectOptions& options) {
  const inside::sense::FindOptions find = FindOptionsOf(options);
  Finder finder = MakeFinder(options);
  int code = 0;
  Progress progress(options.pictures.size());
  for (std::size_t i = 0; i < options.pictures.size(); ++i) {
    const std::string& file = options.pictures[i];
    progress.Show(i, file);
    try {
      const inside::pictures::Picture picture = inside::pictures::ReadPicture(file);
      const std::span<const Detection> found = Find(finder, picture, find);
      if (!options.draw.empty()) {
        WriteDrawing(picture, found, options, i);
      }
      progress.Clear();
      Print(options.json ? AsJson(file, picture, found) : AsText(file, picture, found));
    } catch (const Failure& failure) {
      progress.Clear();
      FlushOutput();
      PrintError(failure.what());
      code = 1;
    }
  }
  return code;
}

}  // namespace pinhole::host
