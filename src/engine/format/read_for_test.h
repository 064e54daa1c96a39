// SPDX-License-Identifier: Apache-2.0
#pragma once

// For tests only: reads a model with an arena of its own and checks the reader's promises.

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "engine/format/invariants.h"
#include "engine/format/model_builder.h"
#include "engine/format/tflite_reader.h"

namespace pinhole::engine::format {

class ReadForTest {
 public:
  // The file must outlive this.
  explicit ReadForTest(const AlignedBytes& file, std::size_t arena_bytes = std::size_t{1} << 15,
                       const ReadLimits& limits = {})
      : memory_(arena_bytes), arena_(memory_.span()) {
    const auto read = ReadTflite(file.span(), arena_, why_, limits);
    if (!read) {
      error_ = read.error();
      EXPECT_FALSE(why_.empty()) << "an error without a sentence: " << ErrorName(error_);
      return;
    }
    model_ = *read;
    EXPECT_EQ(InvariantChecker(*model_, file.span(), memory_.span()).FirstBroken(), "");
    EXPECT_LE(model_->folded_bytes, limits.max_folded_bytes);
  }
  ReadForTest(const ReadForTest&) = delete;
  ReadForTest& operator=(const ReadForTest&) = delete;

  explicit operator bool() const { return model_ != nullptr; }
  const Model& operator*() const { return *model_; }
  const Model* operator->() const { return model_; }
  [[nodiscard]] base::Error error() const { return error_; }
  [[nodiscard]] std::string why() const { return std::string(why_.text()); }
  [[nodiscard]] const base::Arena& arena() const { return arena_; }

 private:
  AlignedBytes memory_;
  base::Arena arena_;
  base::Diagnosis why_;
  const Model* model_ = nullptr;
  base::Error error_ = base::Error::kInternal;
};

}  // namespace pinhole::engine::format
