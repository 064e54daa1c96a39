// SPDX-License-Identifier: Apache-2.0
// pinhole audit wall: every way out that we know, tried behind the sensor's own lock.

#include <algorithm>
#include <cstdio>
#include <string>
#include <vector>

#include "audit/attempts.h"
#include "audit/channels.h"
#include "host/commands.h"
#include "host/json.h"
#include "host/names.h"
#include "wall/attempts.h"

namespace pinhole::host {

namespace {

using audit::ChannelOutcome;
using audit::Fate;
using audit::Outcome;

struct TriedAttempt {
  const wall::Attempt* attempt = nullptr;
  Outcome behind_all;
  // With --layers: behind one layer alone.
  std::string landlock, namespaces;
};

bool IsWanted(const wall::Attempt& attempt, const std::string& only) {
  return only.empty() || attempt.name.starts_with(only) || attempt.group == only;
}

std::string Fated(const Outcome& outcome) {
  return outcome.fate == Fate::kOpen ? "open"
                                     : std::string(audit::FateName(outcome.fate)) +
                                           (outcome.detail.empty() ? "" : " " + outcome.detail);
}

std::vector<TriedAttempt> TryAll(const AuditWallOptions& options) {
  std::vector<TriedAttempt> tried;
  for (const wall::Attempt& attempt : wall::AllAttempts()) {
    if (IsWanted(attempt, options.only)) {
      tried.push_back({&attempt, {}, "", ""});
    }
  }
  Progress progress(tried.size());
  for (std::size_t i = 0; i < tried.size(); ++i) {
    const wall::Attempt& attempt = *tried[i].attempt;
    progress.Show(i, attempt.name);
    tried[i].behind_all = audit::Try(attempt);
    if (options.layers && !attempt.only_behind_seccomp) {
      tried[i].landlock = Fated(audit::Try(attempt, {"seccomp", "namespaces"}));
      tried[i].namespaces = Fated(audit::Try(attempt, {"seccomp", "landlock"}));
    }
  }
  return tried;
}

std::vector<ChannelOutcome> ListenToAll(const AuditWallOptions& options) {
  constexpr std::size_t kSteps = 100;
  std::vector<ChannelOutcome> heard;
  for (const std::string_view name : audit::ChannelNames()) {
    if (!options.plant.empty() && options.plant != name) {
      continue;
    }
    Progress progress(kSteps);
    heard.push_back(audit::Listen(name, options.plant == name, [&](double share) {
      progress.Show(static_cast<std::size_t>(share * kSteps), "listening: " + std::string(name));
    }));
  }
  return heard;
}

std::string Shown(const Outcome& outcome) {
  const std::string fate(audit::FateName(outcome.fate));
  return Inked(fate, outcome.fate == Fate::kOpen || outcome.fate == Fate::kUnknown ? Ink::kRed
                                                                                   : Ink::kGreen);
}

void PrintAttempts(const std::vector<TriedAttempt>& tried, bool layers) {
  std::vector<Table::Column> columns = {{"attempt"}, {"what"}, {"fate"}, {"how"}, {"stopped by"}};
  if (layers) {
    columns.push_back({"Landlock alone"});
    columns.push_back({"namespaces alone"});
  }
  Table table(columns);
  for (const TriedAttempt& one : tried) {
    std::vector<std::string> row = {std::string(one.attempt->name), std::string(one.attempt->what),
                                    Shown(one.behind_all), one.behind_all.detail,
                                    one.behind_all.layer};
    if (layers) {
      row.push_back(one.landlock.empty() ? "not tried" : one.landlock);
      row.push_back(one.namespaces.empty() ? "not tried" : one.namespaces);
    }
    table.Row(row);
  }
  Print(table.Text());
}

std::string Rate(const ChannelOutcome& channel) {
  char text[32];
  std::snprintf(text, sizeof text, "%.1f bit/s", channel.bits_per_second);
  return channel.open && channel.bits_per_second > 0 ? text : "";
}

void PrintChannels(const std::vector<ChannelOutcome>& heard) {
  Table table({{"channel"}, {"what is listened to"}, {"fate"}, {"heard"}, {"how it was judged"}});
  for (const ChannelOutcome& channel : heard) {
    table.Row({channel.name, channel.what,
               channel.open ? Inked("OPEN", Ink::kRed) : Inked("closed", Ink::kGreen),
               Rate(channel), channel.detail});
  }
  Print(table.Text());
  for (const ChannelOutcome& channel : heard) {
    if (!channel.note.empty()) {
      Print("note, " + channel.name + ": " + channel.note + "\n");
    }
  }
}

std::string AsJson(const std::vector<TriedAttempt>& tried, const std::vector<ChannelOutcome>& heard,
                   std::size_t open) {
  Json attempts = Json::Array();
  for (const TriedAttempt& one : tried) {
    attempts.Add(Json::Object({{"name", one.attempt->name},
                               {"group", one.attempt->group},
                               {"what", one.attempt->what},
                               {"fate", audit::FateName(one.behind_all.fate)},
                               {"how", one.behind_all.detail},
                               {"stopped_by", one.behind_all.layer},
                               {"landlock_alone", one.landlock},
                               {"namespaces_alone", one.namespaces}}));
  }
  Json channels = Json::Array();
  for (const ChannelOutcome& channel : heard) {
    channels.Add(Json::Object({{"name", channel.name},
                               {"what", channel.what},
                               {"fate", channel.open ? "OPEN" : "closed"},
                               {"bits_per_second", channel.bits_per_second},
                               {"judged", channel.detail},
                               {"note", channel.note}}));
  }
  return Json::Object({{"open", open}, {"attempts", attempts}, {"channels", channels}}).Line();
}

}  // namespace

int AuditWall(const AuditWallOptions& options) {
  // A planted leak concerns one channel: the attempts have nothing to do with it.
  const bool channels_only = options.only == "channels" || !options.plant.empty();
  const std::vector<TriedAttempt> tried =
      channels_only ? std::vector<TriedAttempt>{} : TryAll(options);
  const std::vector<ChannelOutcome> heard =
      options.only.empty() || channels_only ? ListenToAll(options) : std::vector<ChannelOutcome>{};
  if (tried.empty() && heard.empty()) {
    throw WrongUsage("no attempt is named '" + Printable(options.only) +
                     "'; see 'pinhole audit wall' for their names");
  }
  std::size_t open = 0;
  for (const TriedAttempt& one : tried) {
    open += static_cast<std::size_t>(one.behind_all.fate == Fate::kOpen ||
                                     one.behind_all.fate == Fate::kUnknown);
  }
  for (const ChannelOutcome& channel : heard) {
    open += static_cast<std::size_t>(channel.open);
  }
  if (options.json) {
    Print(AsJson(tried, heard, open));
    return open == 0 ? 0 : 1;
  }
  if (!tried.empty()) {
    PrintAttempts(tried, options.layers);
  }
  if (!heard.empty()) {
    Print(tried.empty() ? "" : "\n");
    PrintChannels(heard);
  }
  const std::string counts = std::to_string(tried.size()) + " ways out tried, " +
                             std::to_string(heard.size()) + " channels listened to, " +
                             std::to_string(open) + " open\n";
  Print("\n" + Inked(counts, open == 0 ? Ink::kGreen : Ink::kRed));
  if (!options.plant.empty()) {
    Print(open > 0
              ? "the planted leak was found\n"
              : "THE PLANTED LEAK WAS NOT FOUND: this audit can't be trusted on this machine\n");
  }
  return open == 0 && options.plant.empty() ? 0 : 1;
}

}  // namespace pinhole::host
