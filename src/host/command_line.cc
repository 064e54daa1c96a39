// SPDX-License-Identifier: Apache-2.0
// The command line: every subcommand with its options, help and examples, and the way from
// arguments to an exit code. Only the files command_line*.cc know the parser.

#include <algorithm>
#include <exception>
#include <new>
#include <string>
#include <vector>

#include "engine/owned/workers.h"
#include "host/command_line_parts.h"
#include "host/commands.h"
#include "host/names.h"

namespace pinhole::host {

void AddThreads(CLI::App* command, int& threads) {
  command->add_option("--threads", threads, "Threads to share the work")
      ->capture_default_str()
      ->type_name("N")
      ->check(CLI::Range(1, engine::owned::WorkerPool::kMaxThreads).description(""));
}

namespace {

constexpr int kFailed = 1;
constexpr int kWrongUsage = 2;

void AddModel(CLI::App* command, std::string& model) {
  command->add_option("MODEL", model, "A TensorFlow Lite file")->type_name("")->required();
}

void AddDetect(CLI::App& parent, Action& chosen) {
  CLI::App* command = parent.add_subcommand("detect", "Find the faces of pictures");
  const auto options = OptionsOf<DetectOptions>(command, chosen, Detect);
  command
      ->add_option("IMAGE", options->pictures,
                   "JPEG, PNG, BMP, PGM or PPM files; - for standard input")
      ->type_name("")
      ->required();
  command->add_option("--model", options->model, "A face detection model; the bundled one if none")
      ->type_name("FILE");
  command
      ->add_option("--nms", options->suppression, "How overlapping answers for one face are merged")
      ->type_name("HOW")
      ->check(CLI::IsMember({"weighted", "unweighted", "none"}))
      ->capture_default_str();
  command
      ->add_option("--min-score", options->min_score,
                   "Leave faces below this score, 0 to 1, out; the model's own\nlimit if not given")
      ->type_name("SCORE")
      ->check(CLI::Range(0.0, 1.0).description(""));
  command
      ->add_option("--tiles", options->tiles,
                   "Look at parts of the picture too, for small faces: auto,\nN for N x N of them, "
                   "or COLUMNSxROWS")
      ->type_name("HOW")
      ->capture_default_str();
  command->add_flag("--json", options->json, "One JSON object a picture, one a line");
  command
      ->add_option("--draw", options->draw,
                   "Write the picture with boxes and points; for several\npictures a folder, or a "
                   "name that gets numbers")
      ->type_name("FILE");
  AddThreads(command, options->threads);
  command->footer(
      "Coordinates are pixels of the picture held upright, as its EXIF says. Points are, left and\n"
      "right as the picture shows them: left eye, right eye, nose, mouth, left ear, right ear.\n"
      "A picture that can't be read is said on standard error; the others are done all the same.\n"
      "\n"
      "A network sees every picture at its own size, and faces of a twentieth of the picture may "
      "be\n"
      "too small for it. With --tiles it runs for each part as well, so that the time grows with\n"
      "their number: at most 1024 with the whole picture.\n"
      "\n"
      "Examples:\n"
      "  pinhole detect photo.jpg\n"
      "  pinhole detect group.jpg --tiles auto\n"
      "  pinhole detect photo.jpg --draw found.png\n"
      "  pinhole detect *.jpg --json --min-score 0.7 > faces.jsonl\n"
      "  curl -s https://example.org/photo.jpg | pinhole detect -");
}

void AddInspect(CLI::App& parent, Action& chosen) {
  CLI::App* command = parent.add_subcommand(
      "inspect", "Show operators, shapes, quantisation, multiply-adds and bytes of a model");
  const auto options = OptionsOf<InspectOptions>(command, chosen, Inspect);
  AddModel(command, options->model);
  command->add_flag("--json", options->json, "One JSON object instead of text");
  command->add_flag("--tensors", options->tensors, "All tensors too");
  command->footer(
      "Operators that this build can't run are marked; the rest of the model is shown all the "
      "same.\n\n"
      "Examples:\n"
      "  pinhole model inspect person.tflite\n"
      "  pinhole model inspect person.tflite --tensors\n"
      "  pinhole model inspect person.tflite --json | jq .multiply_adds");
}

// What 'plan' says about two memories.
void AddPlanTraffic(CLI::App* command, PlanOptions& options) {
  CLI::Option* fast =
      command
          ->add_option(
              "--fast", options.fast,
              "Plan for a fast memory of SIZE beside a slow one: bytes, or\na number with K, "
              "KiB, M or MiB. Several times: one line each")
          ->type_name("SIZE")
          ->expected(1)
          ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll);
  command
      ->add_flag("--compare-cache", options.compare_cache,
                 "With --fast: what caches of that size would move")
      ->needs(fast);
  command->add_option("--line", options.line, "Bytes of a line, of slow memory and caches")
      ->capture_default_str()
      ->type_name("N")
      ->needs(fast);
  command->add_option("--ways", options.ways, "Ways of the caches")
      ->capture_default_str()
      ->type_name("N")
      ->needs(fast);
  command->add_option("--svg", options.svg, "Draw what is moved at each --fast")
      ->type_name("FILE")
      ->needs(fast);
}

void AddPlan(CLI::App& parent, Action& chosen) {
  CLI::App* command =
      parent.add_subcommand("plan", "Show where every byte lies while a model runs, over time");
  const auto options = OptionsOf<PlanOptions>(command, chosen, ShowPlan);
  command
      ->add_option("MODEL", options->models,
                   "TensorFlow Lite files; several with --table or --fast")
      ->type_name("")
      ->required();
  command->add_flag("--json", options->json, "JSON instead of text");
  CLI::Option* html =
      command->add_option("--html", options->html, "Write a page with the map as a picture")
          ->type_name("FILE");
  CLI::Option* table =
      command->add_flag("--table", options->table, "One line a model: bytes of memory");
  table->excludes(html);
  command
      ->add_option("--against", options->against,
                   "Lines of 'name bytes' to hold the totals against, by\nfile name without ending")
      ->type_name("FILE")
      ->needs(table);
  AddPlanTraffic(command, *options);
  command->get_option("--fast")->excludes(html)->excludes(table);
  command->footer(
      "The map's columns are operators, its rows addresses; each tensor has a letter, which the\n"
      "table below the map explains. 'Total' is all memory that a run needs beside the model "
      "file.\n"
      "\n"
      "Examples:\n"
      "  pinhole model plan person.tflite\n"
      "  pinhole model plan person.tflite --html plan.html\n"
      "  pinhole model plan --table *.tflite --against docs/reference/arena-tflm.txt\n"
      "  pinhole model plan person.tflite --fast 64KiB --compare-cache");
}

void AddModelRun(CLI::App& parent, Action& chosen) {
  CLI::App* command =
      parent.add_subcommand("run", "Feed raw tensors to a model and write what comes out");
  const auto options = OptionsOf<ModelRunOptions>(command, chosen, RunModel);
  AddModel(command, options->model);
  CLI::Option* in = command
                        ->add_option("--in", options->inputs,
                                     "Raw bytes of each input, one file an input, for every step")
                        ->type_name("FILE");
  command
      ->add_option("--in-dir", options->input_folder,
                   "A folder of stepK.inJ.bin: input J of step K, counted from 0")
      ->type_name("DIR")
      ->excludes(in);
  command->add_option("--out", options->out, "The folder for stepK.outJ.bin; made if missing")
      ->type_name("DIR")
      ->required();
  command
      ->add_option("--steps", options->steps,
                   "How often to run; 1, or as many as --in-dir has inputs for")
      ->type_name("N")
      ->check(CLI::Range(std::size_t{1}, std::size_t{1000000}).description(""));
  command
      ->add_option("--tap", options->taps, "Tensors to write too, by name, as stepK.tap.NAME.bin")
      ->type_name("NAME");
  AddThreads(command, options->threads);
  command->footer(
      "Bytes are the tensors' own: little-endian, in the model's types. State is kept from step to "
      "step.\n"
      "Either all files appear or none. Names for --tap: 'pinhole model inspect MODEL "
      "--tensors'.\n\n"
      "Examples:\n"
      "  pinhole model run wake.tflite --in-dir features/ --out answers/\n"
      "  pinhole model run person.tflite --in picture.bin --out out/ --tap d2");
}

void AddBench(CLI::App& parent, Action& chosen) {
  CLI::App* command = parent.add_subcommand("bench", "Time a model's inference on this machine");
  const auto options = OptionsOf<BenchOptions>(command, chosen, Bench);
  AddModel(command, options->model);
  command->add_option("--runs", options->runs, "How many runs to time")
      ->capture_default_str()
      ->type_name("N")
      ->check(CLI::Range(std::size_t{1}, std::size_t{1000000}).description(""));
  AddThreads(command, options->threads);
  command->add_flag("--json", options->json, "One JSON object instead of text");
  command->footer(
      "Inputs are zeroes. What is timed is the network alone: no picture is read, nothing is "
      "decoded.\n\n"
      "Examples:\n"
      "  pinhole model bench person.tflite\n"
      "  pinhole model bench person.tflite --runs 200 --threads 4 --json");
}

void Build(CLI::App& app, Action& chosen) {
  app.set_version_flag("--version", std::string("pinhole ") + PINHOLE_VERSION, "Print the version");
  app.set_help_flag("-h,--help", "Print this help");
  app.require_subcommand(1);
  app.get_formatter()->column_width(34);
  AddDetect(app, chosen);
  AddRun(app, chosen);
  AddTranscribe(app, chosen);
  AddServeSpeech(app, chosen);
  CLI::App* model = app.add_subcommand("model", "Look into models, plan, run and time them");
  model->require_subcommand(1);
  model->footer(
      "Examples:\n"
      "  pinhole model inspect person.tflite            operators, shapes, multiply-adds\n"
      "  pinhole model plan person.tflite --html p.html the memory map as a page");
  AddInspect(*model, chosen);
  AddPlan(*model, chosen);
  AddModelRun(*model, chosen);
  AddBench(*model, chosen);
  AddEmit(*model, chosen);
  AddAudit(app, chosen);
  AddEmulate(app, chosen);
  AddFacts(app, chosen);
  AddConfig(app, chosen);
  AddDevices(app, chosen);
  AddModels(app, chosen);
  AddCompletion(app, chosen);
  AddMan(app, chosen);
  app.footer(
      "Examples:\n"
      "  pinhole detect photo.jpg --draw found.png      faces of a picture\n"
      "  pinhole run person --input film/               a folder of pictures as a camera\n"
      "  pinhole transcribe memo.wav                    what is said in it\n"
      "  pinhole model plan person.tflite               where every byte lies\n"
      "  pinhole detect --help                          more about one command\n\n"
      "Exit codes: 0 fine, 1 something failed (said on standard error), 2 wrong usage.");
}

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
  return (unknown.empty()
              ? OneLine(wrong.what())
              : "'" + Printable(unknown.front()) + "' is not known to '" + FullName(app) + "'") +
         "; see '" + FullName(app) + " --help'";
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
