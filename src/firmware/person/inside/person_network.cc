// SPDX-License-Identifier: Apache-2.0
#include "firmware/person/inside/person_network.h"

#include <array>
#include <cstddef>
#include <span>
#include <string_view>

#include "inside/sense/emitted_network.h"
#include "person_model.h"

namespace pinhole::firmware::person::inside {

namespace sense = ::pinhole::inside::sense;

namespace {

std::byte* At(const void* emitted) {
  return const_cast<std::byte*>(static_cast<const std::byte*>(emitted));
}

const pinhole_nn::SecondCore* g_second = nullptr;
const pinhole_nn::Fetcher* g_fetcher = nullptr;

void Run() { person_model::Run(g_second, g_fetcher); }

struct Emitted {
  engine::Tensor input = sense::EmittedTensor(person_model::Input0(), person_model::kInput0Shape,
                                              &kInputScale, person_model::kInput0Zero);
  std::array<engine::Tensor, 2> outputs = {
      sense::EmittedTensor(person_model::Output0(), person_model::kOutput0Shape, nullptr, 0),
      sense::EmittedTensor(person_model::Output1(), person_model::kOutput1Shape, nullptr, 0)};
  std::array<engine::TensorView, 2> views = {
      engine::TensorView{&outputs[0], At(person_model::Output0())},
      engine::TensorView{&outputs[1], At(person_model::Output1())}};
  std::array<const engine::Tensor*, 1> input_list = {&input};
  std::array<const engine::Tensor*, 2> output_list = {&outputs[0], &outputs[1]};
  sense::FaceModel model{input_list, output_list, person_model::kPinholeDetector};
  sense::EmittedNetwork network{Run, person_model::Wipe,
                                engine::TensorView{&input, At(person_model::Input0())}, views};

  static constexpr float kInputScale = person_model::kInput0Scale;

  Emitted() { person_model::Reset(); }
  Emitted(const Emitted&) = delete;  // its parts point at each other
  Emitted& operator=(const Emitted&) = delete;
};

Emitted& TheOne() {
  static Emitted emitted;
  return emitted;
}

}  // namespace

void SetSecondCore(const pinhole_nn::SecondCore* second) { g_second = second; }

void SetFetcher(const pinhole_nn::Fetcher* fetcher) { g_fetcher = fetcher; }

sense::Network& PersonNetwork() { return TheOne().network; }

const sense::FaceModel& PersonModel() { return TheOne().model; }

}  // namespace pinhole::firmware::person::inside
