// SPDX-License-Identifier: Apache-2.0
#pragma once

// For tests only: a session with memory of its own.
//
//   auto model = TestModel::Open("person_detect");   // from the test data's models/
//   if (model == nullptr) { GTEST_SKIP() << TestModel::Missing("person_detect"); }
//   ASSERT_TRUE(model->loaded()) << model->why();
//   model->Fill(0, bytes);
//   ASSERT_TRUE(model->Run()) << model->why();
//   model->Output<std::int8_t>(0);
//
// File, model arena and activations are separate blocks of the very size asked for, so that
// AddressSanitizer sees a step too far.

#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/sanitized.h"
#include "base/test_data.h"
#include "engine/format/aligned_bytes.h"
#include "engine/kernels/registry.h"
#include "engine/run/session.h"

namespace pinhole::engine::run {

inline constexpr bool kSlowBuild = PINHOLE_SANITIZED != 0;

// Empty where the file is missing. By C's own files, which WebAssembly's library has too.
inline std::vector<std::byte> ReadFile(const std::filesystem::path& path) {
  std::vector<std::byte> bytes;
  const std::unique_ptr<std::FILE, int (*)(std::FILE*)> file(std::fopen(path.c_str(), "rb"),
                                                             &std::fclose);
  if (file == nullptr) {
    return bytes;
  }
  std::byte piece[16384];
  for (std::size_t n = 0; (n = std::fread(piece, 1, sizeof(piece), file.get())) > 0;) {
    bytes.insert(bytes.end(), piece, piece + n);
  }
  return bytes;
}

using Block = format::AlignedBytes;

class TestModel {
 public:
  struct Options {
    std::vector<std::string> taps = {};
    plan::Effort effort = plan::Effort::kThorough;
    std::span<const kernels::Kernel* const> kernels = kernels::AllKernels();
    std::size_t arena_bytes = 0;  // 0: as large as it needs
    plan::Objective objective = plan::Objective::kSmallest;
  };

  static std::filesystem::path PathOf(const std::string& name) {
    return base::TestData("models/" + name + ".tflite");
  }
  static std::string Missing(const std::string& name) {
    return PathOf(name).string() + " is missing (set PINHOLE_DATA)";
  }
  // Null where the file is missing.
  static std::unique_ptr<TestModel> Open(const std::string& name) { return Open(name, Options()); }
  static std::unique_ptr<TestModel> Open(const std::string& name, const Options& options) {
    const std::vector<std::byte> file = ReadFile(PathOf(name));
    return file.empty() ? nullptr : std::make_unique<TestModel>(file, options);
  }

  explicit TestModel(std::span<const std::byte> file) : TestModel(file, Options()) {}
  TestModel(std::span<const std::byte> file, const Options& options) : file_(file) {
    const std::vector<std::string_view> taps(options.taps.begin(), options.taps.end());
    const SessionOptions session_options{
        options.kernels, taps, {}, options.effort, options.objective};
    std::size_t size = options.arena_bytes > 0 ? options.arena_bytes : std::size_t{1} << 20;
    for (;; size *= 4) {
      memory_.emplace(size);
      arena_ = std::make_unique<base::Arena>(memory_->span());
      const base::Result<Session> session =
          Session::Load(file_.span(), *arena_, session_options, why_);
      if (session) {
        session_.emplace(*session);
        break;
      }
      error_ = session.error();
      if (error_ != base::Error::kOutOfMemory || options.arena_bytes > 0 ||
          size >= std::size_t{256} << 20) {
        return;
      }
    }
    activations_.emplace(session_->activation_bytes());
    const base::Status bound = session_->Bind(activations_->span(), why_);
    if (!bound) {
      error_ = bound.error();
      session_.reset();
    }
  }

  [[nodiscard]] bool loaded() const { return session_.has_value(); }
  [[nodiscard]] std::string why() const { return std::string(why_.text()); }
  [[nodiscard]] base::Error error() const { return error_; }
  [[nodiscard]] Session& session() { return *session_; }
  [[nodiscard]] const base::Arena& arena() const { return *arena_; }
  [[nodiscard]] std::span<const std::byte> file() const { return file_.span(); }

  // False where the sizes differ.
  bool Fill(std::size_t input, std::span<const std::byte> bytes) {
    const TensorView view = session_->input(input);
    if (view.info->bytes != bytes.size()) {
      return false;
    }
    std::copy(bytes.begin(), bytes.end(), view.data);
    return true;
  }
  // The same pseudo-random bytes for the same seed: any byte for integers, [-1, 1) for floats.
  void FillAll(std::uint32_t seed) {
    for (std::size_t i = 0; i < session_->input_count(); ++i) {
      const TensorView view = session_->input(i);
      const auto next = [&seed] { return seed = seed * 1664525U + 1013904223U; };
      if (view.type() == Type::kFloat32) {
        for (std::size_t k = 0; k < view.size(); ++k) {
          view.as<float>()[k] = static_cast<float>(next() >> 8) / 8388608.0F - 1.0F;
        }
      } else {
        for (std::size_t k = 0; k < view.info->bytes; ++k) {
          view.data[k] = static_cast<std::byte>(next() >> 24);
        }
      }
    }
  }
  bool Run() { return session_->Run(why_).has_value(); }
  bool Reset() { return session_->Reset(why_).has_value(); }

  static std::vector<std::byte> BytesOf(const TensorView& view) {
    return {view.data, view.data + view.info->bytes};
  }
  // All outputs, one behind the other.
  [[nodiscard]] std::vector<std::byte> Outputs() const {
    std::vector<std::byte> all;
    for (std::size_t i = 0; i < session_->output_count(); ++i) {
      const std::vector<std::byte> bytes = BytesOf(session_->output(i));
      all.insert(all.end(), bytes.begin(), bytes.end());
    }
    return all;
  }
  template <typename T>
  [[nodiscard]] std::vector<T> Output(std::size_t i) const {
    const TensorView view = session_->output(i);
    return {view.as<T>(), view.as<T>() + view.size()};
  }

 private:
  Block file_;
  std::optional<Block> memory_, activations_;
  std::unique_ptr<base::Arena> arena_;
  base::Diagnosis why_;
  std::optional<Session> session_;
  base::Error error_ = base::Error::kInternal;
};

}  // namespace pinhole::engine::run
