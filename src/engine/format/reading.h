// SPDX-License-Identifier: Apache-2.0
#pragma once

// Inside the room only: what the parts of the TensorFlow Lite reader share while one file is read.
//
// How errors get their names: a function that finds something wrong says so with why.Fail("rank 7,
// at most 6"); an access that fails inside the FlatBuffer says nothing. Whoever knows the place
// passes the error on through At(error, "tensor 12 'conv1/w': "), which puts the place in front,
// and adds the missing sentence where there is none.

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>

#include "base/arena.h"
#include "base/diagnosis.h"
#include "base/result.h"
#include "engine/format/flatbuffer.h"
#include "engine/format/model.h"
#include "engine/format/tflite_reader.h"

namespace pinhole::engine::format {

// What is known of a tensor while its graph is read, beside the Tensor itself. Scratch.
struct Mark {
  std::int32_t folded_from = -1;  // the tensor that the folded operator which wrote this one read
  std::int16_t resource = -1;     // of a variable's handle
  bool available = false;         // constant, input, variable, or written by an operator before
  bool sparse = false;            // a constant whose buffer is sparse
  bool hollow = false;            // has a dimension of 0: no operator may name it
};

struct Reading {
  Reading(flat::Bytes file, base::Arena& model_arena, base::Diagnosis& diagnosis,
          const ReadLimits& read_limits, Model& into)
      : bytes(file),
        arena(model_arena),
        why(diagnosis),
        limits(read_limits),
        model(into),
        tensors_left(read_limits.max_tensors),
        operators_left(read_limits.max_operators) {}

  flat::Bytes bytes;
  base::Arena& arena;
  base::Diagnosis& why;
  const ReadLimits& limits;
  Model& model;  // in the arena
  flat::TableVector operator_codes;
  flat::TableVector buffers;
  std::span<bool> buffer_seen;  // scratch: counted in model.constant_bytes
  std::size_t graph_count = 0;
  std::size_t tensors_left;
  std::size_t operators_left;
  std::uint64_t visits_left = 0;

  template <typename... Pieces>
  base::Unexpected Fail(base::Error error, const Pieces&... pieces) {
    return why.Fail(error, pieces...);
  }

  // Passes `error` on, with the place in front of what `why` says.
  template <typename... Place>
  base::Unexpected At(base::Error error, const Place&... place) {
    if (why.empty()) {
      Explain(error);
    }
    why.Prefix(place...);
    return base::Unexpected(error);
  }

  // A file can point at the same bytes from many places, so that little of it asks for much work.
  // Each element looked at is paid for here. Error: kTooLarge.
  base::Status Visit(std::size_t elements);

  // The bytes of buffer `index`, inside the FlatBuffer or behind it; empty for the sentinel 0.
  base::Result<flat::Bytes> Buffer(std::uint32_t index);
  // [offset, offset + size) of the whole file: where models above 2 GiB keep their bytes.
  base::Result<flat::Bytes> Outside(std::uint64_t offset, std::uint64_t size);

  // `size` bytes of the arena for a constant that is made while loading. Errors: kTooLarge (over
  // max_folded_bytes), kOutOfMemory.
  base::Result<std::span<std::byte>> TakeFolded(std::size_t size, std::size_t alignment);

  // The vector's elements, where they lie if that is aligned, else copied into the arena.
  template <flat::Scalar T>
  base::Result<std::span<const T>> Keep(const flat::ScalarVector<T>& vector) {
    const flat::Bytes raw = vector.bytes();
    if (reinterpret_cast<std::uintptr_t>(raw.data()) % alignof(T) == 0) {
      return std::span<const T>(reinterpret_cast<const T*>(raw.data()), vector.size());
    }
    PINHOLE_ASSIGN(const std::span<T> copy, arena.Make<T>(vector.size()));
    for (std::size_t i = 0; i < vector.size(); ++i) {
      copy[i] = vector[i];
    }
    return std::span<const T>(copy);
  }

 private:
  void Explain(base::Error error);
};

}  // namespace pinhole::engine::format
