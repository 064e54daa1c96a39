// SPDX-License-Identifier: Apache-2.0
#include "outside/config/config_text.h"

#include <algorithm>

#include "outside/config/keys.h"

namespace pinhole::outside::config {

namespace {

constexpr std::size_t kColumns = 100;

// `text` in lines of comments.
std::string AsComment(std::string_view text) {
  std::string lines, line = "#";
  for (std::size_t begin = 0; begin < text.size();) {
    const std::size_t end = std::min(text.find(' ', begin), text.size());
    if (line.size() + 1 + (end - begin) > kColumns && line != "#") {
      lines += line + "\n";
      line = "#";
    }
    line += " " + std::string(text.substr(begin, end - begin));
    begin = end + 1;
  }
  return lines + line + "\n";
}

template <typename EachKey>
std::string SectionBySection(const Config& config, bool documented, const EachKey& each) {
  std::string text;
  for (const Section& section : Sections()) {
    text += (text.empty() ? "" : "\n") + (documented ? AsComment(section.help) : "") + "[" +
            std::string(section.name) + "]\n";
    for (const Key& key : Keys()) {
      if (key.section == section.name) {
        text += each(key) + std::string(key.name) + " = " +
                ValueAsToml(key, Shown(key, key.get(config))) + "\n";
      }
    }
  }
  return text;
}

std::string InTable(std::string text) {
  for (std::size_t at = text.find('|'); at != std::string::npos; at = text.find('|', at + 2)) {
    text.insert(at, "\\");
  }
  return text;
}

}  // namespace

std::string DefaultsAsToml() {
  return AsComment(
             "A Pinhole sensor. Every key is here with its default; what is left out of a file has "
             "it too. 'pinhole config FILE' checks a file.") +
         "\n" + SectionBySection(Config(), true, [](const Key& key) {
           return AsComment(std::string(key.help) + " (" + Allowed(key) + ")");
         });
}

std::string AsToml(const Config& config) {
  return SectionBySection(config, false, [](const Key&) { return std::string(); });
}

std::string KeysAsMarkdown() {
  const Config defaults;
  std::string text;
  for (const Section& section : Sections()) {
    text += "### [" + std::string(section.name) + "]\n" + std::string(section.help) +
            "\n\n| key | default | allowed | meaning |\n|---|---|---|---|\n";
    for (const Key& key : Keys()) {
      if (key.section == section.name) {
        text += "| `" + std::string(key.name) + "` | `" + ValueAsToml(key, key.get(defaults)) +
                "` | " + InTable(Allowed(key)) + " | " + InTable(std::string(key.help)) + " |\n";
      }
    }
    text += "\n";
  }
  return text;
}

}  // namespace pinhole::outside::config
