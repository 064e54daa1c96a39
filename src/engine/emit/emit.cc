// SPDX-License-Identifier: Apache-2.0
#include "engine/emit/emit.h"

#include <algorithm>
#include <set>

#include "engine/emit/fetch_plan.h"
#include "engine/emit/geometry.h"
#include "engine/emit/operator_text.h"
#include "engine/emit/prepared_model.h"
#include "engine/emit/runtime_files.h"
#include "engine/emit/source_text.h"
#include "engine/emit/streamed_text.h"
#include "engine/plan/stripe_walk.h"
#include "system/terminal.h"

namespace pinhole::engine::emit {

using system::Grouped;

namespace {

constexpr std::uint64_t kArenaSlack = 16;   // kernels load words: some bytes behind the last tensor
constexpr std::uint64_t kStackBytes = 768;  // the deepest kernel's and its callers'
constexpr std::size_t kMaxRuns = 24;        // of equal bytes in the state, before it is kept whole

std::string ShapeText(const Shape& shape, std::string_view between = " x ") {
  std::string text;
  for (const std::int32_t dim : shape.dims()) {
    text += (text.empty() ? "" : std::string(between)) + std::to_string(dim);
  }
  return text.empty() ? "1" : text;
}

std::string FileName(const std::string& path) { return path.substr(path.rfind('/') + 1); }

// What a runtime file's kernels take, roughly: for the budget before anything is compiled.
std::uint64_t CodeBytes(const std::string& file) {
  struct Size {
    std::string_view file;
    std::uint64_t bytes;
  };
  constexpr Size kSizes[] = {
      {"pinhole_nn_columns.cc", 1250},         {"pinhole_nn_sum_pairs.cc", 1300},
      {"pinhole_nn_sum_chunks.cc", 750},       {"pinhole_nn_sum_quads.cc", 900},
      {"pinhole_nn_sum_plain.cc", 450},        {"pinhole_nn_depthwise.cc", 1400},
      {"pinhole_nn_float_sum.cc", 1400},       {"pinhole_nn_depthwise_paired.cc", 1500},
      {"pinhole_nn_softmax.cc", 650},          {"pinhole_nn_pool.cc", 550},
      {"pinhole_nn_depthwise_lanes.cc", 1800},
  };
  constexpr std::uint64_t kOthers = 700;
  for (const Size& size : kSizes) {
    if (size.file == file) {
      return size.bytes;
    }
  }
  return kOthers;
}

// `files` of the runtime, "pinhole_nn.h", and what they include.
std::set<std::string> WithHeaders(std::set<std::string> files) {
  files.insert("pinhole_nn.h");
  for (std::size_t before = 0; before < files.size();) {
    before = files.size();
    for (const RuntimeFile& file : RuntimeFiles()) {
      for (const RuntimeFile& header : RuntimeFiles()) {
        if (files.contains(std::string(file.name)) &&
            file.text.find("#include \"" + std::string(header.name) + "\"") !=
                std::string_view::npos) {
          files.insert(std::string(header.name));
        }
      }
    }
  }
  return files;
}

class Emitter {
 public:
  Emitter(const std::string& path, const EmitOptions& options)
      : options_(options),
        path_(path),
        model_(path,
               [&options](const Graph& graph, std::size_t op, const kernels::Prepared& prepared) {
                 return DemandOf(ClassifyOperator(graph, op, prepared, options.target), graph, op,
                                 prepared, options.cores);
               }),
        writer_(model_, options) {}

  Emitted Emit();

 private:
  // What Run does one after the other: an operator, or a group of them that take turns.
  struct Step {
    std::size_t first = 0, last = 0;
    const plan::RowGroup* group = nullptr;
  };

  void WriteOperators();
  void ListSteps();
  void PlanStream();
  void WriteConstants();
  void WriteStarts(std::size_t step);
  [[nodiscard]] std::string WaitText(std::size_t op) const;
  void WriteGroup(const plan::RowGroup& group);
  [[nodiscard]] bool streams() const { return options_.stream_bytes > 0; }
  [[nodiscard]] std::string SecondParameter() const {
    return options_.cores > 1 ? "[[maybe_unused]] const pinhole_nn::SecondCore* second" : "";
  }
  [[nodiscard]] std::string RunParameters() const;
  void WriteReset();
  [[nodiscard]] std::string Header() const;
  [[nodiscard]] std::string Source() const;
  [[nodiscard]] std::string HeaderIncludes() const;
  [[nodiscard]] std::string Essay() const;
  [[nodiscard]] std::string Accessors(bool definitions) const;
  [[nodiscard]] std::string Metadata() const;
  void CountBudget();

  const EmitOptions& options_;
  std::string path_;
  PreparedModel model_;
  OperatorWriter writer_;
  std::vector<OperatorText> texts_;
  // Of three numbers, bytes where all turns fit them.
  [[nodiscard]] std::uint64_t TurnBytes() const { return widest_turn_ <= 255 ? 3 : 6; }

  std::vector<Step> steps_;
  FetchPlan fetches_;
  std::string constants_, groups_, run_, reset_;
  std::uint64_t turns_ = 0;
  std::uint32_t widest_turn_ = 0;
  Budget budget_;
};

void Emitter::WriteOperators() {
  const Graph& graph = model_.graph();
  for (std::size_t op = 0; op < graph.operators.size(); ++op) {
    const FormOf form = ClassifyOperator(graph, op, model_.step(0, op).prepared, options_.target);
    texts_.push_back(writer_.Write(op, form));
  }
  ListSteps();
  PlanStream();
  WriteConstants();
  for (std::size_t i = 0; i < steps_.size(); ++i) {
    WriteStarts(i);
    if (steps_[i].group != nullptr) {
      WriteGroup(*steps_[i].group);
      continue;
    }
    const OperatorText& text = texts_[steps_[i].first];
    run_ += WaitText(steps_[i].first) + "  " + text.call +
            (text.rows > 0 ? ", 0, " + std::to_string(text.rows) : "") +
            (text.shared ? ", second" : "") + ");\n";
  }
}

void Emitter::ListSteps() {
  std::span<const plan::RowGroup> groups = model_.places().groups;
  for (std::size_t op = 0; op < texts_.size(); ++op) {
    if (!groups.empty() && groups.front().first == op) {
      steps_.push_back({op, groups.front().last, &groups.front()});
      op = groups.front().last;
      groups = groups.subspan(1);
    } else if (!texts_[op].call.empty()) {
      steps_.push_back({op, op, nullptr});
    }
  }
}

// Every operator's arrays are one block, each at a multiple of a word.
void Emitter::PlanStream() {
  if (!streams()) {
    return;
  }
  std::vector<FetchBlock> blocks;
  for (std::size_t i = 0; i < steps_.size(); ++i) {
    for (std::size_t op = steps_[i].first; op <= steps_[i].last; ++op) {
      const std::uint64_t bytes = BlockBytes(texts_[op].arrays);
      if (bytes > 0) {
        blocks.push_back({op, i, static_cast<std::uint32_t>(bytes)});
      }
    }
  }
  fetches_ = PlanFetches(std::move(blocks), steps_.size(), options_.stream_bytes);
  if (const std::string fault = VerifyFetches(fetches_); !fault.empty()) {
    throw system::Failure("the plan of what is fetched is wrong: " + fault);
  }
  budget_.stream = fetches_.bytes;
  for (const Fetch& fetch : fetches_.fetches) {
    budget_.fetched += fetch.block.bytes;
  }
}

void Emitter::WriteConstants() {
  for (const Fetch& fetch : fetches_.fetches) {
    WriteBlock(fetch.block.op, fetch.offset, texts_[fetch.block.op]);
  }
  for (std::size_t op = 0; op < texts_.size(); ++op) {
    std::string text;
    for (const ArrayConstant& array : texts_[op].arrays) {
      text += array.text;
    }
    text += texts_[op].constants;
    if (!text.empty()) {
      constants_ +=
          "// " + std::string(OpName(model_.graph().operators[op].kind)) + "\n" + text + "\n";
    }
  }
}

// What is queued before a step.
void Emitter::WriteStarts(std::size_t step) {
  for (const Fetch& fetch : fetches_.fetches) {
    if (fetch.start == step) {
      const std::string block = BlockName(fetch.block.op);
      run_ += "  pinhole_nn::StartFetch(fetcher, g_stream + " + std::to_string(fetch.offset) +
              ", &" + block + ", sizeof(" + block + "));\n";
    }
  }
}

// Empty where nothing is fetched for the operator.
std::string Emitter::WaitText(std::size_t op) const {
  for (std::size_t i = 0; i < fetches_.fetches.size(); ++i) {
    if (fetches_.fetches[i].block.op == op) {
      return "  pinhole_nn::WaitForFetches(fetcher, " + std::to_string(FetchesLeft(fetches_, i)) +
             ");\n";
    }
  }
  return "";
}

std::string Emitter::RunParameters() const {
  const std::string fetcher =
      streams() ? "[[maybe_unused]] const pinhole_nn::Fetcher* fetcher" : "";
  const std::string second = SecondParameter();
  return second + (second.empty() || fetcher.empty() ? "" : ", ") + fetcher;
}

// The turns of a group, as the walk makes them, in a table. Run goes through them in pieces: what
// an operator's first turn needs is waited for right before it.
void Emitter::WriteGroup(const plan::RowGroup& group) {
  const std::string name = std::to_string(group.first);
  std::string turns;
  std::size_t count = 0;
  std::size_t done = 0;
  const auto run_until = [&](std::size_t end) {
    if (end > done) {
      run_ += "  RunGroup" + name + "(kTurns" + name + " + " + std::to_string(done) + ", kTurns" +
              name + " + " + std::to_string(end) + (options_.cores > 1 ? ", second);\n" : ");\n");
      done = end;
    }
  };
  std::set<std::size_t> seen;
  plan::StripeWalk walk(model_.graph(), group);
  for (plan::StripeWalk::Step step; walk.Next(step); ++count) {
    turns += "    {" + std::to_string(step.op - group.first) + ", " + std::to_string(step.begin) +
             ", " + std::to_string(step.end) + "},\n";
    widest_turn_ =
        std::max({widest_turn_, step.op - group.first, static_cast<std::uint32_t>(step.end)});
    if (const std::string wait = WaitText(step.op); seen.insert(step.op).second && !wait.empty()) {
      run_until(count);
      run_ += wait;
    }
  }
  run_until(count);
  turns_ += count;
  groups_ += "// Operators " + name + " to " + std::to_string(group.last) +
             " make a few rows in turn, so that only the rows still needed have a place.\n" +
             "const Turn kTurns" + name + "[] = {\n" + turns + "};\n\nvoid RunGroup" + name +
             "(const Turn* turn, const Turn* end" + (options_.cores > 1 ? ", " : "") +
             SecondParameter() + ") {\n  for (; turn != end; ++turn) {\n    switch (turn->op) {\n";
  for (std::uint32_t op = group.first; op <= group.last; ++op) {
    if (!texts_[op].call.empty()) {
      groups_ += "      case " + std::to_string(op - group.first) + ": " + texts_[op].call +
                 ", turn->begin, turn->end" + (texts_[op].shared ? ", second" : "") + "); break;\n";
    }
  }
  groups_ += "      default: break;\n    }\n  }\n}\n\n";
}

// State as it is after a reset: runs of equal bytes, or, where it is more than that, all of it.
void Emitter::WriteReset() {
  const std::vector<std::byte> state = model_.InitialState();
  std::string runs;
  std::size_t count = 0;
  for (std::size_t i = 0; i < state.size(); ++count) {
    std::size_t end = i + 1;
    while (end < state.size() && state[end] == state[i]) {
      ++end;
    }
    runs += "  std::memset(g_arena + " + std::to_string(i) + ", " +
            std::to_string(std::to_integer<int>(state[i])) + ", " + std::to_string(end - i) +
            ");\n";
    i = end;
  }
  if (count <= kMaxRuns) {
    reset_ = runs;
    return;
  }
  constants_ +=
      ArrayText("kState", std::span<const std::uint8_t>(
                              reinterpret_cast<const std::uint8_t*>(state.data()), state.size()));
  budget_.tables += state.size();
  reset_ = "  std::memcpy(g_arena, kState, sizeof(kState));\n";
}

void Emitter::CountBudget() {
  const Budget& written = writer_.budget();
  budget_.arena = model_.plan().arena_bytes + kArenaSlack;
  budget_.state = model_.plan().state_bytes;
  budget_.weights = written.weights;
  budget_.scales = written.scales;
  budget_.tables += written.tables + TurnBytes() * turns_;
  budget_.stack = kStackBytes;
  budget_.products = written.products;
  budget_.instructions = written.instructions;
  budget_.cycles = written.instructions * options_.target.cycles_a_hundred / 100;
  for (const std::string& file : writer_.runtime()) {
    budget_.code += CodeBytes(file);
  }
}

std::string Emitter::Essay() const {
  const Graph& graph = model_.graph();
  std::string text = "// Made by `pinhole model emit` from " + system::Printable(FileName(path_)) +
                     " for " + std::string(options_.target.name) + " (" +
                     std::string(options_.target.what) + ").\n//\n";
  const auto list = [&](std::string_view what, std::span<const std::int32_t> tensors) {
    for (std::size_t i = 0; i < tensors.size(); ++i) {
      const Tensor& tensor = graph.tensor(tensors[i]);
      text += "// " + std::string(what) + " " + std::to_string(i) + ": " +
              std::string(TypeName(tensor.type)) + " " + ShapeText(tensor.shape);
      if (tensor.is_quantized()) {
        text += ", real = " + FloatText(tensor.scale()) + " * (value - " +
                std::to_string(tensor.zero_point) + ")";
      }
      text += "\n";
    }
  };
  list("Input", graph.inputs);
  list("Output", graph.outputs);
  text +=
      "//\n// Call Reset() once, then, as often as you like: fill every input, Run(), read the "
      "outputs. The\n// memory of the inputs is used again while the network runs. Nothing is "
      "allocated; one caller at\n// a time.\n//\n";
  const auto line = [&](std::string_view what, std::uint64_t value, std::string_view unit) {
    text += "//   " + std::string(what) + std::string(12 - what.size(), ' ') + Grouped(value) +
            std::string(unit) + "\n";
  };
  line("RAM", budget_.arena, " bytes of arena, of which state ");
  text.pop_back();
  text += Grouped(budget_.state) + "\n";
  if (streams()) {
    line("", budget_.stream, " bytes into which constants are fetched ahead");
    line("fetched", budget_.fetched, " bytes a run, the rest is read where it lies");
  }
  line("stack", budget_.stack, " bytes, an estimate");
  line("flash", budget_.weights, " bytes of weights");
  line("", budget_.scales, " bytes of biases and scales");
  line("", budget_.tables, " bytes of tables and parameters");
  line("", budget_.code, " bytes of kernels, an estimate");
  line("work", budget_.products, " multiply-adds a run");
  if (budget_.instructions > 0) {
    line("", budget_.instructions, " instructions a run, an estimate");
  }
  if (budget_.cycles > 0) {
    line("", budget_.cycles, " cycles a run on one core, an estimate");
  }
  return text;
}

std::string Emitter::Accessors(bool definitions) const {
  const Graph& graph = model_.graph();
  std::string text;
  const auto list = [&](const std::string& what, bool writable,
                        std::span<const std::int32_t> tensors) {
    for (std::size_t i = 0; i < tensors.size(); ++i) {
      const Tensor& tensor = graph.tensor(tensors[i]);
      const std::string type =
          std::string(writable ? "" : "const ") + std::string(CppType(tensor.type)) + "*";
      const std::string at =
          "g_arena + " +
          std::to_string(model_.places().tensor_offsets[static_cast<std::size_t>(tensors[i])]);
      text += type + " " + what + std::to_string(i) + "()";
      text += definitions ? " { return reinterpret_cast<" + type + ">(" + at + "); }\n" : ";\n";
    }
  };
  list("Input", true, graph.inputs);
  list("Output", false, graph.outputs);
  return text;
}

// Our own entries, which programs read beside the network ("pinhole.detector"): lines of text as a
// string constant. What others put into a file stays there.
std::string Emitter::Metadata() const {
  constexpr std::string_view kOurs = "pinhole.";
  std::string text;
  for (const format::Metadata& entry : model_.model().metadata) {
    const std::optional<std::string> literal = LiteralText(
        {reinterpret_cast<const char*>(entry.bytes.data()), entry.bytes.size()}, "    ");
    const std::string name = ConstantName(entry.name);
    if (!entry.name.starts_with(kOurs) || !IsIdentifier(name) || !literal) {
      continue;
    }
    text += "// The model's metadata \"" + system::Printable(entry.name) +
            "\".\ninline constexpr char " + name + "[] =\n" + *literal + ";\n";
  }
  return text.empty() ? text : "\n" + text;
}

std::string Emitter::Header() const {
  const Graph& graph = model_.graph();
  std::string text = "#pragma once\n\n" + Essay() + "\n#include <cstddef>\n#include <cstdint>\n\n" +
                     (options_.cores > 1 || streams() ? "#include \"pinhole_nn.h\"\n\n" : "") +
                     "namespace " + options_.name_space + " {\n\n";
  const auto constant = [&](const std::string& name, std::uint64_t value) {
    text += "inline constexpr std::size_t " + name + " = " + std::to_string(value) + ";\n";
  };
  constant("kArenaBytes", budget_.arena);
  constant("kStateBytes", budget_.state);
  if (streams()) {
    constant("kStreamBytes", budget_.stream);
  }
  constant("kWeightBytes", budget_.weights + budget_.scales);
  constant("kTableBytes", budget_.tables);
  const auto list = [&](std::string_view what, std::span<const std::int32_t> tensors) {
    for (std::size_t i = 0; i < tensors.size(); ++i) {
      const Tensor& tensor = graph.tensor(tensors[i]);
      const std::string name = "k" + std::string(what) + std::to_string(i);
      constant(name + "Bytes", tensor.bytes);
      text += "inline constexpr std::int32_t " + name + "Shape[] = {" +
              ShapeText(tensor.shape, ", ") + "};\n";
      if (tensor.is_quantized()) {
        text += "inline constexpr float " + name + "Scale = " + FloatText(tensor.scale()) +
                ";\ninline constexpr std::int32_t " + name +
                "Zero = " + std::to_string(tensor.zero_point) + ";\n";
      }
    }
  };
  list("Input", graph.inputs);
  list("Output", graph.outputs);
  text += Metadata() + "\n" + Accessors(false);
  text += "\n// State back to its beginning. Before the first Run.\nvoid Reset();\n";
  text += "// One inference.";
  if (options_.cores > 1) {
    text += " `second` takes half of the work (pinhole_nn.h); null: nobody does.";
  }
  if (streams()) {
    text += options_.cores > 1 ? "\n//" : "";
    text += " `fetcher` copies constants ahead of their use; null: Run does, when they are due.";
  }
  const std::string second =
      options_.cores > 1 ? "const pinhole_nn::SecondCore* second = nullptr" : "";
  const std::string fetcher = streams() ? "const pinhole_nn::Fetcher* fetcher = nullptr" : "";
  text += "\nvoid Run(" + second + (second.empty() || fetcher.empty() ? "" : ",\n         ") +
          fetcher + ");\n";
  text += "// Zeroes over all that inferences left in the arena; the state stays.\nvoid Wipe();\n";
  text += "\n}  // namespace " + options_.name_space + "\n";
  return text;
}

// Headers beside pinhole_nn.h: of templates, and of the micro front end.
std::string Emitter::HeaderIncludes() const {
  std::string text;
  for (const std::string& file : writer_.runtime()) {
    text += file.ends_with(".h") ? "#include \"" + file + "\"\n" : "";
  }
  return text;
}

std::string Emitter::Source() const {
  std::string text =
      "// Made by `pinhole model emit`, see " + options_.name_space + ".h.\n" + "#include \"" +
      options_.name_space + ".h\"\n\n#include <cstring>\n\n#include \"pinhole_nn.h\"\n" +
      HeaderIncludes() + "\nnamespace " + options_.name_space + " {\n\nnamespace {\n\n";
  text += "alignas(16) std::int8_t g_arena[kArenaBytes];\n";
  text += budget_.stream > 0 ? "alignas(16) std::int8_t g_stream[kStreamBytes];\n\n" : "\n";
  text += constants_;
  if (!groups_.empty()) {
    text += "struct Turn {\n  " + std::string(TurnBytes() == 3 ? "std::uint8_t" : "std::uint16_t") +
            " op, begin, end;\n};\n\n" + groups_;
  }
  text +=
      "}  // namespace\n\n" + Accessors(true) + "\nvoid Reset() {\n" + reset_ + "}\n\nvoid Run(" +
      RunParameters() + ") {\n" + run_ +
      "}\n\nvoid Wipe() {\n  std::memset(g_arena + kStateBytes, 0, kArenaBytes - kStateBytes);\n}" +
      "\n\n}  // namespace " + options_.name_space + "\n";
  return text;
}

Emitted Emitter::Emit() {
  WriteOperators();
  WriteReset();
  CountBudget();
  CheckFits(path_, options_.target, budget_);
  Emitted emitted;
  emitted.budget = budget_;
  emitted.files.push_back({options_.name_space + ".h", Header()});
  emitted.files.push_back({options_.name_space + ".cc", Source()});
  if (options_.with_runtime) {
    const std::set<std::string> wanted = WithHeaders(writer_.runtime());
    for (const RuntimeFile& file : RuntimeFiles()) {
      if (wanted.contains(std::string(file.name))) {
        emitted.files.push_back({std::string(file.name), std::string(file.text)});
      }
    }
  }
  return emitted;
}

}  // namespace

void CheckFits(const std::string& path, const Target& target, const Budget& budget) {
  std::string sentence;
  const auto check = [&](std::string_view what, std::uint64_t wanted, std::uint64_t there) {
    if (there == 0 || wanted <= there) {
      return;
    }
    sentence += (sentence.empty() ? "" : "; ") + Grouped(wanted) + " bytes of " +
                std::string(what) + " needed, " + Grouped(there) + " there, " +
                Grouped(wanted - there) + " too many";
  };
  check("RAM", budget.ram(), target.ram_bytes);
  check("flash", budget.flash(), target.flash_bytes);
  if (sentence.empty()) {
    return;
  }
  std::string others;
  for (const std::string_view name : {"rp2040", "rp2350", "cortex-m4"}) {
    const Target other = *FindTarget(name);
    if (budget.ram() <= other.ram_bytes && budget.flash() <= other.flash_bytes) {
      others += (others.empty() ? "" : " or ") + std::string(name);
    }
  }
  throw system::Failure(
      system::ShownPath(path) + ": does not fit " + std::string(target.name) + ": " + sentence +
      "; take a smaller model, or " +
      (others.empty() ? "a larger chip and --target host" : "--target " + others));
}

Emitted Emit(const std::string& path, const EmitOptions& options) {
  if (!IsIdentifier(options.name_space)) {
    throw system::WrongUsage("'" + system::Printable(options.name_space) +
                             "' found as the namespace; letters, digits and '_' expected, a letter "
                             "first");
  }
  if (options.cores < 1 || options.cores > options.target.cores) {
    throw system::WrongUsage(std::to_string(options.cores) + " cores found, " +
                             std::string(options.target.name) + " has " +
                             std::to_string(options.target.cores));
  }
  try {
    return Emitter(path, options).Emit();
  } catch (const system::WrongUsage&) {
    throw;
  } catch (const system::Failure& failure) {
    const std::string shown = system::ShownPath(path);
    const std::string_view said = failure.what();
    throw system::Failure(said.starts_with(shown) ? std::string(said)
                                                  : shown + ": " + std::string(said));
  }
}

}  // namespace pinhole::engine::emit
