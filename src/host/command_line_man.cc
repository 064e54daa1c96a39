// SPDX-License-Identifier: Apache-2.0
// The command line as manual pages: what --help says of each subcommand, one page each.

#include <algorithm>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "host/command_line_parts.h"
#include "host/man_page.h"
#include "host/names.h"

namespace pinhole::host {

namespace {

bool IsShown(const CLI::App* command) { return !command->get_group().empty(); }

// "pinhole model plan", with the words joined by `by`.
std::string FullName(const CLI::App& app, const std::string& by) {
  return app.get_parent() == nullptr ? app.get_name()
                                     : FullName(*app.get_parent(), by) + by + app.get_name();
}

std::string InOneLine(std::string text) {
  std::replace(text.begin(), text.end(), '\n', ' ');
  return text;
}

// What a value is, without what it may be: "NAME" of "NAME:{a,b}".
std::string ValueName(const CLI::Option& option) {
  const std::string type = option.get_type_name();
  const std::string name = type.substr(0, type.find(':'));
  return name == "one of" ? "" : name;
}

bool IsHelp(const CLI::Option& option) { return option.check_lname("help"); }

// "[--model FILE]", "IMAGE...".
std::string Usage(const CLI::Option& option) {
  std::string usage;
  if (option.nonpositional()) {
    const std::string value = ValueName(option);
    usage = option.get_name() + (value.empty() ? "" : " " + value);
  } else {
    usage = option.get_name(true);
  }
  usage += option.get_expected_max() > 1 ? "..." : "";
  return option.get_required() ? usage : "[" + usage + "]";
}

std::string UsageOfAll(const CLI::App& app) {
  std::string words;
  for (const bool positional : {false, true}) {
    for (const CLI::Option* option : app.get_options()) {
      if (option->nonpositional() != positional && !IsHelp(*option)) {
        words += (words.empty() ? "" : " ") + Usage(*option);
      }
    }
  }
  const bool commands = !app.get_subcommands(IsShown).empty();
  return words + (commands ? std::string(words.empty() ? "" : " ") + "COMMAND ..." : "");
}

ManItem ItemOf(const CLI::Option& option) {
  ManItem item;
  const bool positional = !option.nonpositional();
  item.name = positional ? option.get_name(true) : option.get_name(false, true);
  if (const std::size_t comma = item.name.find(','); comma != std::string::npos) {
    item.name.insert(comma + 1, " ");
  }
  item.values = positional ? "" : ValueName(option);
  item.text = InOneLine(option.get_description());
  if (!item.text.ends_with('.')) {
    item.text += ".";
  }
  if (const std::string choices = ChoicesOf(option.get_type_name()); !choices.empty()) {
    item.text += " One of: " + choices + ".";
  }
  if (const std::string value = option.get_default_str(); !value.empty()) {
    item.text += " Default: " + value + ".";
  }
  return item;
}

// Paragraphs of the text below an application's help go to `description`, its examples to
// `examples`. How programs end is said on every page in the same words.
void TakeFooter(const std::string& footer, ManSection& description, ManSection& examples) {
  constexpr std::string_view kExamples = "Examples:\n";
  for (std::size_t begin = 0; begin < footer.size();) {
    const std::size_t end = std::min(footer.find("\n\n", begin), footer.size());
    const std::string paragraph = footer.substr(begin, end - begin);
    begin = end + 2;
    if (paragraph.starts_with(kExamples)) {
      examples.verbatim = paragraph.substr(kExamples.size());
    } else if (!paragraph.starts_with("Exit codes:")) {
      description.paragraphs.push_back(InOneLine(paragraph));
    }
  }
}

std::vector<ManSection> SectionsOf(const CLI::App& app) {
  ManSection description{"DESCRIPTION", {InOneLine(app.get_description())}, {}, ""};
  ManSection commands{"COMMANDS", {}, {}, ""}, arguments{"ARGUMENTS", {}, {}, ""},
      options{"OPTIONS", {}, {}, ""}, examples{"EXAMPLES", {}, {}, ""};
  if (!description.paragraphs[0].ends_with('.')) {
    description.paragraphs[0] += ".";
  }
  TakeFooter(app.get_footer(), description, examples);
  for (const CLI::App* command : app.get_subcommands(IsShown)) {
    commands.items.push_back(
        {command->get_name(), "", InOneLine(command->get_description()) + "."});
  }
  for (const CLI::Option* option : app.get_options()) {
    (option->nonpositional() ? options : arguments).items.push_back(ItemOf(*option));
  }
  std::vector<ManSection> sections = {description};
  for (const ManSection& section : {commands, arguments, options}) {
    if (!section.items.empty()) {
      sections.push_back(section);
    }
  }
  sections.push_back({"EXIT STATUS",
                      {},
                      {{"0", "", "All is well."},
                       {"1", "", "Something failed; standard error says what and what to do."},
                       {"2", "", "The command line is wrong."}},
                      ""});
  if (!examples.verbatim.empty()) {
    sections.push_back(examples);
  }
  return sections;
}

void Collect(const CLI::App& app, std::vector<ManPage>& pages) {
  ManPage page;
  page.name = FullName(app, "-");
  page.does = InOneLine(app.get_description());
  page.synopsis = {{FullName(app, " "), UsageOfAll(app)}};
  page.sections = SectionsOf(app);
  if (app.get_parent() != nullptr) {
    page.see_also.emplace_back(FullName(*app.get_parent(), "-"), 1);
  }
  for (const CLI::App* command : app.get_subcommands(IsShown)) {
    page.see_also.emplace_back(FullName(*command, "-"), 1);
  }
  page.see_also.emplace_back("pinhole.toml", 5);
  pages.push_back(page);
  for (const CLI::App* command : app.get_subcommands(IsShown)) {
    Collect(*command, pages);
  }
}

int WriteManPages(const CLI::App& root, const std::string& folder) {
  std::vector<ManPage> pages;
  Collect(root, pages);
  pages.push_back(ConfigurationPage());
  OutputFiles files;
  files.EnsureFolder(folder);
  for (const ManPage& page : pages) {
    files.Add(folder + "/" + page.name + "." + std::to_string(page.section),
              Roff(page, PINHOLE_VERSION));
  }
  files.Commit();
  return 0;
}

}  // namespace

void AddMan(CLI::App& root, Action& chosen) {
  const auto folder = std::make_shared<std::string>(".");
  CLI::App* command = root.add_subcommand("man", "Write the manual pages, for those who package");
  command->group("");  // not shown
  command->add_option("DIR", *folder, "The folder to write to; made if missing")->type_name("");
  command->footer(
      "Examples:\n"
      "  pinhole man pages/ && man -l pages/pinhole.1");
  command->callback([folder, &root, &chosen] {
    chosen = [folder, &root] { return WriteManPages(root, *folder); };
  });
}

}  // namespace pinhole::host
