// SPDX-License-Identifier: Apache-2.0
#include "decode/detector_text.h"

#include <cstdint>
#include <optional>
#include <span>

#include "decode/detection.h"

namespace pinhole::decode {

namespace {

constexpr std::size_t kMaxLineLength = 120;

// "-0.25" is -25 / 10^2. nullopt for everything else, and beyond nine digits.
std::optional<float> ParseDecimal(std::string_view word) {
  const bool negative = word.starts_with('-');
  word.remove_prefix(negative ? 1 : 0);
  std::int32_t digits = 0;
  std::int32_t divisor = 1;
  int count = 0;
  bool point = false;
  for (const char c : word) {
    if (c == '.' && !point && count > 0) {
      point = true;
      continue;
    }
    if (c < '0' || c > '9' || ++count > 9) {
      return std::nullopt;
    }
    digits = digits * 10 + (c - '0');
    divisor *= point ? 10 : 1;
  }
  if (count == 0 || word.back() == '.') {
    return std::nullopt;
  }
  const double value = static_cast<double>(digits) / divisor;
  return static_cast<float>(negative ? -value : value);
}

// The words of one line, from the left.
class Words {
 public:
  explicit Words(std::string_view line) : rest_(line) {}

  // Empty where there are no more, and where two spaces meet.
  std::string_view Next() {
    const std::size_t space = rest_.find(' ');
    const std::string_view word = rest_.substr(0, space);
    rest_ = space == std::string_view::npos ? std::string_view() : rest_.substr(space + 1);
    more_ = space != std::string_view::npos;
    return word;
  }
  [[nodiscard]] bool more() const { return more_; }

  // `count` decimals between low and high, and nothing after them.
  bool Decimals(float low, float high, std::span<float> out) {
    for (float& value : out) {
      const std::optional<float> number = more_ ? ParseDecimal(Next()) : std::nullopt;
      if (!number || *number < low || *number > high) {
        return false;
      }
      value = *number;
    }
    return !more_;
  }
  // From 1 to out.size() whole numbers between 1 and high; returns how many, 0 where one is not.
  std::size_t Wholes(std::uint16_t high, std::span<std::uint16_t> out) {
    std::size_t count = 0;
    while (more_) {
      const std::string_view word = Next();
      const std::optional<float> number = ParseDecimal(word);
      if (count == out.size() || !number || *number < 1.0F || *number > static_cast<float>(high) ||
          word.find('.') != std::string_view::npos) {
        return 0;
      }
      out[count++] = static_cast<std::uint16_t>(*number);
    }
    return count;
  }

 private:
  std::string_view rest_;
  bool more_ = true;
};

enum Key : unsigned { kClasses, kStrides, kPerCell, kKeypoints, kRange, kMinScore, kIou, kKeys };
constexpr std::array<std::string_view, kKeys> kKeyNames = {
    "classes", "strides", "anchors_per_cell", "keypoints", "input_range", "min_score", "iou"};

using Numbers = std::array<std::uint16_t, kMaxAnchorLayers>;

struct Reading {
  DetectorText text;
  Numbers strides{}, per_cell{};
  std::size_t stride_count = 0, per_cell_count = 0;
};

// One line's values; false where they are not what the key wants.
bool ReadValues(Key key, Words& words, Reading& reading) {
  DetectorText& text = reading.text;
  switch (key) {
    case kClasses: return words.more() && words.Next() == "face" && !words.more();
    case kStrides:
      reading.stride_count = words.Wholes(1024, reading.strides);
      return reading.stride_count > 0;
    case kPerCell:
      reading.per_cell_count = words.Wholes(kMaxAspectRatios, reading.per_cell);
      return reading.per_cell_count > 0;
    case kKeypoints: {
      std::array<float, 1> count{};
      const bool fits = words.Decimals(0.0F, static_cast<float>(kMaxKeypoints), count);
      text.keypoints = static_cast<std::size_t>(count[0]);
      return fits && static_cast<float>(text.keypoints) == count[0];
    }
    case kRange: {
      std::array<float, 2> range{};
      const bool fits = words.Decimals(-65536.0F, 65536.0F, range);
      text.input_low = range[0];
      text.input_high = range[1];
      return fits && text.input_low < text.input_high;
    }
    case kMinScore: return words.Decimals(0.0F, 1.0F, std::span(&text.min_score, 1));
    case kIou: return words.Decimals(0.0F, 1.0F, std::span(&text.iou, 1));
    case kKeys: break;
  }
  return false;
}

constexpr std::array<std::string_view, kKeys> kWanted = {
    "'classes face' expected",
    "1 to 8 whole numbers from 1 to 1024 expected",
    "1 to 8 whole numbers from 1 to 8 expected",
    "a whole number from 0 to 8 expected",
    "two numbers from -65536 to 65536 expected, the lower one first",
    "a number from 0 to 1 expected",
    "a number from 0 to 1 expected"};

base::Status ReadLine(std::string_view line, unsigned number, unsigned& seen, Reading& reading,
                      base::Diagnosis& why) {
  Words words(line);
  const std::string_view name = words.Next();
  for (unsigned key = 0; key < kKeys; ++key) {
    if (name != kKeyNames[key]) {
      continue;
    }
    if ((seen & (1U << key)) != 0) {
      return why.Fail(base::Error::kMalformed, "line ", number, ": '", name, "' a second time");
    }
    seen |= 1U << key;
    if (!ReadValues(static_cast<Key>(key), words, reading)) {
      const base::Error error =
          key == kClasses ? base::Error::kUnsupported : base::Error::kMalformed;
      return why.Fail(error, "line ", number, ": '", line, "' found, ", kWanted[key]);
    }
    return {};
  }
  return why.Fail(base::Error::kMalformed, "line ", number, ": '", name,
                  "' is no key of a pinhole.detector text; take it out, or use a version of "
                  "Pinhole that knows it");
}

}  // namespace

base::Result<DetectorText> ParseDetectorText(std::string_view text, base::Diagnosis& why) {
  Reading reading;
  unsigned seen = 0;
  unsigned number = 0;
  while (!text.empty()) {
    ++number;
    const std::size_t end = text.find('\n');
    if (end > kMaxLineLength) {  // npos is the largest of all
      return why.Fail(base::Error::kMalformed, "line ", number,
                      ": no end of line within 120 characters");
    }
    const std::string_view line = text.substr(0, end);
    text.remove_prefix(end + 1);
    if (number > 1) {
      PINHOLE_TRY(ReadLine(line, number, seen, reading, why));
    } else if (line != "pinhole-detector 1") {
      return why.Fail(base::Error::kUnsupported, "line 1: '", line,
                      "' found, 'pinhole-detector 1' expected");
    }
  }
  for (unsigned key = 0; key < kKeys; ++key) {
    if ((seen & (1U << key)) == 0) {
      return why.Fail(base::Error::kMalformed, "line ", number + 1, ": the end, but '",
                      kKeyNames[key], "' is missing");
    }
  }
  if (reading.stride_count != reading.per_cell_count) {
    return why.Fail(base::Error::kMalformed, "line ", number, ": ", reading.stride_count,
                    " strides but ", reading.per_cell_count, " anchors_per_cell");
  }
  reading.text.layer_count = reading.stride_count;
  for (std::size_t i = 0; i < reading.stride_count; ++i) {
    reading.text.layers[i] = {reading.strides[i], reading.per_cell[i]};
  }
  return reading.text;
}

}  // namespace pinhole::decode
