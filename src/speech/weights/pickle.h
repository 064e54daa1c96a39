// SPDX-License-Identifier: Apache-2.0
#pragma once

// The pickle of a torch state dict, read and never run.
//
// A pickle is a program for a stack machine that may call any Python function. This reader knows
// the opcodes that torch.save uses for dictionaries of tensors, and five names, each of which it
// takes as a word and calls nothing for:
//
//   collections OrderedDict                                   (called with nothing: a dictionary)
//   torch._utils _rebuild_tensor_v2                           (its arguments: a tensor)
//   torch FloatStorage, HalfStorage, BFloat16Storage          (in a storage's persistent id)
//
// Every other opcode or name is refused by its name: the file then is no plain model, or wants to
// do something. What comes out is a tree of values in one pool; dictionaries may hold each other,
// so a reader looks as deep as it needs and no deeper.
//
// Memory: at most one value for each byte of the pickle, which is at most kMaxBytes long.
// Source: CPython's pickletools.py, protocol 2.

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "base/diagnosis.h"
#include "base/result.h"

namespace pinhole::speech {

enum class PickleName : std::uint8_t {
  kOrderedDict,
  kRebuildTensor,
  kFloatStorage,
  kHalfStorage,
  kBfloat16Storage,
};

class Pickle {
 public:
  static constexpr std::size_t kMaxBytes = std::size_t{1} << 20;
  static constexpr std::size_t kMaxArguments = 8;  // of a call, or in a persistent id
  using Index = std::uint32_t;                     // into the pool

  enum class Kind : std::uint8_t {
    kNone,
    kBool,
    kInteger,
    kText,
    kName,
    kTuple,
    kDict,     // items: key, value, key, value ...
    kStorage,  // items: of the persistent id's tuple
    kTensor,   // items: the arguments of _rebuild_tensor_v2
  };
  struct Value {
    Kind kind = Kind::kNone;
    PickleName name{};           // kName
    std::int64_t number = 0;     // kBool, kInteger
    std::string_view text{};     // kText; in the pickle's bytes
    std::vector<Index> items{};  // the containers
  };

  // `bytes` stay where they are as long as this is used. Errors: kTooLarge, kTruncated, kMalformed,
  // kUnsupported.
  static base::Result<Pickle> Read(std::span<const std::byte> bytes, base::Diagnosis& why);

  [[nodiscard]] const Value& root() const { return pool_[root_]; }
  [[nodiscard]] const Value& at(Index index) const { return pool_[index]; }
  // The value of a text key; nullptr where `dict` is none or lacks it.
  [[nodiscard]] const Value* Member(const Value& dict, std::string_view key) const;

 private:
  friend class PickleMachine;
  std::vector<Value> pool_;
  Index root_ = 0;
};

}  // namespace pinhole::speech
