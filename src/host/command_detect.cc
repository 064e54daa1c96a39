// SPDX-License-Identifier: Apache-2.0
// pinhole detect: the faces of pictures.

#include <array>
#include <charconv>
#include <cmath>
#include <cstdio>
#include <filesystem>
#include <limits>
#include <span>
#include <string>
#include <system_error>
#include <vector>

#include "engine/owned/chosen_target.h"
#include "engine/owned/owned_sensor.h"
#include "host/commands.h"
#include "host/draw.h"
#include "host/json.h"
#include "host/names.h"
#include "inside/pictures/picture.h"
#include "inside/sense/face_detector.h"
#include "inside/sense/tiled_search.h"
#include "inside/sense/tiles.h"

namespace pinhole::host {

namespace {

namespace fs = std::filesystem;
using decode::Detection;
using inside::sense::TilePlan;

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

// What --tiles asks for.
struct Tiles {
  bool automatic = false;
  int columns = 0, rows = 0;  // 0: none

  [[nodiscard]] bool any() const { return automatic || columns > 0; }
};

Tiles ParseTiles(const std::string& text) {
  if (text == "none") {
    return {};
  }
  if (text == "auto") {
    return {.automatic = true};
  }
  const char* const end = text.data() + text.size();
  Tiles tiles;
  std::from_chars_result read = std::from_chars(text.data(), end, tiles.columns);
  tiles.rows = tiles.columns;
  if (read.ec == std::errc() && read.ptr != end && *read.ptr == 'x') {
    read = std::from_chars(read.ptr + 1, end, tiles.rows);
  }
  if (read.ec != std::errc() || read.ptr != end ||
      !TilePlan::Grid(1, 1, tiles.columns, tiles.rows)) {
    throw WrongUsage("--tiles: '" + Printable(text) + "' found; none, auto, a number N or " +
                     "COLUMNSxROWS expected, of at most " +
                     std::to_string(TilePlan::kMaxTiles - 1) + " tiles");
  }
  return tiles;
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

engine::owned::OwnedSensor<inside::sense::FaceDetector> MakeDetector(const DetectOptions& options) {
  inside::sense::FaceDetectorOptions needs;
  needs.session = engine::owned::HostSessionOptions();
  needs.max_candidates = std::numeric_limits<std::size_t>::max();  // as many as there are anchors
  return {options.model.empty() ? Bundled("person/person.tflite") : options.model, needs,
          options.threads};
}

// The detector, and the memory to look for faces in tiles.
class Search {
 public:
  explicit Search(const DetectOptions& options)
      : tiles_(ParseTiles(options.tiles)),
        find_(FindOptionsOf(options)),
        detector_(MakeDetector(options)) {
    if (tiles_.any()) {
      found_.resize(kPlaces);
      kept_.resize(kPlaces);
      scratch_.resize(decode::NonMaxSuppressionScratch(kPlaces));
    }
  }

  // Valid until the next call.
  std::span<const Detection> Find(const inside::pictures::Picture& picture) {
    base::Diagnosis why;
    const base::Result<signal::ImageView> view =
        signal::ImageView::Make(picture.pixels, picture.width, picture.height, picture.channels);
    if (!view) {
      detector_.Fail(view.error(), why);
    }
    const base::Result<std::span<const Detection>> found =
        tiles_.any() ? inside::sense::FindInTiles(*detector_.operator->(), *view, PlanFor(picture),
                                                  find_, {found_, kept_, scratch_}, why)
                     : detector_->Find(*view, find_, why);
    if (!found) {
      detector_.Fail(found.error(), why);
    }
    return *found;
  }

  // What has to be said about the tiles of a picture; empty mostly.
  std::string Notice(const std::string& file, const inside::pictures::Picture& picture) {
    if (!tiles_.automatic) {
      return "";
    }
    const TilePlan plan = PlanFor(picture);
    return plan.is_complete()
               ? ""
               : ShownPath(file) + ": " + std::to_string(picture.width) + " x " +
                     std::to_string(picture.height) + " pixels are looked at in tiles of " +
                     std::to_string(plan.smallest_side()) +
                     ", since smaller ones would be more than " +
                     std::to_string(TilePlan::kMaxTiles) +
                     "; give parts of the picture to find smaller faces";
  }

 private:
  // For boxes above the score limit, all tiles together; the best stay.
  static constexpr std::size_t kPlaces = 16384;

  [[nodiscard]] TilePlan PlanFor(const inside::pictures::Picture& picture) {
    return tiles_.automatic
               ? TilePlan::ForModel(picture.width, picture.height, detector_->spec().input_size)
               : TilePlan::Grid(picture.width, picture.height, tiles_.columns, tiles_.rows).value();
  }

  Tiles tiles_;
  inside::sense::FindOptions find_;
  engine::owned::OwnedSensor<inside::sense::FaceDetector> detector_;
  std::vector<Detection> found_, kept_;
  std::vector<std::uint32_t> scratch_;
};

}  // namespace

int Detect(const DetectOptions& options) {
  Search search(options);
  int code = 0;
  Progress progress(options.pictures.size());
  for (std::size_t i = 0; i < options.pictures.size(); ++i) {
    const std::string& file = options.pictures[i];
    progress.Show(i, file);
    try {
      const inside::pictures::Picture picture = inside::pictures::ReadPicture(file);
      const std::span<const Detection> found = search.Find(picture);
      if (!options.draw.empty()) {
        WriteDrawing(picture, found, options, i);
      }
      progress.Clear();
      if (const std::string notice = search.Notice(file, picture); !notice.empty()) {
        PrintError(notice);
      }
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
