// SPDX-License-Identifier: Apache-2.0
#pragma once

// A sensor, or a part of one, made from a model file with the memory it asks for:
//
//   OwnedSensor<inside::sense::FaceDetector> detector(path, options, threads);
//   const auto found = detector->Find(picture, {}, why);
//
// `Sensor` has Load(file, arena, options, why), work_bytes(), Bind(work, why) and set_workers; its
// options have the SessionOptions `session`.
// Throws Failure, which begins with the model's name, where the file can't be read, is no model
// that can be run, or not of the kind the sensor wants.

#include <memory>
#include <string>
#include <utility>

#include "engine/owned/model_file.h"

namespace pinhole::engine::owned {

template <typename Sensor>
class OwnedSensor {
 public:
  template <typename Options>
  OwnedSensor(const std::string& path, const Options& options, int threads)
      : OwnedSensor(path, system::ReadFile(path, kMaxModelBytes), options, threads) {}

  // The same with the file's bytes, for a process that can open nothing any more; `path` is for
  // messages.
  template <typename Options>
  OwnedSensor(const std::string& path, system::AlignedBytes file, const Options& options,
              int threads)
      : path_(path), file_(std::move(file)), pool_(threads) {
    base::Diagnosis why;
    base::Result<Sensor> sensor = WithGrowingMemory(
        FirstArenaBytes(file_.size()), model_memory_, [&](std::span<std::byte> memory) {
          base::Arena arena(memory);
          system::AlignedBytes made(memory.size());
          base::Arena folded(made.span());
          Options own = options;
          own.session.limits.folded = &folded;
          return Sensor::Load(file_.span(), arena, own, why);
        });
    if (!sensor) {
      Fail(sensor.error(), why);
    }
    sensor_ = std::make_unique<Sensor>(*std::move(sensor));
    work_ = system::AlignedBytes(sensor_->work_bytes());
    sensor_->set_workers(pool_.workers());
    if (const base::Status bound = sensor_->Bind(work_.span(), why); !bound) {
      Fail(bound.error(), why);
    }
  }

  Sensor* operator->() { return sensor_.get(); }

  [[noreturn]] void Fail(base::Error error, const base::Diagnosis& why) const {
    FailAbout(path_, error, why);
  }

 private:
  std::string path_;
  system::AlignedBytes file_;
  system::AlignedBytes model_memory_;
  system::AlignedBytes work_;
  WorkerPool pool_;
  std::unique_ptr<Sensor> sensor_;
};

}  // namespace pinhole::engine::owned
