// SPDX-License-Identifier: Apache-2.0
#pragma once

// A network as C++: its plan as a list of kernel calls, its weights as constants.
//
//   const Emitted emitted = Emit("person.tflite", {.target = *FindTarget("rp2040")});
//   for (const EmittedFile& file : emitted.files) { ... write file.name, file.text ... }
//
// What comes out is a header and a source of the model's own, and the files of the kernel library
// that they need (runtime/), no others: a folder that any build system can take. The emitted code
// has one arena with the planner's addresses, allocates nothing, and looks nothing up.
//
// Weights are laid out for the target's kernels, biases hold the zero points, scales are proven
// (pack.h); operators that move or map bytes are learnt from the reference kernels (probe.h). What
// the emitter has no kernel for is refused by name, and so is a model that the target has no memory
// for, with the bytes that are too many.

#include <cstdint>
#include <string>
#include <vector>

#include "engine/emit/target.h"

namespace pinhole::engine::emit {

struct EmitOptions {
  Target target;
  std::string name_space = "model";  // a C++ identifier; also the files' name
  bool with_runtime = true;          // the kernel library's files as well
  int cores = 1;                     // 2: Run takes a second core, which has scratch of its own
  // RAM into which constants are fetched ahead of their use (fetch_plan.h), at most; Run takes what
  // fetches. 0: kernels read constants where they lie.
  std::uint32_t stream_bytes = 0;
};

// Bytes; what is an estimate says so.
struct Budget {
  std::uint64_t arena = 0;         // activations, state and scratch
  std::uint64_t state = 0;         // of the arena: kept from run to run
  std::uint64_t stream = 0;        // where constants are fetched to
  std::uint64_t fetched = 0;       // a run
  std::uint64_t weights = 0;       // as laid out
  std::uint64_t scales = 0;        // biases, multipliers, spill lists
  std::uint64_t tables = 0;        // look-up tables, moves, parameters
  std::uint64_t code = 0;          // estimate: the runtime's kernels that are used
  std::uint64_t stack = 0;         // estimate
  std::uint64_t products = 0;      // multiply-adds of a run
  std::uint64_t instructions = 0;  // estimate for the target; 0: not known
  std::uint64_t cycles = 0;        // the same, on one core

  [[nodiscard]] std::uint64_t flash() const { return weights + scales + tables + code; }
  [[nodiscard]] std::uint64_t ram() const { return arena + stream + stack; }
};

struct EmittedFile {
  std::string name, text;
};

struct Emitted {
  std::vector<EmittedFile> files;
  Budget budget;
};

// Throws system::Failure with one sentence: what the reader and the kernels refuse; an operator
// that the emitter lacks; a model too big for the target.
Emitted Emit(const std::string& path, const EmitOptions& options);

// Throws system::Failure where `budget` doesn't fit the target: RAM and flash apart, what is too
// many, and which targets would do.
void CheckFits(const std::string& path, const Target& target, const Budget& budget);

}  // namespace pinhole::engine::emit
