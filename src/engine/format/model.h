// SPDX-License-Identifier: Apache-2.0
#pragma once

// A model file as the engine sees it: graphs, variables, metadata. Everything here lies in the
// model arena or points into the file's bytes; both must outlive it. Read-only.

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

#include "engine/tensor/graph.h"

namespace pinhole::engine::format {

// A named blob that travels in the file ("min_runtime_version", "pinhole.detector"); the engine
// does not read it.
struct Metadata {
  std::string_view name;
  std::span<const std::byte> bytes;
};

struct Model {
  std::string_view description;
  std::span<const Graph> graphs;  // graphs[0] is run; others are run once before it (CALL_ONCE)
  std::span<const Resource> resources;
  std::span<const Metadata> metadata;
  std::size_t file_bytes = 0;
  std::size_t constant_bytes = 0;  // constants that the graphs read, as they lie in the file
  std::size_t folded_bytes =
      0;  // constants made while loading (fp16 to fp32, sparse to dense), in the arena
  std::uint32_t folded_operators = 0;  // operators of the file that folding made needless

  [[nodiscard]] const Graph& main() const { return graphs[0]; }
  // The blob called `name`; empty where there is none.
  [[nodiscard]] std::span<const std::byte> FindMetadata(std::string_view name) const {
    for (const Metadata& entry : metadata) {
      if (entry.name == name) {
        return entry.bytes;
      }
    }
    return {};
  }
};

}  // namespace pinhole::engine::format
