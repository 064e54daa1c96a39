// SPDX-License-Identifier: Apache-2.0
#include "host/man_page.h"

#include <algorithm>
#include <cctype>

#include "outside/config/keys.h"

namespace pinhole::host {

namespace {

// A character of ordinary text. A plain hyphen would be a typographic one, and so on.
std::string Escaped(char c) {
  switch (c) {
    case '\\': return "\\e";
    case '-': return "\\-";
    case '\'': return "\\(aq";
    case '`': return "\\(ga";
    case '^': return "\\(ha";
    case '~': return "\\(ti";
    default: return std::string(1, c);
  }
}

// One line of text; a full stop in front would be a macro.
std::string Escaped(std::string_view text) {
  std::string safe = text.starts_with('.') ? "\\&" : "";
  for (const char c : text) {
    safe += Escaped(c);
  }
  return safe;
}

std::string Bold(std::string_view text) {
  return text.empty() ? "" : "\\fB" + Escaped(text) + "\\fR";
}

std::string Italic(std::string_view text) {
  return text.empty() ? "" : "\\fI" + Escaped(text) + "\\fR";
}

std::string Verbatim(std::string_view text) {
  std::string lines = ".PP\n.nf\n";
  for (std::size_t begin = 0; begin < text.size();) {
    const std::size_t end = std::min(text.find('\n', begin), text.size());
    lines += Escaped(text.substr(begin, end - begin)) + "\n";
    begin = end + 1;
  }
  return lines + ".fi\n";
}

std::string Rendered(const ManSection& section) {
  std::string text = ".SH " + section.title + "\n";
  for (const std::string& paragraph : section.paragraphs) {
    text += (&paragraph == section.paragraphs.data() ? "" : ".PP\n") + Escaped(paragraph) + "\n";
  }
  for (const ManItem& item : section.items) {
    text += ".TP\n" + Bold(item.name) + (item.name.empty() || item.values.empty() ? "" : " ") +
            Italic(item.values) + "\n" + Escaped(item.text) + "\n";
  }
  return text + (section.verbatim.empty() ? "" : Verbatim(section.verbatim));
}

std::string InCapitals(std::string text) {
  std::transform(text.begin(), text.end(), text.begin(),
                 [](unsigned char c) { return static_cast<char>(std::toupper(c)); });
  return text;
}

}  // namespace

std::string AsPhrase(std::string sentence) {
  if (sentence.ends_with('.')) {
    sentence.pop_back();
  }
  // "ML sensors" keeps its capitals.
  const bool word = sentence.size() > 1 && std::islower(static_cast<unsigned char>(sentence[1]));
  if (word) {
    sentence[0] = static_cast<char>(std::tolower(static_cast<unsigned char>(sentence[0])));
  }
  return sentence;
}

std::string Roff(const ManPage& page, std::string_view version) {
  std::string text = ".TH " + Escaped(InCapitals(page.name)) + " " + std::to_string(page.section) +
                     " \"\" \"Pinhole " + std::string(version) + "\" \"Pinhole Manual\"\n" +
                     ".SH NAME\n" + Escaped(page.name) + " \\- " + Escaped(AsPhrase(page.does)) +
                     "\n";
  if (!page.synopsis.empty()) {
    text += ".SH SYNOPSIS\n.nh\n";
    for (const auto& [bold, plain] : page.synopsis) {
      text += (&bold == &page.synopsis.front().first ? "" : ".br\n") + Bold(bold) +
              (plain.empty() ? "" : " ") + Escaped(plain) + "\n";
    }
    text += ".hy\n";
  }
  for (const ManSection& section : page.sections) {
    text += Rendered(section);
  }
  if (!page.see_also.empty()) {
    text += ".SH SEE ALSO\n.nh\n";
    for (const auto& also : page.see_also) {
      text += Bold(also.first) + "(" + std::to_string(also.second) + ")" +
              (&also == &page.see_also.back() ? "" : ",") + "\n";
    }
  }
  return text;
}

ManPage ConfigurationPage() {
  namespace config = outside::config;
  ManPage page;
  page.name = "pinhole.toml";
  page.section = 5;
  page.does = "Configuration of a Pinhole sensor";
  page.sections.push_back(
      {"DESCRIPTION",
       {"A TOML file of sections and keys. Whatever is left out has its default, so that an empty "
        "file is a configuration too. Unknown keys, values out of range and values that do not fit "
        "each other are errors. Check a file with: pinhole config FILE",
        "Secrets stand in files of their own, whose first line they are; keys name these files."},
       {},
       ""});
  for (const config::Section& section : config::Sections()) {
    ManSection shown{"[" + std::string(section.name) + "]", {std::string(section.help)}, {}, ""};
    for (const config::Key& key : config::Keys()) {
      if (key.section == section.name) {
        shown.items.push_back({std::string(key.name), Allowed(key),
                               std::string(key.help) + " Default: " +
                                   ValueAsToml(key, key.get(config::Config())) + "."});
      }
    }
    page.sections.push_back(shown);
  }
  page.sections.push_back(
      {"FILES", {}, {{"/etc/pinhole/pinhole.toml", "", "What the services read."}}, ""});
  page.see_also = {{"pinhole", 1}, {"pinhole-config", 1}};
  return page;
}

}  // namespace pinhole::host
