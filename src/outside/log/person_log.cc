// SPDX-License-Identifier: Apache-2.0
#include "outside/log/person_log.h"

#include <algorithm>
#include <array>
#include <cstdint>

namespace pinhole::outside::log {

namespace {

using facts::FaceFacts;
using facts::PersonFacts;

// Joins pieces in a buffer; what no longer fits is left out.
class Line {
 public:
  explicit Line(std::span<char> out) : out_(out) {}

  Line& operator<<(std::string_view piece) {
    const std::size_t fits = std::min(piece.size(), out_.size() - size_);
    std::copy_n(piece.begin(), fits, out_.begin() + static_cast<std::ptrdiff_t>(size_));
    size_ += fits;
    return *this;
  }
  // 0 to 999.
  Line& operator<<(unsigned number) {
    const std::array<char, 3> digits = Digits(number);
    const std::size_t zeroes = number >= 100 ? 0 : number >= 10 ? 1 : 2;
    return *this << std::string_view(digits.data() + zeroes, digits.size() - zeroes);
  }
  // `of_255` / 255 to three decimals.
  Line& Fraction(std::uint8_t of_255) {
    const unsigned thousandths = (of_255 * 1000U + 127U) / 255U;
    const std::array<char, 3> digits = Digits(thousandths % 1000);
    return *this << thousandths / 1000 << "." << std::string_view(digits.data(), digits.size());
  }
  Line& Truth(std::uint8_t flag) { return *this << (flag != 0 ? "true" : "false"); }

  [[nodiscard]] std::string_view text() const { return {out_.data(), size_}; }

 private:
  static std::array<char, 3> Digits(unsigned number) {
    return {static_cast<char>('0' + number / 100), static_cast<char>('0' + number / 10 % 10),
            static_cast<char>('0' + number % 10)};
  }

  std::span<char> out_;
  std::size_t size_ = 0;
};

unsigned Percent(std::uint8_t of_255) { return (of_255 * 100U + 127U) / 255U; }

std::span<const FaceFacts> Faces(const PersonFacts& facts) {
  return std::span(facts.faces).first(std::min<std::size_t>(facts.count, facts.faces.size()));
}

void AppendText(const FaceFacts& face, Line& line) {
  // A profile that does not say how sure it is has 255 there; so does a sensor that has no doubt.
  if (face.confidence != 255) {
    line << Percent(face.confidence) << " % sure, ";
  }
  line << Percent(face.left) << " to " << Percent(face.right) << " % across, " << Percent(face.top)
       << " to " << Percent(face.bottom) << " % down";
  if (face.facing != 0) {
    line << ", facing";
  }
  if (face.id != 0) {
    line << ", number " << face.id << " at " << Percent(face.id_confidence) << " %";
  }
}

void AppendJson(const FaceFacts& face, Line& line) {
  line << "{\"confidence\":";
  line.Fraction(face.confidence) << ",\"box\":[";
  line.Fraction(face.left) << ",";
  line.Fraction(face.top) << ",";
  line.Fraction(face.right) << ",";
  line.Fraction(face.bottom) << "],\"facing\":";
  line.Truth(face.facing);
  if (face.id != 0) {
    line << ",\"id\":" << face.id << ",\"id_confidence\":";
    line.Fraction(face.id_confidence);
  }
  line << "}";
}

int Facing(const PersonFacts& facts) {
  int facing = 0;
  for (const FaceFacts& face : Faces(facts)) {
    facing += face.facing;
  }
  return facing;
}

std::array<std::uint8_t, facts::kMaxFaces> Ids(const PersonFacts& facts) {
  std::array<std::uint8_t, facts::kMaxFaces> ids{};
  std::transform(facts.faces.begin(), facts.faces.end(), ids.begin(),
                 [](const FaceFacts& face) { return face.id; });
  std::sort(ids.begin(), ids.end());
  return ids;
}

}  // namespace

std::string_view TextLine(const PersonFacts& facts, std::span<char, kMaxTextLine> out) {
  Line line(out);
  if (facts.reading == 0) {
    line << "no reading";
  } else if (facts.present == 0) {
    line << "nobody";
  } else {
    const std::span<const FaceFacts> faces = Faces(facts);
    line << "somebody, ";
    if (faces.empty()) {
      line << "no face";
    } else {
      line << static_cast<unsigned>(faces.size()) << (faces.size() == 1 ? " face" : " faces");
    }
    for (const FaceFacts& face : faces) {
      line << (&face == faces.data() ? ": " : "; ");
      AppendText(face, line);
    }
  }
  return line.text();
}

std::string_view JsonLine(const PersonFacts& facts, std::span<char, kMaxJsonLine> out) {
  Line line(out);
  line << "{\"reading\":";
  line.Truth(facts.reading) << ",\"present\":";
  line.Truth(facts.present) << ",\"faces\":[";
  const std::span<const FaceFacts> faces = Faces(facts);
  for (const FaceFacts& face : faces) {
    line << (&face == faces.data() ? "" : ",");
    AppendJson(face, line);
  }
  line << "]}";
  return line.text();
}

std::string_view WhatChanged(const PersonFacts& before, const PersonFacts& now) {
  if (now.reading != before.reading) {
    return now.reading == 0   ? "no reading"
           : now.present != 0 ? "somebody is there"
                              : "nobody is there";
  }
  if (now.present != before.present) {
    return now.present != 0 ? "somebody came" : "nobody is there any more";
  }
  if (now.count != before.count) {
    return now.count > before.count ? "more faces" : "fewer faces";
  }
  if (Facing(now) != Facing(before)) {
    return Facing(now) > Facing(before) ? "a face turned to the camera" : "a face turned away";
  }
  return Ids(now) != Ids(before) ? "others are recognised" : "";
}

}  // namespace pinhole::outside::log
