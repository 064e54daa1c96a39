// SPDX-License-Identifier: Apache-2.0
#pragma once

// A file that a client sends: in memory, never on a disk, as a descriptor that a decoder in another
// process can read.
//
// All uploads of a service share one budget, so that many clients together can't take more memory
// than one was meant to. What an upload took is given back when it ends.

#include <atomic>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "base/diagnosis.h"
#include "base/result.h"
#include "system/child_process.h"

namespace pinhole::speech::service {

// Bytes that may be in memory at one time. Any thread.
class MemoryBudget {
 public:
  explicit MemoryBudget(std::uint64_t limit) : limit_(limit) {}

  bool Take(std::uint64_t bytes);
  void Give(std::uint64_t bytes) { used_ -= bytes; }
  [[nodiscard]] std::uint64_t used() const { return used_; }
  [[nodiscard]] std::uint64_t limit() const { return limit_; }

 private:
  const std::uint64_t limit_;
  std::atomic<std::uint64_t> used_{0};
};

class Upload {
 public:
  Upload() = default;  // holds nothing, takes nothing
  Upload(std::shared_ptr<MemoryBudget> budget, std::string name)
      : budget_(std::move(budget)), name_(std::move(name)) {}
  Upload(Upload&& other) noexcept;
  Upload& operator=(Upload&& other) noexcept;
  Upload(const Upload&) = delete;
  Upload& operator=(const Upload&) = delete;
  ~Upload() { Drop(); }

  // Errors: kOutOfMemory (the budget or the machine has no more).
  base::Status Append(std::string_view bytes, base::Diagnosis& why);
  // Over what is there already: a header whose numbers are known at the end.
  base::Status Overwrite(std::string_view bytes, base::Diagnosis& why);
  // Forgets all bytes.
  void Drop();

  // Another descriptor of the bytes, to be read from their beginning.
  [[nodiscard]] base::Result<system::UniqueFd> Descriptor(base::Diagnosis& why) const;

  [[nodiscard]] std::uint64_t size() const { return size_; }
  // As the client calls it: for messages and, at most, a hint of the format.
  [[nodiscard]] const std::string& name() const { return name_; }

 private:
  base::Status Write(std::string_view bytes, std::uint64_t at, base::Diagnosis& why);

  std::shared_ptr<MemoryBudget> budget_;
  std::string name_;
  system::UniqueFd fd_;
  std::uint64_t size_ = 0;
};

}  // namespace pinhole::speech::service
