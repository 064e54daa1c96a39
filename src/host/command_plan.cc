// SPDX-License-Identifier: Apache-2.0
// pinhole model plan: where every byte lies while a network runs.

#include <charconv>
#include <map>
#include <optional>

#include "host/commands.h"
#include "host/names.h"
#include "host/plan_view.h"
#include "host/traffic_view.h"

namespace pinhole::host {

namespace {

std::string Stem(const std::string& path) {
  const std::string name = path.substr(path.rfind('/') + 1);
  return name.substr(0, name.rfind('.'));
}

std::string_view Word(std::string_view& line) {
  constexpr std::string_view kSpace = " \t\r";
  line.remove_prefix(std::min(line.find_first_not_of(kSpace), line.size()));
  const std::string_view word = line.substr(0, line.find_first_of(kSpace));
  line.remove_prefix(word.size());
  return word;
}

// Lines of "name bytes"; '#' begins a comment.
std::map<std::string, std::uint64_t> ReadAgainst(const std::string& path) {
  std::map<std::string, std::uint64_t> numbers;
  if (path.empty()) {
    return numbers;
  }
  const AlignedBytes bytes = ReadFile(path, std::size_t{1} << 20);
  std::string_view rest(reinterpret_cast<const char*>(bytes.span().data()), bytes.size());
  for (std::size_t number = 1; !rest.empty(); ++number) {
    const std::string_view whole = rest.substr(0, rest.find('\n'));
    rest.remove_prefix(std::min(whole.size() + 1, rest.size()));
    std::string_view line = whole.substr(0, whole.find('#'));
    const std::string name(Word(line));
    if (name.empty()) {
      continue;
    }
    const std::string_view digits = Word(line);
    std::uint64_t value = 0;
    const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), value);
    if (error != std::errc() || end != digits.data() + digits.size() || !Word(line).empty()) {
      throw Failure(ShownPath(path) + ": line " + std::to_string(number) + ": '" +
                    Printable(whole) + "' found; write a name and a number of bytes");
    }
    numbers[name] = value;
  }
  return numbers;
}

struct Row {
  std::string model;
  std::uint64_t activations, state, graph, total;
  std::optional<std::uint64_t> against;
};

Json RowJson(const Row& row) {
  return Json::Object({{"model", row.model},
                       {"activation_bytes", row.activations},
                       {"state_bytes", row.state},
                       {"model_bytes", row.graph},
                       {"arena_bytes", row.total},
                       {"against_bytes", row.against ? Json(*row.against) : Json(nullptr)}});
}

std::string TableText(const std::vector<Row>& rows, bool with_against) {
  using enum Table::Align;
  std::vector<Table::Column> columns = {{"model", kLeft},
                                        {"activations", kRight},
                                        {"of these state", kRight},
                                        {"graph, params, plan", kRight},
                                        {"total", kRight}};
  if (with_against) {
    columns.push_back({"against", kRight});
    columns.push_back({"ratio", kRight});
  }
  Table table(columns);
  for (const Row& row : rows) {
    std::vector<std::string> cells = {row.model, Grouped(row.activations), Grouped(row.state),
                                      Grouped(row.graph), Grouped(row.total)};
    if (with_against && row.against && *row.against > 0) {
      const std::uint64_t thousandths = (row.total * 1000 + *row.against / 2) / *row.against;
      const std::string digits = std::to_string(thousandths % 1000 + 1000).substr(1);
      cells.push_back(Grouped(*row.against));
      cells.push_back(std::to_string(thousandths / 1000) + "." + digits);
    } else if (with_against) {
      cells.insert(cells.end(), {"-", "-"});
    }
    table.Row(cells);
  }
  return table.Text();
}

engine::owned::SessionNeeds AsOnDevice() {
  engine::owned::SessionNeeds needs;
  needs.as_on_device = true;
  return needs;
}

int PrintTable(const PlanOptions& options) {
  const std::map<std::string, std::uint64_t> against = ReadAgainst(options.against);
  int code = 0;
  std::vector<Row> rows;
  for (const std::string& path : options.models) {
    try {
      const engine::owned::OwnedSession owned(path, AsOnDevice());
      const engine::run::Session& session = owned.session();
      Row row{Stem(path),
              session.activation_bytes(),
              session.state_bytes(),
              session.arena_bytes() - session.activation_bytes(),
              session.arena_bytes(),
              {}};
      if (const auto found = against.find(row.model); found != against.end()) {
        row.against = found->second;
      }
      row.model = Printable(row.model);
      rows.push_back(row);
    } catch (const Failure& failure) {
      PrintError(failure.what());
      code = 1;
    }
  }
  if (options.json) {
    for (const Row& row : rows) {
      Print(RowJson(row).Line());
    }
  } else if (!rows.empty()) {
    Print(TableText(rows, !options.against.empty()));
  }
  return code;
}

}  // namespace

int ShowPlan(const PlanOptions& options) {
  if (!options.fast.empty()) {
    return ShowTraffic(options);
  }
  if (options.table) {
    return PrintTable(options);
  }
  if (options.models.size() > 1) {
    throw WrongUsage("several models without --table; see 'pinhole model plan --help'");
  }
  const engine::owned::OwnedSession owned(options.models.front(), AsOnDevice());
  const PlanView view = ViewPlan(owned);
  if (!options.html.empty()) {
    OutputFiles files;
    files.Add(options.html, PlanHtml(view));
    files.Commit();
  }
  if (options.json) {
    Print(PlanJson(view).Line());
  } else if (options.html.empty()) {
    Print(PlanText(view, TerminalWidth()));
  }
  return 0;
}

}  // namespace pinhole::host
