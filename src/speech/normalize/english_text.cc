// SPDX-License-Identifier: Apache-2.0
#include "speech/normalize/english_text.h"

#include <algorithm>
#include <array>
#include <vector>

#include "speech/normalize/english_numbers.h"
#include "speech/normalize/words.h"
#include "speech/text/unicode_classes.h"
#include "speech/text/utf8.h"

namespace pinhole::speech {
namespace {

// U+00C0 to U+017F in plain small letters; "*" is a letter that has no plain one, and stays.
constexpr std::uint32_t kFirstFolded = 0xC0;
constexpr std::string_view kFolded[] = {
    // U+00C0
    "a", "a", "a", "a", "a", "a", "ae", "c", "e", "e", "e", "e", "i", "i", "i", "i", "d", "n", "o",
    "o", "o", "o", "o", " ", "o", "u", "u", "u", "u", "y", "th", "ss", "a", "a", "a", "a", "a", "a",
    "ae", "c", "e", "e", "e", "e", "i", "i", "i", "i", "d", "n", "o", "o", "o", "o", "o", " ", "o",
    "u", "u", "u", "u", "y", "th", "y",
    // U+0100
    "a", "a", "a", "a", "a", "a", "c", "c", "c", "c", "c", "c", "c", "c", "d", "d", "d", "d", "e",
    "e", "e", "e", "e", "e", "e", "e", "e", "e", "g", "g", "g", "g", "g", "g", "g", "g", "h", "h",
    "\xC4\xA7", "\xC4\xA7", "i", "i", "i", "i", "i", "i", "i", "i", "i", "*", "ij", "ij", "j", "j",
    "k", "k", "*", "l", "l", "l", "l", "l", "l", "l\xC2\xB7",
    // U+0140
    "l\xC2\xB7", "l", "l", "n", "n", "n", "n", "n", "n", "\xCA\xBCn", "\xC5\x8B", "\xC5\x8B", "o",
    "o", "o", "o", "o", "o", "oe", "oe", "r", "r", "r", "r", "r", "r", "s", "s", "s", "s", "s", "s",
    "s", "s", "t", "t", "t", "t", "\xC5\xA7", "\xC5\xA7", "u", "u", "u", "u", "u", "u", "u", "u",
    "u", "u", "u", "u", "w", "w", "y", "y", "y", "z", "z", "z", "z", "z", "z", "s"};
static_assert(std::size(kFolded) == 0x180 - 0xC0);

// Letters without capitals and diacritics. What follows is ASCII where English is.
std::string Fold(std::string_view text) {
  std::string folded;
  while (!text.empty()) {
    const Utf8Character next = FirstUtf8(text);
    const std::size_t length = std::max<std::size_t>(next.length, 1);
    const std::string_view own = text.substr(0, length);
    if (next.length == 1) {
      const char c = own[0];
      folded.push_back(c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c);
    } else if (next.code >= kFirstFolded && next.code - kFirstFolded < std::size(kFolded)) {
      const std::string_view plain = kFolded[next.code - kFirstFolded];
      folded += plain == "*" ? own : plain;
    } else {
      folded += own;
    }
    text.remove_prefix(length);
  }
  return folded;
}

// Without what stands between one of `open` and one of `close`, brackets included; `least`
// characters at least must stand there.
std::string WithoutBrackets(std::string_view text, std::string_view open, std::string_view close,
                            std::size_t least) {
  std::string kept;
  while (!text.empty()) {
    const std::size_t begin = std::min(text.find_first_of(open), text.size());
    const std::size_t end = text.find_first_of(close, std::min(begin + 1, text.size()));
    if (end == std::string_view::npos) {
      kept += text;
      break;
    }
    const bool is_pair = end - begin - 1 >= least;
    const std::size_t next = is_pair ? end + 1 : begin + 1;
    kept += text.substr(0, is_pair ? begin : next);
    text.remove_prefix(next);
  }
  return kept;
}

struct Rule {
  std::string_view from, to;
};

// Whole words that are no words.
constexpr Rule kSounds[] = {{"hmm", ""}, {"mm", ""}, {"mhm", ""},
                            {"mmm", ""}, {"uh", ""}, {"um", ""}};

// In this order, whole words.
constexpr Rule kWords[] = {
    {"won't", "will not"},      {"can't", "can not"},     {"let's", "let us"},
    {"ain't", "aint"},          {"y'all", "you all"},     {"wanna", "want to"},
    {"gotta", "got to"},        {"gonna", "going to"},    {"i'ma", "i am going to"},
    {"imma", "i am going to"},  {"woulda", "would have"}, {"coulda", "could have"},
    {"shoulda", "should have"}, {"ma'am", "madam"},       {"mr", "mister "},
    {"mrs", "missus "},         {"st", "saint "},         {"dr", "doctor "},
    {"prof", "professor "},     {"capt", "captain "},     {"gov", "governor "},
    {"ald", "alderman "},       {"gen", "general "},      {"sen", "senator "},
    {"rep", "representative "}, {"pres", "president "},   {"rev", "reverend "},
    {"hon", "honorable "},      {"asst", "assistant "},   {"assoc", "associate "},
    {"lt", "lieutenant "},      {"col", "colonel "},      {"jr", "junior "},
    {"sr", "senior "},          {"esq", "esquire "},
};

// Then these, which only have to end where a word does.
constexpr Rule kEndings[] = {
    {"'d been", " had been"},
    {"'s been", " has been"},
    {"'d gone", " had gone"},
    {"'s gone", " has gone"},
    {"'d done", " had done"},
    {"'s got", " has got"},
    {"n't", " not"},
    {"'re", " are"},
    {"'s", " is"},
    {"'d", " would"},
    {"'ll", " will"},
    {"'t", " not"},
    {"'ve", " have"},
    {"'m", " am"},
};

std::string Replace(std::string_view text, const Rule& rule, bool is_whole_word) {
  std::string replaced;
  std::size_t done = 0;
  for (std::size_t at = text.find(rule.from); at != std::string_view::npos;) {
    const std::size_t end = at + rule.from.size();
    if (IsWordBoundary(text, end) && (!is_whole_word || IsWordBoundary(text, at))) {
      replaced += text.substr(done, at - done);
      replaced += rule.to;
      done = end;
      at = text.find(rule.from, end);
    } else {
      at = text.find(rule.from, at + 1);
    }
  }
  return replaced.append(text.substr(done));
}

// No blanks before apostrophes, so that an ending finds its word.
std::string AttachApostrophes(std::string_view text) {
  std::string attached;
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t blanks = BlanksAt(text, at);
    if (blanks > 0 && at + blanks < text.size() && text[at + blanks] == '\'') {
      at += blanks;
      continue;
    }
    attached.append(text.substr(at, std::max<std::size_t>(blanks, 1)));
    at += std::max<std::size_t>(blanks, 1);
  }
  return attached;
}

// "1,234" -> "1234"; a digit that was joined on its left isn't on its right: "1,2,3" -> "12,3".
std::string JoinThousands(std::string_view text) {
  std::string joined;
  for (std::size_t at = 0; at < text.size(); ++at) {
    joined.push_back(text[at]);
    if (at + 2 < text.size() && IsDigit(text[at]) && text[at + 1] == ',' && IsDigit(text[at + 2])) {
      joined.push_back(text[at + 2]);
      at += 2;
    }
  }
  return joined;
}

// Full stops that no digit follows -> blanks; what follows is not looked at again.
std::string WithoutFullStops(std::string_view text) {
  std::string kept;
  for (std::size_t at = 0; at < text.size(); ++at) {
    const bool digit_follows = at + 1 < text.size() && IsDigit(text[at + 1]);
    if (text[at] != '.' || digit_follows) {
      kept.push_back(text[at]);
      continue;
    }
    kept.push_back(' ');
    if (++at < text.size()) {
      kept.push_back(text[at]);
    }
  }
  return kept;
}

// Symbols become blanks, but those that numbers have; combining marks go.
std::string WithoutSymbols(std::string_view text) {
  constexpr std::string_view kAscii = ".%$";
  constexpr std::uint32_t kCent = 0xA2, kPound = 0xA3, kEuro = 0x20AC;
  std::string kept;
  while (!text.empty()) {
    const Utf8Character next = FirstUtf8(text);
    const std::size_t length = std::max<std::size_t>(next.length, 1);
    const CharacterClass character_class = ClassOf(next.code);
    const bool is_letter =
        character_class == CharacterClass::kLetter || character_class == CharacterClass::kNumber;
    const bool is_kept = next.length == 1
                             ? kAscii.find(text[0]) != std::string_view::npos
                             : next.code == kCent || next.code == kPound || next.code == kEuro;
    if (next.length != 0 && (is_letter || is_kept)) {
      kept += text.substr(0, length);
    } else if (next.code < 0x300 || next.code > 0x36F) {
      kept.push_back(' ');
    }
    text.remove_prefix(length);
  }
  return kept;
}

// Points and symbols of money that no digit follows -> blanks; what follows is not looked at again.
std::string WithoutLoneSymbols(std::string_view text) {
  std::string kept;
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t symbol = text[at] == '.' ? 1 : MoneyAt(text, at);
    const std::size_t behind = at + symbol;
    if (symbol > 0 && behind < text.size() && !IsDigit(text[behind])) {
      kept.push_back(' ');
      at = behind;
    }
    kept.push_back(text[at++]);
  }
  return kept;
}

// Per cent signs that no digit leads -> blanks.
std::string WithoutLonePercent(std::string_view text) {
  std::string kept;
  for (std::size_t at = 0; at < text.size(); ++at) {
    kept.push_back(text[at]);
    if (!IsDigit(text[at]) && at + 1 < text.size() && text[at + 1] == '%') {
      kept.push_back(' ');
      ++at;
    }
  }
  return kept;
}

}  // namespace

std::string NormalizeEnglish(std::string_view text, const Spellings& spellings) {
  std::string s = Fold(text);
  s = WithoutBrackets(s, "<[", ">]", 0);
  s = WithoutBrackets(s, "(", ")", 1);
  for (const Rule& rule : kSounds) {
    s = Replace(s, rule, true);
  }
  s = AttachApostrophes(s);
  for (const Rule& rule : kWords) {
    s = Replace(s, rule, true);
  }
  for (const Rule& rule : kEndings) {
    s = Replace(s, rule, false);
  }
  s = NormalizeEnglishNumbers(WithoutSymbols(WithoutFullStops(JoinThousands(s))));
  std::vector<std::string> words;
  for (const std::string_view word : SplitAtBlanks(s)) {
    const auto other = spellings.find(word);
    words.emplace_back(other == spellings.end() ? word : other->second);
  }
  s = WithoutLonePercent(WithoutLoneSymbols(JoinWithBlanks(words)));
  return JoinWithBlanks(SplitAtBlanks(s));
}

}  // namespace pinhole::speech
