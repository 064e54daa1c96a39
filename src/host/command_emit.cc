// SPDX-License-Identifier: Apache-2.0
// pinhole model emit: a model as C++ for a microcontroller.

#include "engine/emit/emit.h"
#include "host/commands.h"
#include "host/json.h"
#include "host/names.h"

namespace pinhole::host {

namespace {

using engine::emit::Budget;

std::string Line(std::string_view what, std::uint64_t value, std::string_view unit) {
  const std::string number = Grouped(value);
  std::string line(what);
  line += std::string(line.size() < 8 ? 8 - line.size() : 1, ' ');
  line += std::string(number.size() < 13 ? 13 - number.size() : 0, ' ') + number;
  return line + " " + std::string(unit) + "\n";
}

std::string Text(const EmitCommandOptions& options, const engine::emit::Emitted& emitted) {
  const Budget& budget = emitted.budget;
  std::string text = ShownPath(options.out) + ": " + std::to_string(emitted.files.size()) +
                     " files for " + options.target + "\n";
  text += Line("RAM", budget.arena, "bytes of arena");
  if (options.stream_bytes > 0) {
    text += Line("", budget.stream, "bytes into which constants are fetched ahead");
    text += Line("fetched", budget.fetched, "bytes a run");
  }
  text += Line("stack", budget.stack, "bytes, an estimate");
  text += Line("flash", budget.weights + budget.scales, "bytes of weights, biases and scales");
  text += Line("", budget.tables, "bytes of tables and parameters");
  text += Line("", budget.code, "bytes of kernels, an estimate");
  text += Line("work", budget.products, "multiply-adds a run");
  if (budget.instructions > 0) {
    text += Line("", budget.instructions, "instructions a run, an estimate");
  }
  if (budget.cycles > 0) {
    text += Line("", budget.cycles, "cycles a run on one core, an estimate");
  }
  return text;
}

Json AsJson(const EmitCommandOptions& options, const engine::emit::Emitted& emitted) {
  const Budget& budget = emitted.budget;
  Json files = Json::Array();
  for (const engine::emit::EmittedFile& file : emitted.files) {
    files.Add(file.name);
  }
  return Json::Object({{"target", options.target},
                       {"cores", options.cores},
                       {"files", files},
                       {"arena_bytes", budget.arena},
                       {"state_bytes", budget.state},
                       {"stream_bytes", budget.stream},
                       {"fetched_bytes", budget.fetched},
                       {"weight_bytes", budget.weights},
                       {"scale_bytes", budget.scales},
                       {"table_bytes", budget.tables},
                       {"code_bytes_estimate", budget.code},
                       {"stack_bytes_estimate", budget.stack},
                       {"macs", budget.products},
                       {"instructions_estimate", budget.instructions},
                       {"cycles_estimate", budget.cycles}});
}

}  // namespace

int EmitModel(const EmitCommandOptions& options) {
  const auto target = engine::emit::FindTarget(options.target);
  if (!target) {
    throw WrongUsage("--target: '" + Printable(options.target) + "' found, one of " +
                     std::string(engine::emit::TargetNames()) + " expected");
  }
  const engine::emit::Emitted emitted = engine::emit::Emit(
      options.model,
      {*target, options.name_space, !options.without_runtime, options.cores, options.stream_bytes});
  OutputFiles files;
  files.EnsureFolder(options.out);
  for (const engine::emit::EmittedFile& file : emitted.files) {
    files.Add(options.out + "/" + file.name, std::string_view(file.text));
  }
  files.Commit();
  Print(options.json ? AsJson(options, emitted).Line() : Text(options, emitted));
  return 0;
}

}  // namespace pinhole::host
