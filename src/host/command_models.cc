// SPDX-License-Identifier: Apache-2.0
// pinhole models list, pull, verify: official model files, fetched and checked.

#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <string>
#include <string_view>
#include <vector>

#include "host/commands.h"
#include "host/json.h"
#include "host/names.h"
#include "models/catalogue.h"
#include "models/digest.h"
#include "models/progress_text.h"
#include "models/pull.h"
#include "models/store.h"

namespace pinhole::host {

namespace {

using models::Held;
using models::Holding;
using models::ModelEntry;

std::string FolderOf(const std::string& given) {
  return given.empty() ? models::ModelsFolder() : given;
}

std::string HereText(const Holding& holding, const ModelEntry& entry) {
  switch (holding.held) {
    case Held::kThere: return "yes";
    case Held::kPartly: return std::to_string(holding.bytes * 100 / entry.bytes) + " %";
    case Held::kWrongSize: return "wrong size";
    case Held::kMissing: break;
  }
  return "";
}

const char* HereWord(Held held) {
  switch (held) {
    case Held::kThere: return "yes";
    case Held::kPartly: return "partly";
    case Held::kWrongSize: return "wrong size";
    case Held::kMissing: break;
  }
  return "no";
}

Json EntryJson(const ModelEntry& entry, const std::string& folder) {
  const Holding holding = models::Look(folder, entry);
  return Json::Object({{"name", entry.name},
                       {"file", entry.file},
                       {"here", HereWord(holding.held)},
                       {"bytes_here", holding.bytes},
                       {"bytes", entry.bytes},
                       {"sha256", entry.sha256},
                       {"sha1", entry.sha1.empty() ? Json(nullptr) : Json(entry.sha1)},
                       {"address", entry.address},
                       {"licence", entry.licence},
                       {"origin", entry.origin},
                       {"purpose", entry.purpose}});
}

std::string ListText(const std::string& folder) {
  std::string text;
  std::string_view origin;
  const auto rows = models::Catalogue();
  for (std::size_t i = 0; i < rows.size();) {
    origin = rows[i].origin;
    Table table(
        {{"name"}, {"size", Table::Align::kRight}, {"here"}, {"licence"}, {"pinned by"}, {"for"}});
    for (; i < rows.size() && rows[i].origin == origin; ++i) {
      table.Row({std::string(rows[i].name), models::ShownBytes(rows[i].bytes),
                 HereText(models::Look(folder, rows[i]), rows[i]), std::string(rows[i].licence),
                 rows[i].sha1.empty() ? "SHA-256" : "SHA-256, SHA-1",
                 std::string(rows[i].purpose)});
    }
    text += Inked(origin, Ink::kBold) + "\n" + table.Text() + "\n";
  }
  return text + "folder: " + Printable(folder) + "\n";
}

// What a pull says on standard error: a bar on a terminal, a line each tenth elsewhere.
class ShownPull : public models::PullWatcher {
 public:
  explicit ShownPull(const ModelEntry& entry)
      : text_(std::string(entry.name), entry.bytes),
        name_(entry.name),
        terminal_(system::IsTerminal(Stream::kError)) {}
  ~ShownPull() override { Clear(); }

  void Waiting() override { Line(name_ + ": another process is pulling it; waiting for that"); }
  void Checking() override {
    if (terminal_) {
      Bar(name_ + "  computing the digest");
    }
  }
  void Moved(std::uint64_t bytes) override {
    const auto now = std::chrono::steady_clock::now();
    text_.Moved(bytes, std::chrono::duration<double>(now - began_).count());
    if (terminal_) {
      if (now - drawn_ >= std::chrono::milliseconds(100)) {
        drawn_ = now;
        Bar(text_.Bar(Width()));
      }
    } else if (const std::string line = text_.SparseLine(); !line.empty()) {
      Line(line);
    }
  }
  void Retrying(std::string_view why, std::chrono::seconds wait) override {
    Line(name_ + ": " + std::string(why) + "; trying again" +
         (wait.count() > 0 ? " in " + std::to_string(wait.count()) + " s" : ""));
  }

 private:
  static std::size_t Width() {
    winsize size = {};
    const bool known = ::ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 1;
    return known ? size.ws_col - 1U : 79U;
  }
  void Bar(const std::string& text) {
    std::fputs(("\r" + text + "\x1b[K").c_str(), stderr);
    visible_ = true;
  }
  void Clear() {
    if (visible_) {
      std::fputs("\r\x1b[K", stderr);
      visible_ = false;
    }
  }
  void Line(const std::string& text) {
    Clear();
    std::fputs((text + "\n").c_str(), stderr);
  }

  models::ProgressText text_;
  std::string name_;
  bool terminal_;
  bool visible_ = false;
  std::chrono::steady_clock::time_point began_ = std::chrono::steady_clock::now();
  std::chrono::steady_clock::time_point drawn_;
};

std::vector<const ModelEntry*> EntriesNamed(const std::vector<std::string>& names) {
  std::vector<const ModelEntry*> entries;
  entries.reserve(names.size());
  for (const std::string& name : names) {
    entries.push_back(&models::EntryNamed(name));
  }
  return entries;
}

// What is there: the models named, or all that the folder has.
std::vector<const ModelEntry*> EntriesToVerify(const std::vector<std::string>& names,
                                               const std::string& folder) {
  std::vector<const ModelEntry*> entries = EntriesNamed(names);
  for (const ModelEntry& entry : models::Catalogue()) {
    const Held held = models::Look(folder, entry).held;
    if (names.empty() && (held == Held::kThere || held == Held::kWrongSize)) {
      entries.push_back(&entry);
    }
  }
  return entries;
}

// "" where `entry`'s file is what it should be, else what is wrong.
std::string WrongWith(const ModelEntry& entry, const std::string& folder) {
  const Holding holding = models::Look(folder, entry);
  if (holding.held == Held::kMissing || holding.held == Held::kPartly) {
    return "not there";
  }
  if (holding.held == Held::kWrongSize) {
    return std::to_string(holding.bytes) + " bytes, expected " + std::to_string(entry.bytes);
  }
  const models::Digests found = models::DigestsOf(models::PathOf(folder, entry));
  return models::Match(found, entry) ? "" : models::Difference(found, entry);
}

}  // namespace

int ListModels(const ModelsListOptions& options) {
  const std::string folder = FolderOf(options.folder);
  if (!options.json) {
    Print(ListText(folder));
    return 0;
  }
  Json entries = Json::Array();
  for (const ModelEntry& entry : models::Catalogue()) {
    entries.Add(EntryJson(entry, folder));
  }
  Print(Json::Object({{"folder", folder}, {"models", entries}}).Line());
  return 0;
}

int PullModels(const ModelsPullOptions& options) {
  const models::PullOptions pull{
      .folder = FolderOf(options.folder), .mirror = options.mirror, .offline = options.offline};
  int code = 0;
  for (const ModelEntry* entry : EntriesNamed(options.names)) {
    try {
      const models::Pulled pulled = [&] {
        ShownPull shown(*entry);
        return models::Pull(*entry, pull, shown);
      }();
      Print(pulled.path + "\n");
      FlushOutput();
    } catch (const Failure& failure) {
      PrintError(failure.what());
      code = 1;
    }
  }
  return code;
}

int VerifyModels(const ModelsVerifyOptions& options) {
  const std::string folder = FolderOf(options.folder);
  Json results = Json::Array();
  bool fine = true;
  for (const ModelEntry* entry : EntriesToVerify(options.names, folder)) {
    const std::string wrong = WrongWith(*entry, folder);
    fine = fine && wrong.empty();
    if (options.json) {
      results.Add(Json::Object({{"name", entry->name},
                                {"path", models::PathOf(folder, *entry)},
                                {"right", wrong.empty()},
                                {"wrong", wrong.empty() ? Json(nullptr) : Json(wrong)}}));
    } else if (wrong.empty()) {
      Print(std::string(entry->name) + ": right (" + std::string(models::DigestKind(*entry)) +
            ")\n");
    } else {
      PrintError(Printable(models::PathOf(folder, *entry)) + ": " + wrong +
                 "; get it with 'pinhole models pull " + std::string(entry->name) + "'");
    }
  }
  if (options.json) {
    Print(Json::Object({{"folder", folder}, {"right", fine}, {"models", results}}).Line());
  }
  return fine ? 0 : 1;
}

}  // namespace pinhole::host
