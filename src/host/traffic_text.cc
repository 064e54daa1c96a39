// SPDX-License-Identifier: Apache-2.0
// What is moved between two memories, as text and as JSON.

#include "host/names.h"
#include "host/traffic_view.h"

namespace pinhole::host {

namespace {

constexpr std::array<std::string_view, 3> kOrderNames = {"operator by operator", "the plan's order",
                                                         "the plan's order and its rings"};
constexpr std::array<std::string_view, 3> kOrderKeys = {"layers", "planned", "rings"};
constexpr std::array<std::string_view, 2> kPolicyNames = {"LRU", "tree-PLRU"};
constexpr std::array<std::string_view, 2> kPolicyKeys = {"lru", "tree_plru"};

// 1234 thousandths as "1.23".
std::string Times(std::uint64_t thousandths) {
  const std::uint64_t hundredths = (thousandths + 5) / 10;
  return std::to_string(hundredths / 100) + "." + std::to_string(hundredths % 100 + 100).substr(1);
}

std::string GroupsText(const TrafficView& view) {
  using enum Table::Align;
  Table table({{"operators", kLeft},
               {"how", kLeft},
               {"steps", kRight},
               {"fast memory", kRight},
               {"constants", kRight},
               {"loaded", kRight},
               {"stored", kRight}});
  for (const TrafficGroup& group : view.groups) {
    const std::string name =
        group.first == group.last ? group.first : group.first + " to " + group.last;
    table.Row({name, group.rows ? "rows" : "tiles", Grouped(group.steps), Grouped(group.fast_bytes),
               Grouped(group.traffic.constants), Grouped(group.traffic.loaded),
               Grouped(group.traffic.spilled)});
  }
  table.Row({"together", "", "", Grouped(view.used_bytes), Grouped(view.traffic.constants),
             Grouped(view.traffic.loaded), Grouped(view.traffic.spilled)});
  return table.Text();
}

std::string CachesText(const TrafficView& view) {
  using enum Table::Align;
  Table table({{"", kLeft}, {"bytes moved", kRight}, {"times the bound", kRight}});
  const auto row = [&](const std::string& name, std::uint64_t bytes) {
    table.Row({name, Grouped(bytes), Times(view.Ratio(bytes))});
  };
  row("bound: each input, constant and output once", view.bound_bytes);
  row("plan", view.traffic.bytes());
  row("plan, each run of bytes in whole lines", view.line_bytes_moved);
  for (std::size_t o = 0; view.caches && o < kOrderNames.size(); ++o) {
    for (std::size_t p = 0; p < kPolicyNames.size(); ++p) {
      row(std::string(kPolicyNames[p]) + " cache, " + std::string(kOrderNames[o]),
          (*view.caches)[o][p].bytes());
    }
  }
  return table.Text();
}

}  // namespace

std::string TrafficText(const TrafficView& view) {
  std::string text = Inked(Printable(view.file), Ink::kBold) + " in " + Grouped(view.fast_bytes) +
                     " bytes of fast memory\n\n" + GroupsText(view) + "\n" + CachesText(view);
  const std::uint64_t filled = view.traffic.constants + view.traffic.loaded;
  const std::uint64_t beside = filled == 0 ? 100 : (filled - view.waiting_bytes) * 100 / filled;
  text += "\n" + std::to_string(beside) +
          " % of what is loaded comes while something else is computed.\n";
  if (view.caches) {
    text += "Caches of the same size, " + std::to_string(view.ways) + " ways, lines of " +
            std::to_string(view.line_bytes) + " bytes.\n";
  }
  if (view.cut_short) {
    text += "The search's bound was met: a better plan may exist.\n";
  }
  return text;
}

std::string TrafficTable(const std::vector<TrafficView>& views) {
  using enum Table::Align;
  const bool compared = !views.empty() && views.front().caches.has_value();
  std::vector<Table::Column> columns = {{"model", kLeft},
                                        {"fast memory", kRight},
                                        {"bound", kRight},
                                        {"plan", kRight},
                                        {"in lines", kRight}};
  if (compared) {
    for (const std::string_view order : kOrderKeys) {
      for (const std::string_view policy : kPolicyNames) {
        columns.push_back({std::string(order) + " " + std::string(policy), kRight});
      }
    }
  }
  Table table(columns);
  for (const TrafficView& view : views) {
    const std::string file = view.file.substr(view.file.rfind('/') + 1);
    std::vector<std::string> cells = {Printable(file.substr(0, file.rfind('.'))),
                                      Grouped(view.fast_bytes), Grouped(view.bound_bytes),
                                      Times(view.Ratio(view.traffic.bytes())),
                                      Times(view.Ratio(view.line_bytes_moved))};
    for (std::size_t o = 0; compared && o < kOrderKeys.size(); ++o) {
      for (std::size_t p = 0; p < kPolicyKeys.size(); ++p) {
        cells.push_back(Times(view.Ratio((*view.caches)[o][p].bytes())));
      }
    }
    table.Row(cells);
  }
  return table.Text();
}

Json TrafficJson(const TrafficView& view) {
  Json groups = Json::Array();
  for (const TrafficGroup& group : view.groups) {
    groups.Add(Json::Object({{"first", group.first},
                             {"last", group.last},
                             {"how", group.rows ? "rows" : "tiles"},
                             {"steps", group.steps},
                             {"fast_bytes", group.fast_bytes},
                             {"constant_bytes", group.traffic.constants},
                             {"loaded_bytes", group.traffic.loaded},
                             {"stored_bytes", group.traffic.spilled}}));
  }
  Json json = Json::Object({{"model", view.file},
                            {"fast_bytes", view.fast_bytes},
                            {"used_bytes", view.used_bytes},
                            {"bound_bytes", view.bound_bytes},
                            {"plan_bytes", view.traffic.bytes()},
                            {"plan_line_bytes", view.line_bytes_moved},
                            {"constant_bytes", view.traffic.constants},
                            {"loaded_bytes", view.traffic.loaded},
                            {"stored_bytes", view.traffic.spilled},
                            {"waiting_bytes", view.waiting_bytes},
                            {"cut_short", view.cut_short},
                            {"groups", groups}});
  if (!view.caches) {
    return json;
  }
  Json caches = Json::Array();
  for (std::size_t o = 0; o < kOrderKeys.size(); ++o) {
    for (std::size_t p = 0; p < kPolicyKeys.size(); ++p) {
      const CacheMoved& moved = (*view.caches)[o][p];
      caches.Add(Json::Object({{"order", kOrderKeys[o]},
                               {"policy", kPolicyKeys[p]},
                               {"bytes", moved.bytes()},
                               {"filled_bytes", moved.filled_bytes},
                               {"written_back_bytes", moved.written_bytes}}));
    }
  }
  json.Add("line_bytes", view.line_bytes);
  json.Add("ways", view.ways);
  json.Add("caches", caches);
  return json;
}

}  // namespace pinhole::host
