// SPDX-License-Identifier: Apache-2.0
// TensorFlow Lite Micro as a worker: tflm_worker
//
// Its own kernels for the host, which are its reference kernels, at -O3 for this processor. One
// thread, as it has no other.

#include <cstring>
#include <memory>

#include "benchmarks/json_text.h"
#include "benchmarks/worker_protocol.h"
#include "tensorflow/lite/micro/micro_interpreter.h"
#include "tensorflow/lite/micro/micro_mutable_op_resolver.h"
#include "tensorflow/lite/micro/micro_resource_variable.h"
#include "tensorflow/lite/micro/tools/benchmarking/op_resolver.h"

// Its messages go to this function; what they say belongs to no answer.
extern "C" void DebugLog(const char* /*format*/, va_list /*arguments*/) {}
extern "C" int DebugVsnprintf(char* buffer, size_t size, const char* format, va_list arguments) {
  return std::vsnprintf(buffer, size, format, arguments);
}

namespace pinhole::benchmarks {
namespace {

constexpr std::size_t kArenaBytes = std::size_t{256} << 20;
constexpr int kVariables = 64;

class Tflm : public Engine {
 public:
  std::string Load(const std::string& path) override {
    const std::vector<std::byte> file = ReadAll(path);
    model_ = Aligned(file.size());
    std::memcpy(model_.get(), file.data(), file.size());
    arena_ = Aligned(kArenaBytes);
    if (tflite::CreateOpResolver(resolver_) != kTfLiteOk) {
      throw Refused("the operators can't be registered");
    }
    auto* arena = reinterpret_cast<std::uint8_t*>(arena_.get());
    tflite::MicroAllocator* allocator = tflite::MicroAllocator::Create(arena, kArenaBytes);
    auto* variables = tflite::MicroResourceVariables::Create(allocator, kVariables);
    interpreter_ = std::make_unique<tflite::MicroInterpreter>(tflite::GetModel(model_.get()),
                                                              resolver_, allocator, variables);
    if (interpreter_->AllocateTensors() != kTfLiteOk) {
      throw Refused("not supported: it refuses the model");
    }
    for (std::size_t i = 0; i < interpreter_->inputs_size(); ++i) {
      inputs_.emplace_back(interpreter_->input(i)->bytes);
    }
    return R"({"version":)" + Quoted(PINHOLE_TFLM_VERSION) + R"(,"compiler":)" +
           Quoted(PINHOLE_COMPILER " -march=native") + R"(,"arena_bytes":)" +
           Text(std::uint64_t{interpreter_->arena_used_bytes()}) + "}";
  }

  std::span<std::byte> Input(std::size_t i) override { return inputs_.at(i); }

  std::vector<std::span<const std::byte>> Outputs() override {
    std::vector<std::span<const std::byte>> outputs;
    for (std::size_t i = 0; i < interpreter_->outputs_size(); ++i) {
      const TfLiteTensor* tensor = interpreter_->output(i);
      outputs.push_back(std::as_bytes(std::span(tensor->data.raw, tensor->bytes)));
    }
    return outputs;
  }

  // Inputs share their memory with what comes later.
  void Refill() override {
    for (std::size_t i = 0; i < inputs_.size(); ++i) {
      std::memcpy(interpreter_->input(i)->data.raw, inputs_[i].data(), inputs_[i].size());
    }
  }
  [[nodiscard]] bool refills() const override { return true; }

  void Run() override {
    if (interpreter_->Invoke() != kTfLiteOk) {
      throw Refused("a run failed");
    }
  }

 private:
  struct Free {
    void operator()(std::byte* data) const { std::free(data); }
  };
  using Memory = std::unique_ptr<std::byte, Free>;

  static Memory Aligned(std::size_t bytes) {
    constexpr std::size_t kAlignment = 64;
    const std::size_t rounded = (bytes + kAlignment - 1) / kAlignment * kAlignment;
    return Memory(static_cast<std::byte*>(std::aligned_alloc(kAlignment, rounded)));
  }

  Memory model_, arena_;
  tflite::TflmOpResolver resolver_;
  std::unique_ptr<tflite::MicroInterpreter> interpreter_;
  std::vector<std::vector<std::byte>> inputs_;
};

}  // namespace
}  // namespace pinhole::benchmarks

int main() {
  pinhole::benchmarks::Tflm engine;
  return pinhole::benchmarks::Serve(engine);
}
