// SPDX-License-Identifier: Apache-2.0
#pragma once

// What the command says to people: lines on standard output, errors and progress on standard error.
//
// Colours and the progress bar appear on a terminal only, colours not where NO_COLOR is set. What
// is printed is collected and checked: a full disk behind standard output is an error like any
// other, not a silent half of an answer.

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace pinhole::system {

enum class Stream { kOut, kError };

bool IsTerminal(Stream stream);
// Columns of the terminal behind `stream`; 100 where it is none.
int TerminalWidth(Stream stream = Stream::kOut);

enum class Ink { kPlain, kBold, kDim, kRed, kGreen, kYellow, kBlue };
// `text` in that ink where `stream` shows colours, else as it is.
std::string Inked(std::string_view text, Ink ink, Stream stream = Stream::kOut);

// To standard output. Throws Failure where it can't be written.
void Print(std::string_view text);
// "pinhole: SENTENCE" and a line feed to standard error.
void PrintError(std::string_view sentence);
// Hands on what is still in the buffer. Throws Failure where it can't be written.
void FlushOutput();

// One line on standard error that is written over again and again; nothing unless that is a
// terminal.
class StatusLine {
 public:
  explicit StatusLine(bool wanted = true);
  ~StatusLine();
  StatusLine(const StatusLine&) = delete;
  StatusLine& operator=(const StatusLine&) = delete;

  [[nodiscard]] bool is_active() const { return active_; }
  // `text` is one line without control characters; what doesn't fit the terminal is cut.
  void Show(const std::string& text);
  // Takes the line away, so that other lines can be printed.
  void Clear();

 private:
  bool active_;
  bool visible_ = false;
};

// "[######......]": `done` of `total`, which is not 0.
std::string Bar(std::uint64_t done, std::uint64_t total);

// A status line that says how far the work is; nothing where there is only one thing to do.
class Progress {
 public:
  explicit Progress(std::size_t total);

  // `name` is what is being worked on now, the `done` before it are finished.
  void Show(std::size_t done, std::string_view name);
  void Clear() { line_.Clear(); }

 private:
  std::size_t total_;
  StatusLine line_;
};

// 1234567 as "1,234,567".
std::string Grouped(unsigned long long number);
// 7158000 as "7.16 M": three digits, with k, M, G.
std::string Rounded(unsigned long long number);

// Rows of cells, as a person reads them: columns as wide as their widest cell, numbers to the
// right.
class Table {
 public:
  enum class Align { kLeft, kRight };
  struct Column {
    std::string title;
    Align align = Align::kLeft;
  };

  explicit Table(std::vector<Column> columns) : columns_(std::move(columns)) {}
  void Row(std::vector<std::string> cells) { rows_.push_back(std::move(cells)); }
  [[nodiscard]] std::string Text() const;

 private:
  std::vector<Column> columns_;
  std::vector<std::vector<std::string>> rows_;
};

// Characters that `text` takes on a terminal: UTF-8 sequences count once, colours not at all.
std::size_t ShownWidth(std::string_view text);

}  // namespace pinhole::system
