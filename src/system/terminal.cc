// SPDX-License-Identifier: Apache-2.0
#include "system/terminal.h"

#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdio>
#include <cstdlib>

#include "system/failure.h"

namespace pinhole::system {

namespace {

int DescriptorOf(Stream stream) { return stream == Stream::kOut ? STDOUT_FILENO : STDERR_FILENO; }

bool IsSet(const char* variable) {
  const char* value = std::getenv(variable);
  return value != nullptr && *value != '\0';
}

bool ShowsColors(Stream stream) {
  const char* term = std::getenv("TERM");
  return IsTerminal(stream) && !IsSet("NO_COLOR") &&
         (term == nullptr || std::string_view(term) != "dumb");
}

// At most `width` characters; the end is what tells paths apart, so the front goes.
std::string Shortened(std::string_view text, std::size_t width) {
  if (ShownWidth(text) <= width) {
    return std::string(text);
  }
  std::size_t begin = text.size();
  std::size_t shown = 3;
  while (begin > 0 && shown < width) {
    --begin;
    while (begin > 0 && (static_cast<unsigned char>(text[begin]) & 0xC0) == 0x80) {
      --begin;
    }
    ++shown;
  }
  return "..." + std::string(text.substr(begin));
}

}  // namespace

bool IsTerminal(Stream stream) { return ::isatty(DescriptorOf(stream)) == 1; }

int TerminalWidth(Stream stream) {
  winsize size{};
  const bool known =
      ::ioctl(stream == Stream::kOut ? STDOUT_FILENO : STDERR_FILENO, TIOCGWINSZ, &size) == 0 &&
      size.ws_col > 0;
  return known ? std::clamp<int>(size.ws_col, 40, 400) : 100;
}

std::string Inked(std::string_view text, Ink ink, Stream stream) {
  if (ink == Ink::kPlain || !ShowsColors(stream)) {
    return std::string(text);
  }
  constexpr std::array kCodes = {"0", "1", "2", "31", "32", "33", "34"};
  return std::string("\x1b[") + kCodes[static_cast<std::size_t>(ink)] + "m" + std::string(text) +
         "\x1b[0m";
}

void Print(std::string_view text) {
  if (std::fwrite(text.data(), 1, text.size(), stdout) != text.size()) {
    throw Failure("standard output can't be written; check the disk or what reads it");
  }
}

void FlushOutput() {
  if (std::fflush(stdout) != 0 || std::ferror(stdout) != 0) {
    throw Failure("standard output can't be written; check the disk or what reads it");
  }
}

void PrintError(std::string_view sentence) {
  const std::string line =
      Inked("pinhole:", Ink::kRed, Stream::kError) + " " + std::string(sentence) + "\n";
  std::fwrite(line.data(), 1, line.size(), stderr);
}

StatusLine::StatusLine(bool wanted) : active_(wanted && IsTerminal(Stream::kError)) {}

StatusLine::~StatusLine() { Clear(); }

void StatusLine::Show(const std::string& text) {
  if (!active_) {
    return;
  }
  const std::string line =
      "\r\x1b[K" +
      Shortened(Printable(text), static_cast<std::size_t>(TerminalWidth(Stream::kError)) - 1);
  std::fwrite(line.data(), 1, line.size(), stderr);
  std::fflush(stderr);
  visible_ = true;
}

void StatusLine::Clear() {
  if (visible_) {
    std::fputs("\r\x1b[K", stderr);
    std::fflush(stderr);
    visible_ = false;
  }
}

std::string Bar(std::uint64_t done, std::uint64_t total) {
  constexpr std::uint64_t kBar = 24;
  const std::uint64_t filled = std::min(done, total) * kBar / total;
  return "[" + std::string(filled, '#') + std::string(kBar - filled, '.') + "]";
}

Progress::Progress(std::size_t total) : total_(total), line_(total > 1) {}

void Progress::Show(std::size_t done, std::string_view name) {
  if (line_.is_active()) {
    line_.Show(Bar(done, total_) + " " + std::to_string(done) + "/" + std::to_string(total_) + " " +
               Shortened(Printable(name), 40));
  }
}

std::string Grouped(unsigned long long number) {
  std::string digits = std::to_string(number);
  for (std::size_t at = digits.size(); at > 3;) {
    at -= 3;
    digits.insert(at, ",");
  }
  return digits;
}

std::string Rounded(unsigned long long number) {
  if (number < 1000) {
    return std::to_string(number);
  }
  constexpr std::array kUnits = {"", " k", " M", " G", " T", " P", " E"};
  auto value = static_cast<double>(number);
  std::size_t unit = 0;
  while (value >= 999.5 && unit + 1 < kUnits.size()) {
    value /= 1000;
    ++unit;
  }
  std::array<char, 32> text{};
  const int decimals = value < 9.995 ? 2 : (value < 99.95 ? 1 : 0);
  std::snprintf(text.data(), text.size(), "%.*f%s", decimals, value, kUnits[unit]);
  return text.data();
}

std::size_t ShownWidth(std::string_view text) {
  std::size_t width = 0;
  bool in_escape = false;  // from ESC to the letter that ends it
  for (const char c : text) {
    if (in_escape || c == '\x1B') {
      in_escape = !in_escape || c == '[' || c == ';' || (c >= '0' && c <= '9');
    } else if ((static_cast<unsigned char>(c) & 0xC0) != 0x80) {
      ++width;
    }
  }
  return width;
}

std::string Table::Text() const {
  std::vector<std::size_t> widths;
  for (const Column& column : columns_) {
    widths.push_back(ShownWidth(column.title));
  }
  for (const std::vector<std::string>& row : rows_) {
    for (std::size_t i = 0; i < row.size(); ++i) {
      widths[i] = std::max(widths[i], ShownWidth(row[i]));
    }
  }
  const auto line = [&](const auto& cell_of, Ink ink) {
    std::string text;
    for (std::size_t i = 0; i < columns_.size(); ++i) {
      const std::string& cell = cell_of(i);
      const std::string gap(widths[i] - ShownWidth(cell), ' ');
      text += columns_[i].align == Align::kRight ? gap + cell : cell + gap;
      text += "  ";
    }
    text.erase(text.find_last_not_of(' ') + 1);
    return Inked(text, ink) + "\n";
  };
  std::string text =
      line([&](std::size_t i) -> const std::string& { return columns_[i].title; }, Ink::kBold);
  for (const std::vector<std::string>& row : rows_) {
    text += line([&](std::size_t i) -> const std::string& { return row[i]; }, Ink::kPlain);
  }
  return text;
}

}  // namespace pinhole::system
