// SPDX-License-Identifier: Apache-2.0
#pragma once

// A model made ready with a list of kernels of the caller's, in memory of its own. What
// engine/owned has for programs takes the kernels that programs use; measuring wants others too.

#include <memory>
#include <span>
#include <string>

#include "engine/owned/model_file.h"
#include "engine/owned/workers.h"
#include "engine/run/session.h"
#include "system/files.h"

namespace pinhole::benchmarks {

class LoadedModel {
 public:
  // Throws system::Failure.
  LoadedModel(const std::string& path, std::span<const engine::kernels::Kernel* const> kernels,
              int threads)
      : path_(path), file_(system::ReadFile(path, engine::owned::kMaxModelBytes)), pool_(threads) {
    base::Diagnosis why;
    engine::run::SessionOptions options;
    options.kernels = kernels;
    base::Result<engine::run::Session> session = engine::owned::WithGrowingMemory(
        engine::owned::FirstArenaBytes(file_.size()), model_memory_,
        [&](std::span<std::byte> memory) {
          base::Arena arena(memory);
          return engine::run::Session::Load(file_.span(), arena, options, why);
        });
    if (!session) {
      engine::owned::FailAbout(path_, session.error(), why);
    }
    session_ = std::make_unique<engine::run::Session>(*std::move(session));
    activations_ = system::AlignedBytes(session_->activation_bytes());
    session_->set_workers(pool_.workers());
    if (const base::Status bound = session_->Bind(activations_.span(), why); !bound) {
      engine::owned::FailAbout(path_, bound.error(), why);
    }
  }

  [[nodiscard]] engine::run::Session& session() { return *session_; }

  void Run() {
    base::Diagnosis why;
    if (const base::Status ran = session_->Run(why); !ran) {
      engine::owned::FailAbout(path_, ran.error(), why);
    }
  }

 private:
  std::string path_;
  system::AlignedBytes file_;
  system::AlignedBytes model_memory_;
  system::AlignedBytes activations_;
  engine::owned::WorkerPool pool_;
  std::unique_ptr<engine::run::Session> session_;
};

}  // namespace pinhole::benchmarks
