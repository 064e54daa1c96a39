// SPDX-License-Identifier: Apache-2.0
// From Load on, the engine takes memory from the two blocks it is given and from nowhere else:
// every way to the heap is counted here. Sanitizers bring their own heap; there this is skipped.
#include <gtest/gtest.h>

#include "base/heap_count.h"
#include "engine/run/test_model.h"

namespace pinhole::engine::run {
namespace {

class NoAllocation : public ::testing::TestWithParam<const char*> {};

TEST_P(NoAllocation, FromLoadToRunAndReset) {
  if (!base::kCountsHeap) {
    GTEST_SKIP() << "a sanitizer brings its own heap";
  }
  const auto model = TestModel::Open(GetParam());
  if (model == nullptr) {
    GTEST_SKIP() << TestModel::Missing(GetParam());
  }
  ASSERT_TRUE(model->loaded()) << model->why();
  Block memory(model->arena().high_water() + 64);
  Block activations(model->session().activation_bytes());
  base::Arena arena(memory.span());
  base::Diagnosis why;

  const long before_itself = base::heap_calls;
  const auto probe = std::make_unique<int>(1);
  ASSERT_GT(base::heap_calls, before_itself) << "the counter does not count";

  const long before = base::heap_calls;
  base::Result<Session> session =
      Session::Load(model->file(), arena, {kernels::AllKernels(), {}, {}}, why);
  const bool bound = session && session->Bind(activations.span(), why);
  bool ran = bound;
  for (int step = 0; step < 3 && ran; ++step) {
    for (std::size_t i = 0; i < session->input_count(); ++i) {
      std::memset(session->input(i).data, step, session->input(i).info->bytes);
    }
    ran = session->Run(why).has_value();
  }
  ran = ran && session->Reset(why);
  const long after = base::heap_calls;
  EXPECT_TRUE(ran) << why.text();
  EXPECT_EQ(after, before);
}

INSTANTIATE_TEST_SUITE_P(Models, NoAllocation,
                         ::testing::Values("person_detect", "mww_v2_okay_nabu", "trained_lstm_int8",
                                           "audio_preprocessor_int8",
                                           "mp_face_detection_full_range_sparse"),
                         [](const auto& one) { return std::string(one.param); });

}  // namespace
}  // namespace pinhole::engine::run
