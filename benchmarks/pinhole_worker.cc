// SPDX-License-Identifier: Apache-2.0
// Our engine as a worker: pinhole_worker THREADS

#include <cstdlib>
#include <cstring>
#include <memory>

#include "benchmarks/bench_kernels.h"
#include "benchmarks/loaded_model.h"
#include "benchmarks/model_facts.h"
#include "benchmarks/worker_protocol.h"

namespace pinhole::benchmarks {
namespace {

class Pinhole : public Engine {
 public:
  explicit Pinhole(int threads) : threads_(threads) {}

  std::string Load(const std::string& path) override {
    const engine::kernels::fast::Target& target = BenchTarget();
    model_ = std::make_unique<LoadedModel>(path, target.kernels, threads_);
    const engine::run::Session& session = model_->session();
    for (std::size_t i = 0; i < session.input_count(); ++i) {
      inputs_.emplace_back(session.input(i).info->bytes);
    }
    return ModelFacts(session, target.name);
  }

  std::span<std::byte> Input(std::size_t i) override { return inputs_.at(i); }

  std::vector<std::span<const std::byte>> Outputs() override {
    const engine::run::Session& session = model_->session();
    std::vector<std::span<const std::byte>> outputs;
    for (std::size_t i = 0; i < session.output_count(); ++i) {
      outputs.emplace_back(session.output(i).data, session.output(i).info->bytes);
    }
    return outputs;
  }

  // An input's memory serves others while the network runs.
  void Refill() override {
    for (std::size_t i = 0; i < inputs_.size(); ++i) {
      std::memcpy(model_->session().input(i).data, inputs_[i].data(), inputs_[i].size());
    }
  }
  [[nodiscard]] bool refills() const override { return true; }

  void Run() override { model_->Run(); }

 private:
  int threads_;
  std::unique_ptr<LoadedModel> model_;
  std::vector<std::vector<std::byte>> inputs_;
};

}  // namespace
}  // namespace pinhole::benchmarks

int main(int argc, char** argv) {
  pinhole::benchmarks::Pinhole engine(argc > 1 ? std::atoi(argv[1]) : 1);
  return pinhole::benchmarks::Serve(engine);
}
