// SPDX-License-Identifier: Apache-2.0
#include "host/face_finder.h"

#include <limits>

#include "engine/kernels/registry.h"

namespace pinhole::host {

using inside::sense::FaceDetector;

FaceFinder::FaceFinder(const std::string& model_path, int threads)
    : path_(model_path), file_(ReadFile(model_path, kMaxModelBytes)), pool_(threads) {
  inside::sense::FaceDetectorOptions options;
  options.session.kernels = engine::kernels::AllKernels();
  options.max_candidates = std::numeric_limits<std::size_t>::max();  // as many as there are anchors
  base::Diagnosis why;
  base::Result<FaceDetector> detector = WithGrowingMemory(
      FirstArenaBytes(file_.size()), model_memory_, [&](std::span<std::byte> memory) {
        base::Arena arena(memory);
        return FaceDetector::Load(file_.span(), arena, options, why);
      });
  if (!detector) {
    FailAbout(path_, detector.error(), why);
  }
  detector_ = std::make_unique<FaceDetector>(*std::move(detector));
  work_ = AlignedBytes(detector_->work_bytes());
  detector_->set_workers(pool_.workers());
  if (const base::Status bound = detector_->Bind(work_.span(), why); !bound) {
    FailAbout(path_, bound.error(), why);
  }
}

std::span<const decode::Detection> FaceFinder::Find(const Picture& picture,
                                                    const inside::sense::FindOptions& options) {
  base::Diagnosis why;
  const base::Result<signal::ImageView> view =
      signal::ImageView::Make(picture.pixels, picture.width, picture.height, picture.channels);
  if (!view) {
    FailAbout(path_, view.error(), why);
  }
  const base::Result<std::span<const decode::Detection>> found =
      detector_->Find(*view, options, why);
  if (!found) {
    FailAbout(path_, found.error(), why);
  }
  return *found;
}

}  // namespace pinhole::host
