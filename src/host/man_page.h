// SPDX-License-Identifier: Apache-2.0
#pragma once

// Manual pages, as `man` reads them: what a page says in, roff with the man macros out.
//
// Texts are plain: whatever means something to roff is escaped here. Pages carry no date, so that
// the same source gives the same bytes.

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace pinhole::host {

struct ManItem {
  std::string name;    // "--model"; empty: none
  std::string values;  // "FILE": shown in italics
  std::string text;
};

struct ManSection {
  std::string title;  // "OPTIONS"
  std::vector<std::string> paragraphs;
  std::vector<ManItem> items;
  std::string verbatim;  // lines as they are, with line feeds
};

struct ManPage {
  std::string name;  // "pinhole-detect"
  int section = 1;
  std::string does;                                           // one sentence
  std::vector<std::pair<std::string, std::string>> synopsis;  // in bold, then plain
  std::vector<ManSection> sections;
  std::vector<std::pair<std::string, int>> see_also;
};

std::string Roff(const ManPage& page, std::string_view version);

// What begins with a capital and ends in a full stop, as the line below NAME has it.
std::string AsPhrase(std::string sentence);

// The page pinhole.toml(5), made of the table of keys (outside/config/keys.h).
ManPage ConfigurationPage();

}  // namespace pinhole::host
