// SPDX-License-Identifier: Apache-2.0
#include "speech/normalize/english_numbers.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <map>
#include <optional>
#include <vector>

#include "speech/normalize/words.h"

namespace pinhole::speech {
namespace {

// What a word means where numbers are read.
enum class Meaning {
  kNone,
  kZero,
  kOne,    // one to nineteen
  kTen,    // twenty to ninety
  kPower,  // hundred, thousand, ...: `zeros` behind a 1
  kSign,   // minus, plus: stands in front
  kMoney,  // dollars: a symbol for the front, said behind
  kPer,    // per cent
  kPercent,
  kAnd,
  kRepeat,  // double, triple
  kPoint,
};

struct Word {
  Meaning meaning = Meaning::kNone;
  std::string_view digits{};  // kOne, kTen; kRepeat: how often
  std::size_t zeros = 0;      // kPower
  std::string_view symbol{};  // kSign, kMoney
  std::string_view suffix{};  // "th" of ordinals, "s" of plurals: ends the number
};

using Dictionary = std::map<std::string, Word, std::less<>>;

struct NamedNumber {
  std::string_view name, digits, ordinal, suffix;
};

constexpr NamedNumber kOnes[] = {
    {"one", "1", "first", "st"},
    {"two", "2", "second", "nd"},
    {"three", "3", "third", "rd"},
    {"four", "4", "fourth", "th"},
    {"five", "5", "fifth", "th"},
    {"six", "6", "sixth", "th"},
    {"seven", "7", "seventh", "th"},
    {"eight", "8", "eighth", "th"},
    {"nine", "9", "nineth", "th"},
    {"ten", "10", "tenth", "th"},
    {"eleven", "11", "eleventh", "th"},
    {"twelve", "12", "twelfth", "th"},
    {"thirteen", "13", "thirteenth", "th"},
    {"fourteen", "14", "fourteenth", "th"},
    {"fifteen", "15", "fifteenth", "th"},
    {"sixteen", "16", "sixteenth", "th"},
    {"seventeen", "17", "seventeenth", "th"},
    {"eighteen", "18", "eighteenth", "th"},
    {"nineteen", "19", "nineteenth", "th"},
};

constexpr NamedNumber kTens[] = {
    {"twent", "20", "", ""}, {"thirt", "30", "", ""}, {"fort", "40", "", ""},
    {"fift", "50", "", ""},  {"sixt", "60", "", ""},  {"sevent", "70", "", ""},
    {"eight", "80", "", ""}, {"ninet", "90", "", ""},
};

struct NamedPower {
  std::string_view name;
  std::size_t zeros;
};
constexpr NamedPower kPowers[] = {
    {"hundred", 2},     {"thousand", 3},     {"million", 6},      {"billion", 9},
    {"trillion", 12},   {"quadrillion", 15}, {"quintillion", 18}, {"sextillion", 21},
    {"septillion", 24}, {"octillion", 27},   {"nonillion", 30},   {"decillion", 33},
};

Dictionary MakeDictionary() {
  Dictionary words;
  for (const char* zero : {"o", "oh", "zero"}) {
    words[zero] = {.meaning = Meaning::kZero};
  }
  words["zeroth"] = {.meaning = Meaning::kOne, .digits = "0", .suffix = "th"};
  for (const NamedNumber& one : kOnes) {
    const std::string name(one.name);
    words[name] = {.meaning = Meaning::kOne, .digits = one.digits};
    words[name == "six" ? "sixes" : name + "s"] = {
        .meaning = Meaning::kOne, .digits = one.digits, .suffix = "s"};
    words[std::string(one.ordinal)] = {
        .meaning = Meaning::kOne, .digits = one.digits, .suffix = one.suffix};
  }
  for (const NamedNumber& ten : kTens) {
    const std::string name(ten.name);
    words[name + "y"] = {.meaning = Meaning::kTen, .digits = ten.digits};
    words[name + "ies"] = {.meaning = Meaning::kTen, .digits = ten.digits, .suffix = "s"};
    words[name + "ieth"] = {.meaning = Meaning::kTen, .digits = ten.digits, .suffix = "th"};
  }
  for (const NamedPower& power : kPowers) {
    const std::string name(power.name);
    words[name] = {.meaning = Meaning::kPower, .zeros = power.zeros};
    words[name + "s"] = {.meaning = Meaning::kPower, .zeros = power.zeros, .suffix = "s"};
    words[name + "th"] = {.meaning = Meaning::kPower, .zeros = power.zeros, .suffix = "th"};
  }
  for (const char* minus : {"minus", "negative"}) {
    words[minus] = {.meaning = Meaning::kSign, .symbol = "-"};
  }
  for (const char* plus : {"plus", "positive"}) {
    words[plus] = {.meaning = Meaning::kSign, .symbol = "+"};
  }
  constexpr std::array<std::array<std::string_view, 2>, 4> kMoneys = {
      {{"pound", "\xC2\xA3"}, {"euro", "\xE2\x82\xAC"}, {"dollar", "$"}, {"cent", "\xC2\xA2"}}};
  for (const auto& [name, symbol] : kMoneys) {
    words[std::string(name)] = {.meaning = Meaning::kMoney, .symbol = symbol};
    words[std::string(name) + "s"] = {.meaning = Meaning::kMoney, .symbol = symbol};
  }
  words["per"] = {.meaning = Meaning::kPer};
  words["percent"] = {.meaning = Meaning::kPercent};
  words["and"] = {.meaning = Meaning::kAnd};
  words["double"] = {.meaning = Meaning::kRepeat, .digits = "2"};
  words["triple"] = {.meaning = Meaning::kRepeat, .digits = "3"};
  words["point"] = {.meaning = Meaning::kPoint};
  return words;
}

Word MeaningOf(std::string_view word) {
  static const Dictionary kDictionary = MakeDictionary();
  const auto at = kDictionary.find(word);
  return at == kDictionary.end() ? Word() : at->second;
}

bool IsPlain(const Word& word, Meaning meaning) {
  return word.meaning == meaning && word.suffix.empty();
}

// "12" or "12.5".
bool IsArabic(std::string_view word) {
  const std::size_t point = std::min(word.find('.'), word.size());
  const auto all_digits = [](std::string_view part) {
    return !part.empty() && std::ranges::all_of(part, IsDigit);
  };
  return all_digits(word.substr(0, point)) &&
         (point == word.size() || all_digits(word.substr(point + 1)));
}

std::string WithoutLeadingZeros(std::string_view digits) {
  const std::size_t first = std::min(digits.find_first_not_of('0'), digits.size() - 1);
  return std::string(digits.substr(first));
}

// a + b, both without leading zeros.
std::string Sum(std::string_view a, std::string_view b) {
  std::string sum;
  int carry = 0;
  for (std::size_t i = 0; i < std::max(a.size(), b.size()) || carry > 0; ++i) {
    const int digits = (i < a.size() ? a[a.size() - 1 - i] - '0' : 0) +
                       (i < b.size() ? b[b.size() - 1 - i] - '0' : 0) + carry;
    sum.push_back(static_cast<char>('0' + digits % 10));
    carry = digits / 10;
  }
  std::ranges::reverse(sum);
  return sum;
}

// `number`, digits with one point at most, times 10^zeros, where that is whole.
std::optional<std::string> Scaled(std::string_view number, std::size_t zeros) {
  const std::size_t point = std::min(number.find('.'), number.size());
  std::string_view fraction = number.substr(std::min(point + 1, number.size()));
  const std::string_view whole = number.substr(0, point);
  if ((whole.empty() && fraction.empty()) || fraction.find('.') != std::string_view::npos) {
    return std::nullopt;
  }
  while (fraction.ends_with('0')) {
    fraction.remove_suffix(1);
  }
  if (fraction.size() > zeros) {
    return std::nullopt;
  }
  return WithoutLeadingZeros(std::string(whole) + std::string(fraction) +
                             std::string(zeros - fraction.size(), '0'));
}

// Words in, words out; a number is held back until it is known to be whole.
class NumberReader {
 public:
  explicit NumberReader(const std::vector<std::string_view>& words) : words_(words) {}

  std::string Read() {
    for (std::size_t i = 0; i < words_.size(); ++i) {
      at_ = i;
      previous_ = i > 0 ? MeaningOf(words_[i - 1]) : Word();
      next_ = i + 1 < words_.size() ? MeaningOf(words_[i + 1]) : Word();
      skip_next_ = false;
      Take(words_[i]);
      i += skip_next_ ? 1 : 0;
    }
    Flush();
    return JoinWithBlanks(written_);
  }

 private:
  // Whole numbers can be added to; what was said digit by digit, or has a point, is only continued.
  enum class Held { kNothing, kNumber, kDigits };

  void Take(std::string_view current) {
    if (TakeArabic(current)) {
      return;
    }
    const Word word = MeaningOf(current);
    switch (word.meaning) {
      case Meaning::kNone: WriteWord(current); break;
      case Meaning::kZero: Hold(Held::kDigits, Continued() + "0"); break;
      case Meaning::kOne:
      case Meaning::kTen: TakeSmall(word); break;
      case Meaning::kPower: TakePower(word); break;
      case Meaning::kSign:
        Flush();
        if (NextIsNumber()) {
          prefix_ = word.symbol;
        } else {
          Write(current);
        }
        break;
      case Meaning::kMoney:
        if (held_ != Held::kNothing) {
          prefix_ = word.symbol;
          Flush();
        } else {
          Write(current);
        }
        break;
      case Meaning::kPer:
      case Meaning::kPercent: TakePercent(word, current); break;
      case Meaning::kAnd:
      case Meaning::kRepeat:
      case Meaning::kPoint: TakeSpecial(word, current); break;
    }
  }

  // "$2.50", "-3", "10".
  bool TakeArabic(std::string_view current) {
    const bool is_signed = current.starts_with('-') || current.starts_with('+');
    const std::size_t symbol = is_signed ? 1 : MoneyAt(current, 0);
    const std::string_view number = current.substr(symbol);
    if (!IsArabic(number)) {
      return false;
    }
    if (held_ == Held::kDigits && value_.ends_with('.')) {
      value_ += current;
      return true;
    }
    Flush();
    if (symbol > 0) {
      prefix_ = current.substr(0, symbol);
    }
    const auto whole = Scaled(number, 0);
    Hold(whole ? Held::kNumber : Held::kDigits, whole ? *whole : std::string(number));
    return true;
  }

  // The held value with `word`'s digits: added where it ends in enough zeros, else behind it.
  void TakeSmall(const Word& word) {
    const bool is_ten = word.meaning == Meaning::kTen;
    const std::string digits(word.digits);
    // Room for one digit is one zero, for ten to ninety two.
    const std::string_view room = !is_ten && digits.size() == 1 ? "0" : "00";
    if (held_ == Held::kNothing) {
      Hold(Held::kNumber, digits);
    } else if (held_ == Held::kDigits || (!is_ten && IsPlain(previous_, Meaning::kOne))) {
      const bool fills_ten = !is_ten && IsPlain(previous_, Meaning::kTen) && digits.size() == 1 &&
                             value_.ends_with('0');
      Hold(Held::kDigits, value_.substr(0, value_.size() - (fills_ten ? 1 : 0)) + digits);
    } else if (value_ == "0" || value_.ends_with(room)) {
      Hold(Held::kNumber, Sum(value_, digits));
    } else {
      Hold(Held::kDigits, value_ + digits);
    }
    EndWith(word.suffix);
  }

  void TakePower(const Word& word) {
    const std::string power = "1" + std::string(word.zeros, '0');
    if (held_ == Held::kNothing) {
      Hold(Held::kNumber, power);
    } else if (held_ == Held::kDigits || (value_ == "0" && word.suffix.empty())) {
      if (const auto scaled = Scaled(value_, word.zeros)) {
        Hold(Held::kNumber, *scaled);
      } else {
        Flush();
        Hold(Held::kNumber, power);
      }
    } else {
      // "two thousand three" and "hundred": what lies below a thousand is multiplied.
      const std::size_t high = value_.size() > 3 ? value_.size() - 3 : 0;
      const std::string low =
          WithoutLeadingZeros(value_.substr(high)) + std::string(word.zeros, '0');
      Hold(Held::kNumber,
           Sum(high > 0 ? value_.substr(0, high) + "000" : "0", WithoutLeadingZeros(low)));
    }
    EndWith(word.suffix);
  }

  void TakePercent(const Word& word, std::string_view current) {
    const bool is_whole = word.meaning == Meaning::kPercent || NextWord() == "cent";
    if (held_ == Held::kNothing || !is_whole) {
      WriteWord(current);
      return;
    }
    value_ += "%";
    skip_next_ = word.meaning == Meaning::kPer;
    Flush();
  }

  void TakeSpecial(const Word& word, std::string_view current) {
    if (!NextIsNumber()) {
      WriteWord(current);
    } else if (word.meaning == Meaning::kAnd) {
      // "two hundred and sixty" goes on.
      if (!IsPlain(previous_, Meaning::kPower)) {
        WriteWord(current);
      }
    } else if (word.meaning == Meaning::kPoint) {
      if (IsPlain(next_, Meaning::kOne) || IsPlain(next_, Meaning::kTen) ||
          next_.meaning == Meaning::kZero || IsArabic(NextWord())) {
        Hold(Held::kDigits, Continued() + ".");
      }
    } else if (IsPlain(next_, Meaning::kOne) || next_.meaning == Meaning::kZero) {
      std::string value = Continued();
      for (char times = '0'; times < word.digits[0]; ++times) {
        value += next_.meaning == Meaning::kZero ? "0" : next_.digits;
      }
      Hold(Held::kDigits, value);
      skip_next_ = true;
    } else {
      WriteWord(current);
    }
  }

  [[nodiscard]] std::string_view NextWord() const {
    return at_ + 1 < words_.size() ? words_[at_ + 1] : std::string_view();
  }
  [[nodiscard]] bool NextIsNumber() const {
    return next_.meaning != Meaning::kNone || IsArabic(NextWord());
  }
  // What digits are put behind; a whole zero is nothing.
  [[nodiscard]] std::string Continued() const {
    return held_ == Held::kNumber && value_ == "0" ? "" : value_;
  }

  void Hold(Held held, std::string value) {
    held_ = held;
    value_ = std::move(value);
  }
  void EndWith(std::string_view suffix) {
    if (!suffix.empty()) {
      value_ += suffix;
      Flush();
    }
  }
  void Flush() {
    if (held_ != Held::kNothing) {
      Write(value_);
      Hold(Held::kNothing, "");
    }
  }
  void WriteWord(std::string_view word) {
    Flush();
    Write(word);
  }
  void Write(std::string_view word) {
    written_.push_back(std::string(prefix_) + std::string(word));
    prefix_ = {};
  }

  const std::vector<std::string_view>& words_;
  std::size_t at_ = 0;
  Word previous_, next_;
  bool skip_next_ = false;
  Held held_ = Held::kNothing;
  std::string value_;
  std::string_view prefix_;
  std::vector<std::string> written_;
};

// "and a half" behind a number -> "point five".
std::string SpellHalves(std::string_view text) {
  const auto words = SplitAtBlanks(text);
  std::vector<std::string_view> spelled;
  const auto is = [&](std::size_t i, std::string_view word) {
    return i < words.size() && words[i] == word;
  };
  for (std::size_t i = 0; i < words.size(); ++i) {
    if (is(i, "and") && is(i + 1, "a") && is(i + 2, "half")) {
      const Word before = spelled.empty() ? Word() : MeaningOf(spelled.back());
      const bool is_number = IsPlain(before, Meaning::kOne) || IsPlain(before, Meaning::kTen) ||
                             IsPlain(before, Meaning::kPower) || before.meaning == Meaning::kZero;
      if (is_number) {
        spelled.insert(spelled.end(), {"point", "five"});
      } else if (!spelled.empty()) {
        spelled.insert(spelled.end(), {"and", "a", "half"});
      }
      i += 2;
    } else {
      spelled.push_back(words[i]);
    }
  }
  return JoinWithBlanks(spelled);
}

// "10km" -> "10 km", "b747" -> "b 747", but "10 th" -> "10th".
std::string PartLettersFromDigits(std::string_view text) {
  std::string parted;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char before = i > 0 ? text[i - 1] : ' ';
    if ((IsLowerCase(before) && IsDigit(text[i])) || (IsDigit(before) && IsLowerCase(text[i]))) {
      parted.push_back(' ');
    }
    parted.push_back(text[i]);
  }
  std::string joined;
  for (std::size_t i = 0; i < parted.size(); ++i) {
    const std::size_t blanks = BlanksAt(parted, i);
    const std::string_view behind = std::string_view(parted).substr(i + blanks);
    bool is_suffix = false;
    for (const std::string_view suffix : {"st", "nd", "rd", "th", "s"}) {
      is_suffix = is_suffix || (behind.starts_with(suffix) &&
                                IsWordBoundary(parted, i + blanks + suffix.size()));
    }
    if (blanks > 0 && i > 0 && IsDigit(parted[i - 1]) && is_suffix) {
      i += blanks - 1;
    } else {
      joined.push_back(parted[i]);
    }
  }
  return joined;
}

// One or two digits of cents, as a word of their own begins; empty where it doesn't.
std::string_view CentsOf(std::string_view word) {
  if (!word.starts_with(kCent)) {
    return {};
  }
  const std::string_view number = word.substr(kCent.size());
  const std::size_t end = std::min(number.find_first_not_of("0123456789"), number.size());
  return end <= 2 && IsWordBoundary(number, end) ? number.substr(0, end) : std::string_view();
}

// "$2 and ¢70", "$2 ¢70" -> "$2.70".
std::string JoinCents(const std::vector<std::string_view>& words) {
  std::vector<std::string> joined;
  for (std::size_t i = 0; i < words.size(); ++i) {
    const std::size_t symbol = words[i].starts_with(kCent) ? 0 : MoneyAt(words[i], 0);
    const bool is_money = symbol > 0 && words[i].size() > symbol &&
                          std::ranges::all_of(words[i].substr(symbol), IsDigit);
    const std::size_t next = i + (i + 1 < words.size() && words[i + 1] == "and" ? 2 : 1);
    const std::string_view cents = next < words.size() ? CentsOf(words[next]) : std::string_view();
    if (is_money && !cents.empty()) {
      const std::string_view behind = words[next].substr(kCent.size());
      joined.push_back(std::string(words[i]) + (cents.size() == 1 ? ".0" : ".") +
                       std::string(behind));
      i = next;
    } else {
      joined.emplace_back(words[i]);
    }
  }
  return JoinWithBlanks(joined);
}

// "$0.36" -> "¢36", and whatever stands between the zero and one or two digits.
std::string TakeOutCents(std::string_view text) {
  std::string taken;
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t symbol = text.substr(at).starts_with(kCent) ? 0 : MoneyAt(text, at);
    const std::size_t begin = at + symbol + 2;
    std::size_t end = begin;
    while (end < text.size() && end < begin + 2 && IsDigit(text[end])) {
      ++end;
    }
    const bool is_less_than_one = symbol > 0 && text.substr(at + symbol).starts_with('0');
    if (is_less_than_one && end > begin && IsWordBoundary(text, end)) {
      taken += kCent;
      taken += WithoutLeadingZeros(text.substr(begin, end - begin));
      at = end;
    } else {
      taken.push_back(text[at++]);
    }
  }
  return taken;
}

// "1" and "1s" -> "one" and "ones".
std::string SpellOnes(std::string_view text) {
  std::string spelled;
  for (std::size_t at = 0; at < text.size(); ++at) {
    const std::size_t plural = text.substr(at + 1).starts_with('s') ? 1 : 0;
    const bool is_one =
        text[at] == '1' && IsWordBoundary(text, at) && IsWordBoundary(text, at + 1 + plural);
    if (is_one) {
      spelled += "one";
    } else {
      spelled.push_back(text[at]);
    }
  }
  return spelled;
}

}  // namespace

std::string NormalizeEnglishNumbers(std::string_view text) {
  const std::string parted = PartLettersFromDigits(SpellHalves(text));
  const std::string digits = NumberReader(SplitAtBlanks(parted)).Read();
  return SpellOnes(TakeOutCents(JoinCents(SplitAtBlanks(digits))));
}

}  // namespace pinhole::speech
