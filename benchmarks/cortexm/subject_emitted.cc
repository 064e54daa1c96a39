// SPDX-License-Identifier: Apache-2.0
#include "model.h"
#include "subject.h"

namespace subject {

bool Begin() {
  model::Reset();
  return true;
}
void* Input() { return model::Input0(); }
std::size_t InputBytes() { return model::kInput0Bytes; }
const void* Output() { return model::Output0(); }
std::size_t OutputBytes() { return model::kOutput0Bytes; }
void Run() { model::Run(); }
std::size_t RamBytes() { return model::kArenaBytes; }

}  // namespace subject
