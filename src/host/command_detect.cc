// SPDX-License-Identifier: Apache-2.0
// pinhole detect: the faces of pictures.

#include <array>
#include <cmath>
#include <cstdio>
#include <filesystem>
#include <map>
#include <memory>
#include <optional>
#include <system_error>

#include "host/commands.h"
#include "host/describe.h"
#include "host/draw.h"
#include "host/face_finder.h"
#include "host/terminal.h"

namespace pinhole::host {

namespace {

namespace fs = std::filesystem;
using decode::Detection;

struct Options {
  std::vector<std::string> pictures;
  std::string model;
  std::string suppression = "weighted";
  float min_score = -1.0F;  // below 0: the model's own
  std::string draw;
  bool json = false;
  int threads = 1;
};

// To a ten-thousandth of a pixel: finer than what the network knows, and short to read.
double Short(float value) { return std::round(static_cast<double>(value) * 1e4) / 1e4; }

Json DetectionJson(const Detection& detection) {
  Json points = Json::array();
  for (const decode::Point& point : detection.points()) {
    points.push_back({Short(point.x), Short(point.y)});
  }
  const decode::Box& box = detection.box;
  return {{"score", std::round(static_cast<double>(detection.score) * 1e6) / 1e6},
          {"box", {Short(box.left), Short(box.top), Short(box.right), Short(box.bottom)}},
          {"points", std::move(points)}};
}

std::string AsJson(const std::string& file, const Picture& picture,
                   std::span<const Detection> found) {
  Json json = {{"file", file},
               {"width", picture.width},
               {"height", picture.height},
               {"detections", Json::array()}};
  for (const Detection& detection : found) {
    json["detections"].push_back(DetectionJson(detection));
  }
  return JsonLine(json);
}

std::string AsText(const std::string& file, const Picture& picture,
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
std::string DrawingPath(const Options& options, std::size_t index) {
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

void WriteDrawing(Picture picture, std::span<const Detection> found, const Options& options,
                  std::size_t index) {
  constexpr Color kBox = {46, 204, 113};
  constexpr Color kPoint = {255, 191, 0};
  picture = ToRgb(std::move(picture));
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
  files.Add(DrawingPath(options, index), EncodePng(picture));
  files.Commit();
}

int Detect(const Options& options) {
  const std::string model = options.model.empty() ? Bundled("person/person.tflite") : options.model;
  using inside::sense::Suppression;
  inside::sense::FindOptions find;
  find.suppression = options.suppression == "weighted"     ? Suppression::kWeighted
                     : options.suppression == "unweighted" ? Suppression::kUnweighted
                                                           : Suppression::kNone;
  if (options.min_score >= 0.0F) {
    find.min_score = options.min_score;
  }
  FaceFinder finder(model, options.threads);
  int code = 0;
  Progress progress(options.pictures.size());
  for (std::size_t i = 0; i < options.pictures.size(); ++i) {
    const std::string& file = options.pictures[i];
    progress.Show(i, file);
    try {
      const Picture picture = ReadPicture(file);
      const std::span<const Detection> found = finder.Find(picture, find);
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

}  // namespace

void AddDetect(CLI::App& parent, Action& chosen) {
  const auto options = std::make_shared<Options>();
  CLI::App* command = parent.add_subcommand("detect", "Find the faces of pictures");
  command
      ->add_option("IMAGE", options->pictures,
                   "JPEG, PNG, BMP, PGM or PPM files; - for standard input")
      ->required();
  command->add_option("--model", options->model, "A face detection model; the bundled one if none")
      ->type_name("FILE");
  command
      ->add_option("--nms", options->suppression, "How overlapping answers for one face are merged")
      ->check(CLI::IsMember({"weighted", "unweighted", "none"}))
      ->capture_default_str();
  command
      ->add_option("--min-score", options->min_score,
                   "Leave faces below this score out; the model's own limit if not given")
      ->check(CLI::Range(0.0, 1.0));
  command->add_flag("--json", options->json, "One JSON object a picture, one a line");
  command
      ->add_option("--draw", options->draw,
                   "Write the picture with boxes and points; for several pictures a folder, or "
                   "a name that gets numbers")
      ->type_name("FILE");
  command->add_option("--threads", options->threads, "Threads to share the work")
      ->capture_default_str()
      ->check(CLI::Range(1, WorkerPool::kMaxThreads));
  command->footer(
      "Coordinates are pixels of the picture held upright, as its EXIF says. Points are, left and\n"
      "right as the picture shows them: left eye, right eye, nose, mouth, left ear, right ear.\n"
      "A picture that can't be read is said on standard error; the others are done all the same.\n"
      "\n"
      "Examples:\n"
      "  pinhole detect photo.jpg\n"
      "  pinhole detect photo.jpg --draw found.png\n"
      "  pinhole detect *.jpg --json --min-score 0.7 > faces.jsonl\n"
      "  curl -s https://example.org/photo.jpg | pinhole detect -");
  command->callback([options, &chosen] { chosen = [options] { return Detect(*options); }; });
}

}  // namespace pinhole::host
