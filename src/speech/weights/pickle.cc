// SPDX-License-Identifier: Apache-2.0
#include "speech/weights/pickle.h"

#include <optional>
#include <utility>

#include "speech/weights/cursor.h"

namespace pinhole::speech {
namespace {

using base::Error;
using Index = Pickle::Index;
using Kind = Pickle::Kind;
using Value = Pickle::Value;

struct KnownName {
  std::string_view module, name;
  PickleName meaning;
};
constexpr KnownName kNames[] = {
    {"collections", "OrderedDict", PickleName::kOrderedDict},
    {"torch._utils", "_rebuild_tensor_v2", PickleName::kRebuildTensor},
    {"torch", "FloatStorage", PickleName::kFloatStorage},
    {"torch", "HalfStorage", PickleName::kHalfStorage},
    {"torch", "BFloat16Storage", PickleName::kBfloat16Storage},
};

// Opcodes that are refused, for the sentence that says so.
struct RefusedOpcode {
  std::uint8_t code;
  const char* name;
};
constexpr RefusedOpcode kRefused[] = {
    {'0', "POP"},
    {'1', "POP_MARK"},
    {'2', "DUP"},
    {'F', "FLOAT"},
    {'G', "BINFLOAT"},
    {'I', "INT"},
    {'L', "LONG"},
    {'P', "PERSID"},
    {'S', "STRING"},
    {'T', "BINSTRING"},
    {'U', "SHORT_BINSTRING"},
    {'V', "UNICODE"},
    {'B', "BINBYTES"},
    {'C', "SHORT_BINBYTES"},
    {']', "EMPTY_LIST"},
    {'a', "APPEND"},
    {'d', "DICT"},
    {'e', "APPENDS"},
    {'g', "GET"},
    {'i', "INST"},
    {'l', "LIST"},
    {'o', "OBJ"},
    {'p', "PUT"},
    {0x81, "NEWOBJ"},
    {0x82, "EXT1"},
    {0x83, "EXT2"},
    {0x84, "EXT4"},
    {0x8B, "LONG4"},
    {0x8C, "SHORT_BINUNICODE"},
    {0x8D, "BINUNICODE8"},
    {0x8E, "BINBYTES8"},
    {0x8F, "EMPTY_SET"},
    {0x90, "ADDITEMS"},
    {0x91, "FROZENSET"},
    {0x92, "NEWOBJ_EX"},
    {0x93, "STACK_GLOBAL"},
    {0x94, "MEMOIZE"},
    {0x95, "FRAME"},
    {0x96, "BYTEARRAY8"},
    {0x97, "NEXT_BUFFER"},
    {0x98, "READONLY_BUFFER"},
};

}  // namespace

// The stack machine. Each step takes an opcode's operands from the bytes and the stack; a step that
// can't returns an error with its sentence said.
class PickleMachine {
 public:
  PickleMachine(std::span<const std::byte> bytes, base::Diagnosis& why) : at_(bytes), why_(why) {}

  base::Result<Pickle> Run() {
    while (true) {
      const auto code = at_.Read<std::uint8_t>();
      if (!code) {
        return Ends();
      }
      if (*code == '.') {
        break;
      }
      PINHOLE_TRY(Step(*code));
    }
    if (stack_.size() != 1 || !marks_.empty()) {
      return Broken();
    }
    pickle_.root_ = stack_.back();
    return std::move(pickle_);
  }

 private:
  base::Status Step(std::uint8_t code) {
    switch (code) {
      case 0x80: return Protocol();
      case 'N': return Push({});
      case 0x88:
      case 0x89: return Push({.kind = Kind::kBool, .number = code == 0x88 ? 1 : 0});
      case 'K': return Integer<std::uint8_t>();
      case 'M': return Integer<std::uint16_t>();
      case 'J': return Integer<std::int32_t>();
      case 0x8A: return LongInteger();
      case 'X': return Text();
      case 'c': return Name();
      case ')': return Push({.kind = Kind::kTuple});
      case 0x85: return Tuple(1);
      case 0x86: return Tuple(2);
      case 0x87: return Tuple(3);
      case '}': return Push({.kind = Kind::kDict});
      case '(': marks_.push_back(stack_.size()); return {};
      case 't': return MarkedTuple();
      case 's': return SetItems(2);
      case 'u': return MarkedItems();
      case 'q': return Put(at_.Read<std::uint8_t>());
      case 'r': return Put(at_.Read<std::uint32_t>());
      case 'h': return Get(at_.Read<std::uint8_t>());
      case 'j': return Get(at_.Read<std::uint32_t>());
      case 'Q': return PersistentId();
      case 'R': return Reduce();
      case 'b': return Build();
      default: return Refuse(code);
    }
  }

  base::Status Protocol() {
    const auto version = at_.Read<std::uint8_t>();
    if (!version) {
      return Ends();
    }
    if (*version != 2) {
      return why_.Fail(Error::kUnsupported, "the model's pickle is of protocol ", *version,
                       " where torch writes 2: save it anew with torch.save");
    }
    return {};
  }

  template <typename Number>
  base::Status Integer() {
    const auto number = at_.Read<Number>();
    return number ? Push({.kind = Kind::kInteger, .number = *number}) : Ends();
  }

  base::Status LongInteger() {
    const auto length = at_.Read<std::uint8_t>();
    const auto bytes = length ? at_.Bytes(*length) : std::nullopt;
    if (!bytes) {
      return Ends();
    }
    if (bytes->empty() || bytes->size() > sizeof(std::int64_t)) {
      return why_.Fail(Error::kTooLarge, "the model's pickle has an integer of ", bytes->size(),
                       " bytes");
    }
    // Sign-extended from the last byte.
    std::uint64_t number = (bytes->back() & std::byte{0x80}) == std::byte{} ? 0 : ~std::uint64_t{0};
    for (std::size_t i = bytes->size(); i-- > 0;) {
      number = number << 8U | static_cast<std::uint64_t>((*bytes)[i]);
    }
    return Push({.kind = Kind::kInteger, .number = static_cast<std::int64_t>(number)});
  }

  base::Status Text() {
    const auto length = at_.Read<std::uint32_t>();
    const auto text = length ? at_.Text(*length) : std::nullopt;
    return text ? Push({.kind = Kind::kText, .text = *text}) : Ends();
  }

  base::Status Name() {
    const auto module = Line();
    const auto name = module ? Line() : std::nullopt;
    if (!name) {
      return Ends();
    }
    for (const KnownName& known : kNames) {
      if (*module == known.module && *name == known.name) {
        return Push({.kind = Kind::kName, .name = known.meaning});
      }
    }
    return why_.Fail(Error::kUnsupported, "the model's pickle asks for '", *module, ".", *name,
                     "', which a state dict of f32, f16 or bf16 tensors never needs: nothing of it "
                     "was run; don't load this file elsewhere unless you trust it");
  }

  std::optional<std::string_view> Line() {
    const auto left = at_.left();
    const std::string_view text(reinterpret_cast<const char*>(left.data()), left.size());
    const std::size_t end = text.find('\n');
    if (end == std::string_view::npos) {
      return std::nullopt;
    }
    at_.Bytes(end + 1);
    return text.substr(0, end);
  }

  // The topmost `count` values above the innermost mark, taken off the stack.
  std::optional<std::vector<Index>> Pop(std::size_t count) {
    const std::size_t floor = marks_.empty() ? 0 : marks_.back();
    if (stack_.size() - floor < count) {
      return std::nullopt;
    }
    std::vector<Index> popped(stack_.end() - static_cast<std::ptrdiff_t>(count), stack_.end());
    stack_.resize(stack_.size() - count);
    return popped;
  }

  // All above the innermost mark, and the mark.
  std::optional<std::vector<Index>> PopToMark() {
    if (marks_.empty()) {
      return std::nullopt;
    }
    auto popped = Pop(stack_.size() - marks_.back());
    marks_.pop_back();
    return popped;
  }

  base::Status PushTuple(std::optional<std::vector<Index>> items) {
    return items ? Push({.kind = Kind::kTuple, .items = *std::move(items)}) : Broken();
  }
  base::Status Tuple(std::size_t count) { return PushTuple(Pop(count)); }
  base::Status MarkedTuple() { return PushTuple(PopToMark()); }

  base::Status SetItems(std::size_t count) { return AddItems(Pop(count)); }
  base::Status MarkedItems() { return AddItems(PopToMark()); }
  base::Status AddItems(const std::optional<std::vector<Index>>& items) {
    Value* const dict = Top();
    if (!items || items->size() % 2 != 0 || dict == nullptr || dict->kind != Kind::kDict) {
      return Broken();
    }
    dict->items.insert(dict->items.end(), items->begin(), items->end());
    return {};
  }

  // torch numbers what it remembers from 0 on.
  base::Status Put(std::optional<std::uint32_t> slot) {
    if (!slot) {
      return Ends();
    }
    if (Top() == nullptr || *slot > memo_.size()) {
      return Broken();
    }
    if (*slot == memo_.size()) {
      memo_.push_back(stack_.back());
    } else {
      memo_[*slot] = stack_.back();
    }
    return {};
  }
  base::Status Get(std::optional<std::uint32_t> slot) {
    if (!slot) {
      return Ends();
    }
    if (*slot >= memo_.size()) {
      return Broken();
    }
    stack_.push_back(memo_[*slot]);
    return {};
  }

  // Few, since a tuple that the memo has can be named again and again, and is copied each time.
  static bool IsArguments(const Value& value) {
    return value.kind == Kind::kTuple && value.items.size() <= Pickle::kMaxArguments;
  }

  base::Status PersistentId() {
    const auto id = Pop(1);
    if (!id || !IsArguments(pickle_.pool_[id->front()])) {
      return Broken();
    }
    std::vector<Index> items = pickle_.pool_[id->front()].items;
    return Push({.kind = Kind::kStorage, .items = std::move(items)});
  }

  base::Status Reduce() {
    const auto call = Pop(2);
    if (!call) {
      return Broken();
    }
    const Value& callee = pickle_.pool_[call->front()];
    const Value& arguments = pickle_.pool_[call->back()];
    if (callee.kind != Kind::kName || !IsArguments(arguments)) {
      return Broken();
    }
    if (callee.name == PickleName::kOrderedDict && arguments.items.empty()) {
      return Push({.kind = Kind::kDict});
    }
    if (callee.name == PickleName::kRebuildTensor) {
      std::vector<Index> items = arguments.items;
      return Push({.kind = Kind::kTensor, .items = std::move(items)});
    }
    return Broken();
  }

  // A state dict's own attributes (_metadata), which say nothing of weights.
  base::Status Build() {
    const auto state = Pop(1);
    const Value* const dict = Top();
    if (!state || dict == nullptr || dict->kind != Kind::kDict) {
      return Broken();
    }
    return {};
  }

  base::Status Push(Value value) {
    stack_.push_back(static_cast<Index>(pickle_.pool_.size()));
    pickle_.pool_.push_back(std::move(value));
    return {};
  }

  Value* Top() {
    const std::size_t floor = marks_.empty() ? 0 : marks_.back();
    return stack_.size() == floor ? nullptr : &pickle_.pool_[stack_.back()];
  }

  base::Status Refuse(std::uint8_t code) {
    for (const RefusedOpcode& refused : kRefused) {
      if (refused.code == code) {
        return why_.Fail(Error::kUnsupported, "the model's pickle uses ", refused.name,
                         ", which torch.save doesn't for a state dict: nothing of it was run");
      }
    }
    return why_.Fail(Error::kMalformed, "the model's pickle has the byte ", code,
                     " where an opcode is expected: the file is damaged");
  }
  base::Unexpected Ends() {
    return why_.Fail(Error::kTruncated, "the model's pickle ends too early: the file is damaged");
  }
  base::Unexpected Broken() {
    return why_.Fail(Error::kMalformed,
                     "the model's pickle contradicts itself: the file is damaged, or was not made "
                     "by torch.save");
  }

  Cursor at_;
  base::Diagnosis& why_;
  Pickle pickle_;
  std::vector<Index> stack_, memo_;
  std::vector<std::size_t> marks_;  // heights of the stack
};

base::Result<Pickle> Pickle::Read(std::span<const std::byte> bytes, base::Diagnosis& why) {
  if (bytes.size() > kMaxBytes) {
    return why.Fail(Error::kTooLarge, "the model's pickle has ", bytes.size(), " bytes, at most ",
                    kMaxBytes, " are supported: is this a Whisper model?");
  }
  return PickleMachine(bytes, why).Run();
}

const Pickle::Value* Pickle::Member(const Value& dict, std::string_view key) const {
  if (dict.kind != Kind::kDict) {
    return nullptr;
  }
  for (std::size_t i = 0; i + 1 < dict.items.size(); i += 2) {
    const Value& name = at(dict.items[i]);
    if (name.kind == Kind::kText && name.text == key) {
      return &at(dict.items[i + 1]);
    }
  }
  return nullptr;
}

}  // namespace pinhole::speech
