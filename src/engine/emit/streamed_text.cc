// SPDX-License-Identifier: Apache-2.0
#include "engine/emit/streamed_text.h"

#include "engine/emit/source_text.h"

namespace pinhole::engine::emit {

namespace {

constexpr std::uint64_t kWord = 4;

std::uint64_t InWords(std::uint64_t bytes) { return (bytes + kWord - 1) / kWord * kWord; }

bool IsOfName(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
}

// Whole identifiers only: kOp1 is not part of kOp12.
void Replace(std::string& text, const std::string& name, const std::string& by) {
  for (std::size_t at = text.find(name); at != std::string::npos; at = text.find(name, at)) {
    const std::size_t end = at + name.size();
    if ((at > 0 && IsOfName(text[at - 1])) || (end < text.size() && IsOfName(text[end]))) {
      at = end;
      continue;
    }
    text.replace(at, name.size(), by);
    at += by.size();
  }
}

}  // namespace

std::uint64_t BlockBytes(const std::vector<ArrayConstant>& arrays) {
  std::uint64_t bytes = 0;
  for (const ArrayConstant& array : arrays) {
    bytes += InWords(array.bytes);
  }
  return bytes;
}

std::string BlockName(std::size_t op) { return "kOp" + std::to_string(op) + "Block"; }

void WriteBlock(std::size_t op, std::uint32_t offset, OperatorText& text) {
  const std::string name = BlockName(op);
  std::string members;
  std::string values;
  std::uint64_t at = offset;
  for (const ArrayConstant& array : text.arrays) {
    const ArrayParts parts = TakeApart(array.text);
    members += "  alignas(4) " + parts.type + " " + parts.name_and_size + ";\n";
    values += (values.empty() ? "" : ", ") + parts.values;
    Replace(text.constants, array.name,
            "reinterpret_cast<const " + parts.type + "*>(g_stream + " + std::to_string(at) + ")");
    at += InWords(array.bytes);
  }
  text.constants = "alignas(4) const struct {\n" + members + "} " + name + " = {" + values +
                   "};\nstatic_assert(sizeof(" + name +
                   ") == " + std::to_string(BlockBytes(text.arrays)) + ", \"of whole words\");\n" +
                   text.constants;
  text.arrays.clear();
}

}  // namespace pinhole::engine::emit
