// SPDX-License-Identifier: Apache-2.0
#include "engine/owned/chosen_target.h"

#include <cstdlib>
#include <string>

#include "engine/kernels/kernel.h"
#include "system/failure.h"

namespace pinhole::engine::owned {

namespace {

std::string NamesThatRun() {
  std::string names;
  for (const kernels::fast::Target& target : kernels::fast::AllTargets()) {
    if (target.runs_here()) {
      names += (names.empty() ? "" : ", ") + std::string(target.name);
    }
  }
  return names;
}

}  // namespace

const kernels::fast::Target& ChosenTarget() {
  const char* const named = std::getenv("PINHOLE_ISA");
  if (named == nullptr || *named == '\0') {
    return kernels::fast::BestTarget();
  }
  const kernels::fast::Target* const target = kernels::fast::FindTarget(named);
  if (target == nullptr) {
    throw system::Failure("PINHOLE_ISA is '" + std::string(named) +
                          "', which is no instruction set of this build; this processor runs " +
                          NamesThatRun());
  }
  if (!target->runs_here()) {
    throw system::Failure("PINHOLE_ISA is '" + std::string(named) + "', but this processor lacks " +
                          std::string(target->needs) + "; it runs " + NamesThatRun());
  }
  return *target;
}

run::SessionOptions HostSessionOptions() {
  run::SessionOptions options;
  options.kernels = ChosenTarget().kernels;
  options.effort = plan::Effort::kQuick;
  options.alignment = kernels::kPackedAlignment;
  return options;
}

}  // namespace pinhole::engine::owned
