// SPDX-License-Identifier: Apache-2.0
#include "outside/mqtt/mqtt_outlet.h"

#include <chrono>
#include <system_error>
#include <thread>
#include <utility>

#include "outside/mqtt/broker_worker.h"
#include "outside/mqtt/mqtt_settings.h"
#include "system/no_signals.h"

namespace pinhole::outside::mqtt {

namespace {

// The worker's second for its farewell, and a little for the way to it.
constexpr std::chrono::milliseconds kMostWait{1300};

class MqttOutlet final : public outlet::Outlet {
 public:
  MqttOutlet(Settings settings, outlet::Notices notices)
      : worker_(std::make_shared<BrokerWorker>(std::move(settings), std::move(notices))) {
    const system::NoSignals inherited;
    thread_ = std::thread([worker = worker_] { worker->Run(); });
  }

  ~MqttOutlet() override {
    worker_->Stop();
    const bool over = worker_->WaitUntilOver(kMostWait);
    worker_->Mute();
    if (over) {
      thread_.join();
    } else {
      thread_.detach();
    }
  }

  [[nodiscard]] std::string_view name() const override { return "mqtt"; }

  void Publish(const facts::PersonFacts& facts) override { worker_->Publish(facts); }

 private:
  std::shared_ptr<BrokerWorker> worker_;
  std::thread thread_;
};

}  // namespace

base::Result<std::unique_ptr<outlet::Outlet>> OpenMqtt(const MqttOptions& options,
                                                       outlet::Notices notices,
                                                       base::Diagnosis& why) {
  PINHOLE_ASSIGN(Settings settings, CheckOptions(options, why));
  try {
    return std::unique_ptr<outlet::Outlet>(
        std::make_unique<MqttOutlet>(std::move(settings), std::move(notices)));
  } catch (const std::system_error& failure) {
    return why.Fail(base::Error::kOutOfMemory, "mqtt: can't start a thread: ", failure.what(),
                    "; end other programs and try again");
  }
}

}  // namespace pinhole::outside::mqtt
