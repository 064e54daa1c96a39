// SPDX-License-Identifier: Apache-2.0
// Our engine as a WebAssembly module that JavaScript calls: peers/pinhole_wasm_worker.mjs is the
// caller. One model a module, and the functions in this order:
//
//   room(bytes)   memory that the model's file is to be written to
//   load()        1, and said() has facts as JSON; or 0, and said() has a sentence
//   input(i), input_bytes(i), output(i), output_bytes(i)
//   run()         1 where it ran; inputs are the caller's and are copied first, because an input's
//                 memory serves others while the network runs

#include <cstring>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "benchmarks/model_facts.h"
#include "engine/format/aligned_bytes.h"
#include "engine/kernels/fast/targets.h"
#include "engine/run/session.h"

namespace pinhole::benchmarks {
namespace {

using Block = engine::format::AlignedBytes;

constexpr std::size_t kFirstArena = std::size_t{4} << 20;
constexpr std::size_t kLargestArena = std::size_t{512} << 20;

class WasmEngine {
 public:
  std::byte* Room(std::size_t bytes) { return file_.emplace(bytes).span().data(); }

  bool Load() {
    const engine::kernels::fast::Target& target = engine::kernels::fast::BestTarget();
    engine::run::SessionOptions options;
    options.kernels = target.kernels;
    if (!LoadInGrowingMemory(options)) {
      said_ = why_.text();
      return false;
    }
    activations_.emplace(session_->activation_bytes());
    if (!session_->Bind(activations_->span(), why_)) {
      said_ = why_.text();
      return false;
    }
    for (std::size_t i = 0; i < session_->input_count(); ++i) {
      inputs_.emplace_back(session_->input(i).info->bytes);
    }
    said_ = ModelFacts(*session_, target.name);
    return true;
  }

  bool Run() {
    for (std::size_t i = 0; i < inputs_.size(); ++i) {
      std::memcpy(session_->input(i).data, inputs_[i].data(), inputs_[i].size());
    }
    return session_->Run(why_).has_value();
  }

  [[nodiscard]] const std::string& said() const { return said_; }
  std::vector<std::byte>& input(std::size_t i) { return inputs_[i]; }
  [[nodiscard]] engine::TensorView output(std::size_t i) const { return session_->output(i); }

 private:
  bool LoadInGrowingMemory(const engine::run::SessionOptions& options) {
    for (std::size_t size = kFirstArena; size <= kLargestArena; size *= 2) {
      memory_.emplace(size);
      arena_.emplace(memory_->span());
      const base::Result<engine::run::Session> session =
          engine::run::Session::Load(file_->span(), *arena_, options, why_);
      if (session) {
        session_.emplace(*session);
        return true;
      }
      if (session.error() != base::Error::kOutOfMemory) {
        return false;
      }
    }
    return false;
  }

  std::optional<Block> file_, memory_, activations_;
  std::optional<base::Arena> arena_;
  std::optional<engine::run::Session> session_;
  std::vector<std::vector<std::byte>> inputs_;
  base::Diagnosis why_;
  std::string said_;
};

WasmEngine& TheEngine() {
  static WasmEngine engine;
  return engine;
}

}  // namespace
}  // namespace pinhole::benchmarks

#define PINHOLE_EXPORT(name) extern "C" [[gnu::used, clang::export_name(#name)]]

using pinhole::benchmarks::TheEngine;

PINHOLE_EXPORT(room) std::byte* Room(std::size_t bytes) { return TheEngine().Room(bytes); }
PINHOLE_EXPORT(load) bool Load() { return TheEngine().Load(); }
PINHOLE_EXPORT(said) const char* Said() { return TheEngine().said().c_str(); }
PINHOLE_EXPORT(said_bytes) std::size_t SaidBytes() { return TheEngine().said().size(); }
PINHOLE_EXPORT(input) std::byte* Input(std::size_t i) { return TheEngine().input(i).data(); }
PINHOLE_EXPORT(input_bytes) std::size_t InputBytes(std::size_t i) {
  return TheEngine().input(i).size();
}
PINHOLE_EXPORT(output) const std::byte* Output(std::size_t i) { return TheEngine().output(i).data; }
PINHOLE_EXPORT(output_bytes) std::size_t OutputBytes(std::size_t i) {
  return TheEngine().output(i).info->bytes;
}
PINHOLE_EXPORT(run) bool Run() { return TheEngine().Run(); }
