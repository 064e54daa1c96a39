// SPDX-License-Identifier: Apache-2.0
// pinhole model run: raw tensors in, raw tensors out, for any model and any language to compare
// with.

#include <algorithm>
#include <cstring>
#include <filesystem>
#include <set>
#include <system_error>

#include "engine/owned/model_file.h"
#include "host/commands.h"
#include "host/describe.h"
#include "host/names.h"

namespace pinhole::host {

namespace {

namespace fs = std::filesystem;
using engine::TensorView;

std::string StepName(std::size_t step, std::string_view kind, const std::string& which) {
  return "step" + std::to_string(step) + "." + std::string(kind) + which + ".bin";
}

// As part of a file's name: letters, digits and what is harmless; the rest becomes '_'.
std::string Sanitised(const std::string& name) {
  std::string safe = name;
  std::replace_if(
      safe.begin(), safe.end(),
      [](char c) {
        return !((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                 c == '.' || c == '_' || c == '-');
      },
      '_');
  return safe;
}

void Fill(const TensorView& tensor, const std::string& path) {
  const AlignedBytes bytes = ReadFile(path, engine::owned::kMaxModelBytes);
  if (bytes.size() != tensor.info->bytes) {
    throw Failure(ShownPath(path) + ": " + std::to_string(bytes.size()) + " bytes, but input '" +
                  Printable(tensor.info->name()) + "' " +
                  std::string(engine::TypeName(tensor.type())) + " " + ShapeText(tensor.shape()) +
                  " takes " + std::to_string(tensor.info->bytes) + "; give exactly these");
  }
  std::memcpy(tensor.data, bytes.span().data(), bytes.size());
}

std::string InFolder(const std::string& folder, const std::string& name) {
  return (fs::path(folder) / name).string();
}

// Two taps whose names differ only in what a file's name can't have would overwrite each other.
void CheckTapNames(const ModelRunOptions& options) {
  std::set<std::string> names;
  for (const std::string& tap : options.taps) {
    if (!names.insert(Sanitised(tap)).second) {
      throw Failure("--tap '" + Printable(tap) + "': another tap is written as step0.tap." +
                    Sanitised(tap) + ".bin already; run once for each");
    }
  }
}

// With a folder of inputs: as many steps as there are files for the first input.
std::size_t StepsOf(const ModelRunOptions& options) {
  if (options.steps > 0 || options.input_folder.empty()) {
    return std::max<std::size_t>(options.steps, 1);
  }
  std::size_t steps = 0;
  std::error_code ignored;
  while (fs::exists(InFolder(options.input_folder, StepName(steps, "in", "0")), ignored)) {
    ++steps;
  }
  if (steps == 0) {
    throw Failure(ShownPath(options.input_folder) +
                  ": no step0.in0.bin in this folder; name the inputs stepK.inJ.bin");
  }
  return steps;
}

void FillInputs(const ModelRunOptions& options, std::size_t step, engine::run::Session& session) {
  for (std::size_t j = 0; j < session.input_count(); ++j) {
    Fill(session.input(j),
         options.input_folder.empty()
             ? options.inputs[j]
             : InFolder(options.input_folder, StepName(step, "in", std::to_string(j))));
  }
}

void WriteTensor(const TensorView& tensor, const std::string& path, OutputFiles& files) {
  files.Add(path, std::span<const std::byte>(tensor.data, tensor.info->bytes));
}

void WriteOutputs(const ModelRunOptions& options, std::size_t step,
                  const engine::run::Session& session, OutputFiles& files) {
  for (std::size_t j = 0; j < session.output_count(); ++j) {
    WriteTensor(session.output(j), InFolder(options.out, StepName(step, "out", std::to_string(j))),
                files);
  }
  for (const std::string& tap : options.taps) {
    const base::Result<TensorView> tensor = session.Tap(tap);
    if (!tensor) {
      throw Failure(ShownPath(options.model) + ": no bytes for tap '" + Printable(tap) +
                    "'; name a tensor that the network computes");
    }
    WriteTensor(*tensor, InFolder(options.out, StepName(step, "tap.", Sanitised(tap))), files);
  }
}

}  // namespace

int RunModel(const ModelRunOptions& options) {
  if (options.inputs.empty() == options.input_folder.empty()) {
    throw WrongUsage("give either --in or --in-dir; see 'pinhole model run --help'");
  }
  CheckTapNames(options);
  const std::size_t steps = StepsOf(options);
  engine::owned::OwnedSession owned(options.model, {options.taps, options.threads});
  engine::run::Session& session = owned.session();
  if (options.input_folder.empty() && options.inputs.size() != session.input_count()) {
    throw Failure(ShownPath(options.model) + ": " + std::to_string(session.input_count()) +
                  " inputs, but " + std::to_string(options.inputs.size()) +
                  " files after --in; give one file for each");
  }
  OutputFiles files;
  files.EnsureFolder(options.out);
  Progress progress(steps);
  for (std::size_t step = 0; step < steps; ++step) {
    progress.Show(step, "step");
    FillInputs(options, step, session);
    owned.Run();
    WriteOutputs(options, step, session, files);
  }
  files.Commit();
  return 0;
}

}  // namespace pinhole::host
