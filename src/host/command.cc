// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <exception>
#include <new>
#include <string>

#include "host/commands.h"
#include "host/failure.h"
#include "host/terminal.h"

namespace pinhole::host {

namespace {

constexpr int kFailed = 1;
constexpr int kWrongUsage = 2;

std::string OneLine(std::string text) {
  std::replace(text.begin(), text.end(), '\n', ' ');
  return Printable(text);
}

// The innermost subcommand that was named, so that the message points to the right help.
const CLI::App& Innermost(const CLI::App& app) {
  const CLI::App* innermost = &app;
  for (auto named = innermost->get_subcommands(); !named.empty();
       named = innermost->get_subcommands()) {
    innermost = named.front();
  }
  return *innermost;
}

std::string FullName(const CLI::App& app) {
  return app.get_parent() == nullptr ? app.get_name()
                                     : FullName(*app.get_parent()) + " " + app.get_name();
}

// An unknown word is a better answer than the command or file that is missing because of it.
std::string Sentence(const CLI::App& app, const CLI::ParseError& wrong) {
  const std::vector<std::string> unknown = app.remaining();
  return (unknown.empty() ? OneLine(wrong.what())
                          : "'" + Printable(unknown.front()) + "' is not known to '" +
                                FullName(app) + "'") +
         "; see '" + FullName(app) + " --help'";
}

void Build(CLI::App& app, Action& chosen) {
  app.set_version_flag("--version", std::string("pinhole ") + PINHOLE_VERSION, "Print the version");
  app.set_help_flag("-h,--help", "Print this help");
  app.require_subcommand(1);
  app.get_formatter()->column_width(34);
  AddDetect(app, chosen);
  AddRun(app, chosen);
  CLI::App* model = app.add_subcommand("model", "Look into models, plan, run and time them");
  model->require_subcommand(1);
  model->footer(
      "Examples:\n"
      "  pinhole model inspect person.tflite            operators, shapes, multiply-adds\n"
      "  pinhole model plan person.tflite --html p.html the memory map as a page");
  AddModelInspect(*model, chosen);
  AddModelPlan(*model, chosen);
  AddModelRun(*model, chosen);
  AddModelBench(*model, chosen);
  AddCompletion(app, chosen);
  app.footer(
      "Examples:\n"
      "  pinhole detect photo.jpg --draw found.png      faces of a picture\n"
      "  pinhole run person --input film/               a folder of pictures as a camera\n"
      "  pinhole model plan person.tflite               where every byte lies\n"
      "  pinhole detect --help                          more about one command\n\n"
      "Exit codes: 0 fine, 1 something failed (said on standard error), 2 wrong usage.");
}

int Act(const Action& chosen) {
  try {
    const int code = chosen();
    FlushOutput();
    return code;
  } catch (const WrongUsage& wrong) {
    PrintError(wrong.what());
    return kWrongUsage;
  } catch (const Failure& failure) {
    PrintError(failure.what());
  } catch (const std::bad_alloc&) {
    PrintError("out of memory; close other programs, or give something smaller");
  } catch (const std::exception& unexpected) {
    PrintError("internal error: " + OneLine(unexpected.what()) + "; please report it");
  }
  return kFailed;
}

}  // namespace

int RunCommand(int argc, const char* const* argv) {
  CLI::App app("ML sensors: raw signals in, a few bytes of facts out.", "pinhole");
  Action chosen;
  Build(app, chosen);
  try {
    app.parse(argc, argv);
  } catch (const CLI::Success& asked) {  // --help, --version
    return Act([&] { return app.exit(asked); });
  } catch (const CLI::ParseError& wrong) {
    PrintError(Sentence(Innermost(app), wrong));
    return kWrongUsage;
  }
  return Act(chosen);
}

}  // namespace pinhole::host
