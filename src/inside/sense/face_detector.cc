// SPDX-License-Identifier: Apache-2.0
#include "inside/sense/face_detector.h"

#include <algorithm>
#include <array>
#include <optional>
#include <utility>

#include "base/checked.h"
#include "base/secure_wipe.h"

namespace pinhole::inside::sense {

namespace {

constexpr std::size_t kAlignment = 16;

// What the model says about itself; of one with many inputs or outputs more than a face detector
// has, which is all that matters then.
base::Result<FaceFinder> MakeFinder(const engine::format::Model& model, std::size_t max_candidates,
                                    base::Diagnosis& why) {
  const engine::Graph& graph = model.main();
  std::array<const engine::Tensor*, 8> inputs{}, outputs{};
  const auto list = [&graph](std::span<const std::int32_t> indices,
                             std::span<const engine::Tensor*> out) {
    const std::size_t count = std::min(indices.size(), out.size());
    std::transform(indices.begin(), indices.begin() + static_cast<std::ptrdiff_t>(count),
                   out.begin(), [&graph](std::int32_t index) { return &graph.tensor(index); });
    return std::span<const engine::Tensor* const>(out.first(count));
  };
  const std::span<const std::byte> metadata = model.FindMetadata("pinhole.detector");
  return FaceFinder::Make(
      {.inputs = list(graph.inputs, inputs),
       .outputs = list(graph.outputs, outputs),
       .metadata = {reinterpret_cast<const char*>(metadata.data()), metadata.size()}},
      max_candidates, why);
}

}  // namespace

base::Result<FaceDetector> FaceDetector::Load(std::span<const std::byte> file,
                                              base::Arena& model_arena,
                                              const FaceDetectorOptions& options,
                                              base::Diagnosis& why) {
  PINHOLE_ASSIGN(const engine::run::Session session,
                 engine::run::Session::Load(file, model_arena, options.session, why));
  PINHOLE_ASSIGN(const FaceFinder finder, MakeFinder(session.model(), options.max_candidates, why));
  const std::optional<std::size_t> activations =
      base::CheckedAlign(session.activation_bytes(), kAlignment);
  if (!activations || !base::CheckedAdd(*activations, finder.work_bytes())) {
    return why.Fail(base::Error::kTooLarge, "the model's ", finder.spec().anchors,
                    " anchors need more memory than this machine can address");
  }
  return FaceDetector(session, finder, *activations);
}

FaceDetector::FaceDetector(FaceDetector&& other) noexcept
    : session_(other.session_),
      finder_(other.finder_),
      activation_bytes_(other.activation_bytes_),
      work_(std::exchange(other.work_, {})) {}

FaceDetector::~FaceDetector() { base::SecureWipe(work_); }

base::Status FaceDetector::Bind(std::span<std::byte> work, base::Diagnosis& why) {
  base::SecureWipe(std::exchange(work_, {}));
  if (work.size() < work_bytes_) {
    return why.Fail(base::Error::kInvalidArgument, work.size(), " bytes of work memory given, ",
                    work_bytes_, " needed");
  }
  PINHOLE_TRY(session_.Bind(work, why));
  PINHOLE_TRY(finder_.Bind(work.subspan(activation_bytes_), why));
  work_ = work.first(work_bytes_);
  return {};
}

base::Result<std::span<const decode::Detection>> FaceDetector::Find(
    const signal::ImageView& picture, const FindOptions& options, base::Diagnosis& why) {
  if (work_.empty()) {
    return why.Fail(base::Error::kNotReady, "the detector has no work memory: call Bind");
  }
  SessionNetwork network = Network();
  return finder_.Find(network, picture, options, why);
}

}  // namespace pinhole::inside::sense
