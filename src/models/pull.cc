// SPDX-License-Identifier: Apache-2.0
#include "models/pull.h"

#include <algorithm>
#include <filesystem>
#include <system_error>
#include <thread>

#include "models/digest.h"
#include "models/fetch.h"
#include "models/part_file.h"
#include "models/store.h"
#include "system/failure.h"

namespace pinhole::models {

namespace {

namespace fs = std::filesystem;
using std::chrono::seconds;
using system::Failure;
using system::Printable;

// For the file system's own bookkeeping.
constexpr std::uint64_t kSpare = std::uint64_t{16} << 20;
// A try that brought less counts as one without progress.
constexpr std::uint64_t kProgress = std::uint64_t{1} << 20;
constexpr int kLongestPause = 30;

std::uint64_t FreeBytes(const std::string& folder) {
  std::error_code error;
  const fs::space_info space = fs::space(folder, error);
  return error ? UINT64_MAX : space.available;
}

void MakeFolder(const std::string& folder) {
  std::error_code error;
  fs::create_directories(folder, error);
  if (error) {
    throw Failure("the folder " + Printable(folder) + " can't be made: " + error.message() +
                  "; name another with --folder, or set PINHOLE_MODELS_FOLDER");
  }
}

void CheckRoom(const ModelEntry& entry, const PullOptions& options, std::uint64_t have) {
  const std::uint64_t room =
      options.free_bytes ? options.free_bytes(options.folder) : FreeBytes(options.folder);
  const std::uint64_t lacks = entry.bytes - have;
  if (room < kSpare || room - kSpare < lacks) {
    throw Failure(Printable(options.folder) + " has room for " + ShownBytes(room) +
                  " where the model " + std::string(entry.name) + " needs " +
                  ShownBytes(lacks + kSpare) + "; make room, or name another folder with --folder");
  }
}

[[noreturn]] void GiveUp(const ModelEntry& entry, const std::string& address,
                         const std::string& what, const std::string& advice) {
  throw Failure("the model " + std::string(entry.name) + " can't be had from " +
                Printable(address) + ": " + what + "; " + advice);
}

// The pause before the next try: 1, 2, 4 ... seconds, or what the server asked for.
seconds Pause(int tries, const Answer& answer) {
  const int doubled = 1 << std::min(tries, 10);
  return seconds(std::max(answer.retry_after_s, std::min(doubled / 2, kLongestPause)));
}

// Fills the part, in as many exchanges as it takes; says whether its bytes came in several pieces.
bool Fill(PartFile& part, const ModelEntry& entry, const PullOptions& options,
          PullWatcher& watcher) {
  const std::string address = AddressOf(entry, options.mirror);
  const Exchange exchange{
      .address = address, .bytes = entry.bytes, .stall_s = options.stall_s, .moved = [&] {
        watcher.Moved(part.size());
      }};
  watcher.Moved(part.size());
  bool pieced = part.size() > 0;
  for (int tries = 0; part.size() < entry.bytes;) {
    const std::uint64_t before = part.size();
    const Answer answer = Fetch(exchange, part);
    if (answer.outcome == Outcome::kWhole) {
      break;
    }
    pieced = pieced || part.size() > 0;
    if (answer.outcome == Outcome::kRefused) {
      GiveUp(entry, address, answer.what,
             "look at the address, or give a mirror that has " + std::string(entry.file) +
                 " with --mirror");
    }
    if (answer.outcome == Outcome::kStale) {
      part.Restart();
    }
    tries = part.size() >= before + kProgress ? 1 : tries + 1;
    if (tries >= options.tries) {
      GiveUp(entry, address, answer.what,
             "look at the connection and pull again: it goes on after the " +
                 ShownBytes(part.size()) + " that are here");
    }
    const seconds pause = Pause(tries, answer);
    watcher.Retrying(answer.what, pause);
    if (options.sleep) {
      options.sleep(pause);
    } else {
      std::this_thread::sleep_for(pause);
    }
  }
  return pieced;
}

// A part that is whole and right, or a Failure. Bytes that came in several pieces may be of two
// versions of a file, which some servers don't notice: then all of it is asked for once more.
void FillAndCheck(PartFile& part, const ModelEntry& entry, const PullOptions& options,
                  PullWatcher& watcher) {
  for (bool again = false;; again = true) {
    const bool pieced = Fill(part, entry, options, watcher);
    watcher.Checking();
    const Digests found = DigestsOf(part.part());
    if (Match(found, entry)) {
      return;
    }
    part.Restart();
    if (!pieced || again) {
      GiveUp(entry, AddressOf(entry, options.mirror), "the file has " + Difference(found, entry),
             "nothing was kept; it was changed where it lies or on its way, so try again later or "
             "from another mirror");
    }
    watcher.Retrying("the pieces have " + Difference(found, entry), seconds(0));
  }
}

}  // namespace

std::string AddressOf(const ModelEntry& entry, const std::string& mirror) {
  if (mirror.empty()) {
    return std::string(entry.address);
  }
  return mirror + (mirror.ends_with('/') ? "" : "/") + std::string(entry.file);
}

Pulled Pull(const ModelEntry& entry, const PullOptions& options, PullWatcher& watcher) {
  const std::string path = PathOf(options.folder, entry);
  const auto right = [&] {
    if (Look(options.folder, entry).held != Held::kThere) {
      return false;
    }
    watcher.Checking();
    return Match(DigestsOf(path), entry);
  };
  if (right()) {
    return {.path = path, .was_there = true};
  }
  if (options.offline) {
    throw Failure("the model " + std::string(entry.name) + " is not in " +
                  Printable(options.folder) + ", and --offline asks nothing of the network; copy " +
                  std::string(entry.file) + " there, or pull without --offline");
  }
  if (const std::string why = WhyNotAsked(AddressOf(entry, options.mirror)); !why.empty()) {
    throw Failure(why);
  }
  MakeFolder(options.folder);
  bool waited = false;
  PartFile part(path, entry.bytes, [&] {
    waited = true;
    watcher.Waiting();
  });
  if (waited && right()) {
    return {.path = path, .was_there = true};
  }
  CheckRoom(entry, options, part.size());
  FillAndCheck(part, entry, options, watcher);
  part.Finish();
  return {.path = path};
}

}  // namespace pinhole::models
