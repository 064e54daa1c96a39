// SPDX-License-Identifier: Apache-2.0
#pragma once

// Model files of the host: read, checked, and made ready with memory of their own.
//
// The engine asks its caller for memory; here is the caller. The file is read whole into aligned
// storage; the model arena starts small and is doubled until the model fits; activations are as
// large as the plan says. All of it lives as long as the object. Errors come as Failure and begin
// with the file's name.

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "engine/format/model.h"
#include "engine/owned/workers.h"
#include "engine/run/session.h"
#include "system/files.h"

namespace pinhole::engine::owned {

inline constexpr std::size_t kMaxModelBytes = std::size_t{512} << 20;

// A model as the file has it: also one whose operators the engine lacks.
class OwnedModel {
 public:
  explicit OwnedModel(const std::string& path);

  [[nodiscard]] const engine::format::Model& model() const { return *model_; }

 private:
  system::AlignedBytes file_;
  system::AlignedBytes memory_;
  const engine::format::Model* model_ = nullptr;
};

struct SessionNeeds {
  std::vector<std::string> taps;  // names of tensors to keep readable after a run
  int threads = 1;
  // Loaded as on a microcontroller, whatever this machine has: the reference kernels, which lay no
  // weights out anew, and the smallest plan that can be found. To look at, not to be fast.
  bool as_on_device = false;
};

// A model that is ready to run. Neither copied nor moved: the engine points into it.
class OwnedSession {
 public:
  explicit OwnedSession(const std::string& path, const SessionNeeds& needs = {});
  OwnedSession(const OwnedSession&) = delete;
  OwnedSession& operator=(const OwnedSession&) = delete;

  [[nodiscard]] engine::run::Session& session() { return *session_; }
  [[nodiscard]] const engine::run::Session& session() const { return *session_; }
  [[nodiscard]] const std::string& path() const { return path_; }
  [[nodiscard]] std::size_t file_bytes() const { return file_.size(); }
  [[nodiscard]] std::span<const std::byte> file() const { return file_.span(); }

  // Session::Run; an error becomes a Failure that names the file.
  void Run();

 private:
  std::string path_;
  system::AlignedBytes file_;
  system::AlignedBytes model_memory_;
  system::AlignedBytes activations_;
  std::unique_ptr<engine::run::Session> session_;
  WorkerPool pool_;
};

// "path: sentence" from what the engine said; `why` may be empty.
[[noreturn]] void FailAbout(const std::string& path, base::Error error, const base::Diagnosis& why);

// Graph, prepared parameters and plan of a usual model fit: some kilobytes and a fraction of the
// weights. Models whose weights are unfolded need a doubling or two.
inline std::size_t FirstArenaBytes(std::size_t file_bytes) {
  // Weights laid out anew take up to four times what fp16 and sparse ones take in the file; a first
  // attempt that fails costs as much as one that does not.
  constexpr std::size_t kLargeFile = std::size_t{32} << 20;
  return (std::size_t{256} << 10) + (file_bytes < kLargeFile ? 4 * file_bytes : file_bytes / 4);
}

// Calls attempt(memory) with more and more memory until it does not answer kOutOfMemory; returns
// that answer, whose memory lies in `memory`.
template <typename Attempt>
auto WithGrowingMemory(std::size_t first_bytes, system::AlignedBytes& memory,
                       const Attempt& attempt) {
  constexpr std::size_t kMost = std::size_t{1} << 30;
  for (std::size_t bytes = first_bytes;; bytes *= 2) {
    memory = system::AlignedBytes(bytes);
    auto result = attempt(memory.span());
    if (result || result.error() != base::Error::kOutOfMemory || bytes >= kMost) {
      return result;
    }
  }
}

}  // namespace pinhole::engine::owned
