// SPDX-License-Identifier: Apache-2.0
// The registry against the operators' vocabulary and against docs/reference/operators.md, so that
// none of the three goes its own way.

#include "engine/kernels/registry.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cctype>
#include <cstdlib>
#include <fstream>
#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "engine/kernels/op_harness.h"

namespace pinhole::engine::kernels {
namespace {

struct Row {
  std::string versions, types, notes, in_place;
};

std::string Trimmed(const std::string& text) {
  const std::size_t begin = text.find_first_not_of(' ');
  return begin == std::string::npos ? ""
                                    : text.substr(begin, text.find_last_not_of(' ') - begin + 1);
}

// The table's rows by operator. Empty where the page is missing or has none.
std::map<std::string, Row> ReadPage() {
  const char* const source = std::getenv("PINHOLE_SOURCE");
  std::ifstream page(std::string(source != nullptr ? source : ".") +
                     "/docs/reference/operators.md");
  std::map<std::string, Row> rows;
  for (std::string line; std::getline(page, line);) {
    std::vector<std::string> cells;
    for (std::size_t at = 1; line.starts_with("| ") && at < line.size();) {
      const std::size_t end = std::min(line.find('|', at), line.size());
      cells.push_back(Trimmed(line.substr(at, end - at)));
      at = end + 1;
    }
    if (cells.empty() || cells[0] == "operator") {
      continue;
    }
    EXPECT_EQ(cells.size(), 5U) << line;
    cells.resize(5);
    const bool is_new = rows.emplace(cells[0], Row{cells[1], cells[2], cells[3], cells[4]}).second;
    EXPECT_TRUE(is_new) << cells[0] << " has two rows";
  }
  return rows;
}

TEST(Registry, KnowsEveryKindOnce) {
  std::set<OpKind> kinds;
  for (const Kernel* kernel : AllKernels()) {
    EXPECT_TRUE(kinds.insert(kernel->kind).second) << OpName(kernel->kind) << " is there twice";
    EXPECT_EQ(FindKernel(AllKernels(), kernel->kind), kernel);
    EXPECT_LE(1, kernel->min_version) << OpName(kernel->kind);
    EXPECT_LE(kernel->min_version, kernel->max_version) << OpName(kernel->kind);
  }
  for (int kind = 1; kind < static_cast<int>(OpKind::kCount); ++kind) {
    EXPECT_EQ(kinds.count(static_cast<OpKind>(kind)), 1U) << OpName(static_cast<OpKind>(kind));
  }
  EXPECT_EQ(FindKernel(AllKernels(), OpKind::kUnknown), nullptr);
}

TEST(Registry, ThePageListsTheRegistry) {
  std::map<std::string, Row> rows = ReadPage();
  ASSERT_FALSE(rows.empty()) << "docs/reference/operators.md (run with PINHOLE_SOURCE set)";
  for (const Kernel* kernel : AllKernels()) {
    const std::string name(OpName(kernel->kind));
    ASSERT_EQ(rows.count(name), 1U) << name << " has no row";
    std::string versions = std::to_string(kernel->min_version);
    if (kernel->max_version > kernel->min_version) {
      versions += "–" + std::to_string(kernel->max_version);
    }
    EXPECT_EQ(rows[name].versions, versions) << name;
    rows.erase(name);
  }
  for (const auto& [name, row] : rows) {
    ADD_FAILURE() << name << " has a row, but no kernel";
  }
}

// Between spaces, commas and semicolons: "uint8" has no word "int8".
bool HasWord(const std::string& text, const std::string& word) {
  std::set<std::string> words;
  std::string current;
  for (const char c : text + " ") {
    if (std::isalnum(static_cast<unsigned char>(c)) != 0) {
      current += c;
    } else {
      words.insert(std::exchange(current, ""));
    }
  }
  return words.count(word) == 1;
}

// Every operator that can be prepared with one or two plain inputs [1, 4] of one type, its output
// quantised in a way that some operator insists on.
template <typename T>
void CheckPlainUses(const std::map<std::string, Row>& rows, std::set<std::string>& seen) {
  constexpr int kMiddle = std::is_unsigned_v<T> ? 128 : 0;
  std::vector<Quant> out_quants = {Q(1.0F / 256.0F, kMiddle), Q(1.0F / 256.0F, kMiddle - 128),
                                   Q(1.0F / 128.0F, kMiddle), Q(1.0F / 32768.0F)};
  out_quants.resize(sizeof(T) <= 2 ? out_quants.size() : 1);  // only small types are quantised
  const std::vector<T> values(4, T{1});
  for (const Kernel* kernel : AllKernels()) {
    const std::string name(OpName(kernel->kind));
    for (std::size_t use = 0; use < 2 * out_quants.size(); ++use) {
      OpHarness op(kernel->kind);
      op.Input<T>({1, 4}, values, out_quants[0]);
      if (use % 2 == 1) {
        op.Input<T>({1, 4}, values, out_quants[0]);
      }
      op.Output<T>({1, 4}, out_quants[use / 2]);
      if (!op.Prepare(*kernel)) {
        continue;
      }
      seen.insert(name);
      const Row& row = rows.at(name);
      const std::string type(TypeName(TypeOf<T>()));
      EXPECT_TRUE(row.types.starts_with("any") || HasWord(row.types, type))
          << name << " takes " << type << ", its row says: " << row.types;
      const int places = op.prepared().in_place_inputs;
      EXPECT_EQ(row.in_place.starts_with("either input"), places == 3) << name;
      EXPECT_EQ(row.in_place.starts_with("input 0"), places == 1) << name;
      EXPECT_EQ(row.in_place.empty(), places == 0) << name;
    }
  }
}

TEST(Registry, ThePageSaysWhatPlainUsesAre) {
  const std::map<std::string, Row> rows = ReadPage();
  ASSERT_EQ(rows.size(), AllKernels().size());
  std::set<std::string> seen;
  CheckPlainUses<float>(rows, seen);
  CheckPlainUses<std::int8_t>(rows, seen);
  CheckPlainUses<std::uint8_t>(rows, seen);
  CheckPlainUses<std::int16_t>(rows, seen);
  CheckPlainUses<std::int32_t>(rows, seen);
  CheckPlainUses<std::int64_t>(rows, seen);
  CheckPlainUses<std::uint32_t>(rows, seen);
  EXPECT_GE(seen.size(), 20U);
}

}  // namespace
}  // namespace pinhole::engine::kernels
