// SPDX-License-Identifier: Apache-2.0
// pinhole facts: every field that can leave, straight from its declaration.

#include <algorithm>
#include <string>
#include <vector>

#include "facts/person_profile.h"
#include "host/commands.h"
#include "host/json.h"
#include "host/names.h"

namespace pinhole::host {

namespace {

using facts::FieldBits;
using facts::ProfileDeclaration;

// A field, and how often a record has it: what a face has stands there once for each face.
struct Times {
  FieldBits field;
  std::uint32_t times = 1;
};

std::vector<Times> FieldsOf(const ProfileDeclaration& profile) {
  std::vector<Times> fields;
  for (const FieldBits& field : profile.fields) {
    const auto same = std::find_if(fields.begin(), fields.end(), [&](const Times& other) {
      return other.field.name == field.name && other.field.low == field.low &&
             other.field.high == field.high;
    });
    if (same != fields.end()) {
      ++same->times;
    } else {
      fields.push_back({field});
    }
  }
  return fields;
}

bool IsDefault(const ProfileDeclaration& profile) {
  return &profile == &facts::Declaration(facts::kDefaultProfile);
}

bool IsCompatible(const ProfileDeclaration& profile) {
  return &profile == &facts::Declaration(facts::PersonProfile::kCompatible);
}

std::string Values(const FieldBits& field) {
  return field.low == field.high ? std::to_string(field.low)
                                 : std::to_string(field.low) + " to " + std::to_string(field.high);
}

std::string AsText(const ProfileDeclaration& profile) {
  using Align = Table::Align;
  std::string text = Inked("profile " + std::string(profile.name), Ink::kBold) +
                     (IsDefault(profile) ? ", the default" : "") + "\n";
  if (IsCompatible(profile)) {
    text += Inked("WARNING: " + std::string(facts::kCompatibleWarning), Ink::kRed) + "\n";
  }
  Table table({{"  field"},
               {"values"},
               {"bits", Align::kRight},
               {"times", Align::kRight},
               {"together", Align::kRight}});
  for (const auto& [field, times] : FieldsOf(profile)) {
    table.Row({"  " + std::string(field.name), Values(field), std::to_string(field.bits()),
               std::to_string(times), std::to_string(field.bits() * times)});
  }
  text += table.Text();
  return text + "  " + std::to_string(profile.bits_per_record()) + " bits a record of " +
         std::to_string(facts::kPersonFactsBytes) + " bytes, " +
         std::to_string(profile.ticks_per_minute) + " records a minute: at most " +
         std::to_string(profile.bits_per_second()) + " bits a second (promised: at most " +
         std::to_string(profile.limit) + ")\n";
}

Json AsJson(const ProfileDeclaration& profile) {
  Json fields = Json::Array();
  for (const auto& [field, times] : FieldsOf(profile)) {
    fields.Add(Json::Object({{"name", field.name},
                             {"low", field.low},
                             {"high", field.high},
                             {"bits", field.bits()},
                             {"times", times}}));
  }
  Json json = Json::Object({{"profile", profile.name},
                            {"default", IsDefault(profile)},
                            {"fields", fields},
                            {"record_bytes", facts::kPersonFactsBytes},
                            {"bits_per_record", profile.bits_per_record()},
                            {"records_per_minute", profile.ticks_per_minute},
                            {"tick_us", profile.tick_us()},
                            {"bits_per_second", profile.bits_per_second()},
                            {"limit", profile.limit}});
  if (IsCompatible(profile)) {
    json.Add("warning", facts::kCompatibleWarning);
  }
  return json;
}

}  // namespace

int ShowFacts(const FactsOptions& options) {
  bool first = true;
  for (const ProfileDeclaration& profile : facts::kPersonProfiles) {
    if (!options.profile.empty() && options.profile != profile.name) {
      continue;
    }
    Print(options.json ? AsJson(profile).Line() : (first ? "" : "\n") + AsText(profile));
    first = false;
  }
  return 0;
}

}  // namespace pinhole::host
