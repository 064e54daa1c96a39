// SPDX-License-Identifier: Apache-2.0
#pragma once

// A model's file, from its address to its name in the folder.
//
//   const Pulled pulled = Pull(EntryNamed("tiny.en"), {.folder = ModelsFolder()}, watcher);
//
// The file gets its name only after size and digest were checked; before, it is NAME.part, which
// the next pull goes on with, whatever ended this one. Two pulls of one model at once: the second
// waits, and finds it there. Nothing is printed; a watcher hears how far it is.

#include <chrono>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

#include "models/catalogue.h"

namespace pinhole::models {

struct PullOptions {
  std::string folder;
  // An address that files lie below by their names, in place of the catalogue's own addresses.
  std::string mirror = {};
  bool offline = false;  // ask nothing of the network
  int stall_s = 30;      // a transfer without a byte for so long is tried again
  int tries = 6;         // in a row without progress worth the name
  // What a test says otherwise.
  std::function<void(std::chrono::seconds)> sleep = {};                     // between tries
  std::function<std::uint64_t(const std::string& folder)> free_bytes = {};  // of the file system
};

class PullWatcher {
 public:
  virtual ~PullWatcher() = default;
  // Another process pulls the same model; this one waits for it.
  virtual void Waiting() {}
  // `bytes` of the file are there. The first call is before any is asked for.
  virtual void Moved(std::uint64_t bytes) { static_cast<void>(bytes); }
  // `why` it was not to be had; tried again in `wait`.
  virtual void Retrying(std::string_view why, std::chrono::seconds wait) {
    static_cast<void>(why);
    static_cast<void>(wait);
  }
  // The digest is being computed.
  virtual void Checking() {}
};

struct Pulled {
  std::string path;
  bool was_there = false;
};

// Throws system::Failure: what went wrong, with which address, and what to do.
Pulled Pull(const ModelEntry& entry, const PullOptions& options, PullWatcher& watcher);

// What Pull would ask.
std::string AddressOf(const ModelEntry& entry, const std::string& mirror);

}  // namespace pinhole::models
