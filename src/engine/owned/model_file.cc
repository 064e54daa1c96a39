// SPDX-License-Identifier: Apache-2.0
#include "engine/owned/model_file.h"

#include "engine/format/tflite_reader.h"
#include "engine/kernels/registry.h"
#include "engine/owned/chosen_target.h"

namespace pinhole::engine::owned {

namespace {

using base::Arena;
using base::Diagnosis;

}  // namespace

void FailAbout(const std::string& path, base::Error error, const Diagnosis& why) {
  std::string sentence =
      why.empty() ? std::string(base::ErrorName(error)) : std::string(why.text());
  if (error == base::Error::kTruncated || error == base::Error::kMalformed) {
    sentence += "; give an undamaged TensorFlow Lite model";
  }
  throw system::Failure(system::ShownPath(path) + ": " + sentence);
}

OwnedModel::OwnedModel(const std::string& path) : file_(system::ReadFile(path, kMaxModelBytes)) {
  Diagnosis why;
  const base::Result<const engine::format::Model*> model =
      WithGrowingMemory(FirstArenaBytes(file_.size()), memory_, [&](std::span<std::byte> memory) {
        Arena arena(memory);
        return engine::format::ReadTflite(file_.span(), arena, why);
      });
  if (!model) {
    FailAbout(path, model.error(), why);
  }
  model_ = *model;
}

OwnedSession::OwnedSession(const std::string& path, const SessionNeeds& needs)
    : path_(path), file_(system::ReadFile(path, kMaxModelBytes)), pool_(needs.threads) {
  const std::vector<std::string_view> taps(needs.taps.begin(), needs.taps.end());
  engine::run::SessionOptions options = HostSessionOptions();
  if (needs.as_on_device) {
    options = {};
    options.kernels = engine::kernels::AllKernels();
  }
  options.taps = taps;
  Diagnosis why;
  base::Result<engine::run::Session> session = WithGrowingMemory(
      FirstArenaBytes(file_.size()), model_memory_, [&](std::span<std::byte> memory) {
        Arena arena(memory);
        // As large as the model's: pages that nothing is written to cost nothing.
        system::AlignedBytes made(memory.size());
        Arena folded(made.span());
        options.limits.folded = needs.as_on_device ? nullptr : &folded;
        return engine::run::Session::Load(file_.span(), arena, options, why);
      });
  if (!session) {
    FailAbout(path_, session.error(), why);
  }
  session_ = std::make_unique<engine::run::Session>(*std::move(session));
  activations_ = system::AlignedBytes(session_->activation_bytes());
  session_->set_workers(pool_.workers());
  const base::Status bound = session_->Bind(activations_.span(), why);
  if (!bound) {
    FailAbout(path_, bound.error(), why);
  }
}

void OwnedSession::Run() {
  Diagnosis why;
  const base::Status ran = session_->Run(why);
  if (!ran) {
    FailAbout(path_, ran.error(), why);
  }
}

}  // namespace pinhole::engine::owned
