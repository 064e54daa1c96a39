// SPDX-License-Identifier: Apache-2.0
#pragma once

// Walls around the helpers that are not the inside: the source, which decodes what others made, and
// the outside, which talks to the world. Less tight than the inside's (sensor_wall.h), since both
// need a library or a network, but as tight as their work allows.
//
// Landlock for files and TCP ports, a network namespace of its own where no network is needed, no
// new privileges, no core dumps, not readable by ptrace. Holds for the calling thread and all that
// it starts from then on: to be called before other threads are.

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace pinhole::wall {

struct Confinement {
  std::vector<std::string> read;   // files and folders (with all below) that may be read and listed
  std::vector<std::string> write;  // folders and files that may be read, written, made and removed
  std::vector<std::string> execute;  // files and folders with what may be mapped or run
  bool network = false;              // false: no socket reaches anything
  // TCP ports that may be connected to and bound; with network only. Nothing given: any.
  std::optional<std::vector<std::uint16_t>> connect_tcp, bind_tcp;
};

struct Confined {
  int landlock_abi = 0;      // 0: this kernel has none
  bool own_network = false;  // an empty network namespace of its own
  std::string missing;       // what could not be had and why, for a person; empty: nothing
};

// Paths that are not there are passed over. Layers that the kernel lacks are named in the answer; a
// layer that it has and refuses is too. Throws system::Failure only where no_new_privs can't be
// had.
Confined Confine(const Confinement& confinement);

}  // namespace pinhole::wall
