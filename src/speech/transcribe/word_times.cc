// SPDX-License-Identifier: Apache-2.0
#include "speech/transcribe/word_times.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <string>
#include <utility>

#include "speech/text/utf8.h"

namespace pinhole::speech {

namespace {

constexpr int kSmoothed = 7;  // positions whose median a position becomes
constexpr std::int64_t kPositionMs = 20;
// A word lasts no longer than twice the median, and the median counts no more than this.
constexpr std::int64_t kLongMedianMs = 700;
// A segment's own time is believed where its words' differ by more.
constexpr std::int64_t kTrustSegmentMs = 500;

constexpr std::string_view kSentenceEnds[] = {".", "。", "!", "！", "?", "？"};
constexpr std::string_view kOpening[] = {"\"", "'", "“", "¿", "(", "[", "{", "-"};
constexpr std::string_view kClosing[] = {"\"", "'", ".",  "。", ",", "，", "!", "！", "?",
                                         "？", ":", "：", "”",  ")", "]",  "}", "、"};

bool IsIn(std::string_view text, std::span<const std::string_view> list) {
  return std::find(list.begin(), list.end(), text) != list.end();
}

std::string_view WithoutBlanks(std::string_view text) {
  const std::size_t first = text.find_first_not_of(" \t\n\r");
  return first == std::string_view::npos
             ? std::string_view()
             : text.substr(first, text.find_last_not_of(" \t\n\r") + 1 - first);
}

bool IsPunctuation(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) {
    return (c >= '!' && c <= '/') || (c >= ':' && c <= '@') || (c >= '[' && c <= '`') ||
           (c >= '{' && c <= '~');
  });
}

bool IsWrittenWithoutBlanks(std::string_view language) {
  constexpr std::string_view kLanguages[] = {"zh", "ja", "th", "lo", "my", "yue"};
  return IsIn(language, kLanguages);
}

struct KnownHeads {
  std::int32_t audio_layers, text_layers, vocabulary;
  std::span<const AlignmentHead> heads;
};

constexpr AlignmentHead kTinyEn[] = {{1, 0}, {2, 0}, {2, 5}, {3, 0},
                                     {3, 1}, {3, 2}, {3, 3}, {3, 4}};
constexpr AlignmentHead kTiny[] = {{2, 2}, {3, 0}, {3, 2}, {3, 3}, {3, 4}, {3, 5}};
constexpr AlignmentHead kBaseEn[] = {{3, 3}, {4, 7}, {5, 1}, {5, 5}, {5, 7}};
constexpr AlignmentHead kBase[] = {{3, 1}, {4, 2}, {4, 3}, {4, 7}, {5, 1}, {5, 2}, {5, 4}, {5, 6}};
constexpr AlignmentHead kSmallEn[] = {
    {6, 6},  {7, 0},  {7, 3},  {7, 8},  {8, 2},  {8, 5},  {8, 7},   {9, 0},  {9, 4}, {9, 8},
    {9, 10}, {10, 0}, {10, 1}, {10, 2}, {10, 3}, {10, 6}, {10, 11}, {11, 2}, {11, 4}};
constexpr AlignmentHead kSmall[] = {{5, 3}, {5, 9}, {8, 0}, {8, 4}, {8, 7},
                                    {8, 8}, {9, 0}, {9, 7}, {9, 9}, {10, 5}};
constexpr AlignmentHead kMediumEn[] = {{11, 4},  {14, 1}, {14, 12}, {14, 14}, {15, 4},  {16, 0},
                                       {16, 4},  {16, 9}, {17, 12}, {17, 14}, {18, 7},  {18, 10},
                                       {18, 15}, {20, 0}, {20, 3},  {20, 9},  {20, 14}, {21, 12}};
constexpr AlignmentHead kMedium[] = {{13, 15}, {15, 4}, {15, 15}, {16, 1}, {20, 0}, {23, 4}};
constexpr AlignmentHead kLargeV2[] = {{10, 12}, {13, 17}, {16, 11}, {16, 12}, {16, 13}, {17, 15},
                                      {17, 16}, {18, 4},  {18, 11}, {18, 19}, {19, 11}, {21, 2},
                                      {21, 3},  {22, 3},  {22, 9},  {22, 12}, {23, 5},  {23, 7},
                                      {23, 13}, {25, 5},  {26, 1},  {26, 12}, {27, 15}};
constexpr AlignmentHead kLargeV3[] = {{7, 0},   {10, 17}, {12, 18}, {13, 12}, {16, 1},
                                      {17, 14}, {19, 11}, {21, 4},  {24, 1},  {25, 6}};
constexpr AlignmentHead kTurbo[] = {{2, 4}, {2, 11}, {3, 3}, {3, 6}, {3, 11}, {3, 14}};

constexpr KnownHeads kKnown[] = {
    {4, 4, 51864, kTinyEn},     {4, 4, 51865, kTiny},      {6, 6, 51864, kBaseEn},
    {6, 6, 51865, kBase},       {12, 12, 51864, kSmallEn}, {12, 12, 51865, kSmall},
    {24, 24, 51864, kMediumEn}, {24, 24, 51865, kMedium},  {32, 32, 51865, kLargeV2},
    {32, 32, 51866, kLargeV3},  {32, 4, 51866, kTurbo}};

// Each value becomes the median of those around it; the ends are reflected.
void Smooth(std::span<float> row) {
  const int size = static_cast<int>(row.size());
  constexpr int kHalf = kSmoothed / 2;
  if (size <= kHalf) {
    return;
  }
  const std::vector<float> before(row.begin(), row.end());
  std::array<float, kSmoothed> around;
  for (int i = 0; i < size; ++i) {
    for (int k = -kHalf; k <= kHalf; ++k) {
      const int at = std::abs(i + k);
      around[static_cast<std::size_t>(k + kHalf)] =
          before[static_cast<std::size_t>(at < size ? at : 2 * (size - 1) - at)];
    }
    std::nth_element(around.begin(), around.begin() + kHalf, around.end());
    row[static_cast<std::size_t>(i)] = around[kHalf];
  }
}

// Of what is in each column: less its mean, over its deviation.
void Standardise(std::span<float> values, std::size_t rows, std::size_t columns) {
  for (std::size_t column = 0; column < columns; ++column) {
    double sum = 0, squares = 0;
    for (std::size_t row = 0; row < rows; ++row) {
      const double value = values[row * columns + column];
      sum += value;
      squares += value * value;
    }
    const double mean = sum / static_cast<double>(rows);
    const double deviation =
        std::sqrt(std::max(0.0, squares / static_cast<double>(rows) - mean * mean));
    const double scale = deviation > 0 ? 1 / deviation : 0;
    for (std::size_t row = 0; row < rows; ++row) {
      float& value = values[row * columns + column];
      value = static_cast<float>((value - mean) * scale);
    }
  }
}

std::int64_t MedianMs(std::span<const TimedWord> words) {
  std::vector<std::int64_t> durations;
  for (const TimedWord& timed : words) {
    if (timed.word.end_ms > timed.word.start_ms) {
      durations.push_back(timed.word.end_ms - timed.word.start_ms);
    }
  }
  if (durations.empty()) {
    return 0;
  }
  const auto middle = durations.begin() + static_cast<std::ptrdiff_t>(durations.size() / 2);
  std::nth_element(durations.begin(), middle, durations.end());
  return std::min(kLongMedianMs, *middle);
}

// A word beside the end of a sentence lasts no longer than `most_ms`: what is more is a pause.
void CutAtSentences(std::span<TimedWord> words, std::int64_t most_ms) {
  for (std::size_t i = 1; i < words.size(); ++i) {
    Word& word = words[i].word;
    if (word.end_ms - word.start_ms <= most_ms) {
      continue;
    }
    if (IsIn(word.text, kSentenceEnds)) {
      word.end_ms = word.start_ms + most_ms;
    } else if (IsIn(words[i - 1].word.text, kSentenceEnds)) {
      word.start_ms = word.end_ms - most_ms;
    }
  }
}

// Makes words and the segment's own times agree, as whisper/timing.py does.
void FitToSegment(Segment& segment, std::int64_t median_ms, std::int64_t last_ms) {
  std::vector<Word>& words = segment.words;
  const std::int64_t most_ms = 2 * median_ms;
  Word& first = words.front();
  const bool second = words.size() > 1;
  if (first.end_ms - last_ms > 4 * median_ms &&
      (first.end_ms - first.start_ms > most_ms ||
       (second && words[1].end_ms - first.start_ms > 2 * most_ms))) {
    if (second && words[1].end_ms - words[1].start_ms > most_ms) {
      first.end_ms = words[1].start_ms = std::max(words[1].end_ms / 2, words[1].end_ms - most_ms);
    }
    first.start_ms = std::max<std::int64_t>(0, first.end_ms - most_ms);
  }
  if (segment.start_ms < first.end_ms && segment.start_ms - kTrustSegmentMs > first.start_ms) {
    first.start_ms =
        std::max<std::int64_t>(0, std::min(first.end_ms - median_ms, segment.start_ms));
  } else {
    segment.start_ms = first.start_ms;
  }
  Word& last = words.back();
  if (segment.end_ms > last.start_ms && segment.end_ms + kTrustSegmentMs < last.end_ms) {
    last.end_ms = std::max(last.start_ms + median_ms, segment.end_ms);
  } else {
    segment.end_ms = last.end_ms;
  }
}

}  // namespace

std::vector<AlignmentHead> AlignmentHeads(const Dims& dims) {
  for (const KnownHeads& known : kKnown) {
    if (known.audio_layers == dims.audio_layers && known.text_layers == dims.text_layers &&
        known.vocabulary == dims.vocabulary) {
      return {known.heads.begin(), known.heads.end()};
    }
  }
  std::vector<AlignmentHead> heads;
  for (int layer = dims.text_layers / 2; layer < dims.text_layers; ++layer) {
    for (int head = 0; head < dims.text_heads; ++head) {
      heads.push_back({layer, head});
    }
  }
  return heads;
}

std::vector<int> CheapestWay(std::span<const float> costs, int rows, int columns) {
  enum class From : std::uint8_t { kBoth, kAbove, kLeft };
  const auto width = static_cast<std::size_t>(columns);
  std::vector<From> from(static_cast<std::size_t>(rows) * width);
  constexpr float kNever = std::numeric_limits<float>::infinity();
  std::vector<float> above(width + 1, kNever), here(width + 1);
  above[0] = 0;
  for (std::size_t row = 0; row < static_cast<std::size_t>(rows); ++row) {
    here[0] = kNever;
    for (std::size_t column = 0; column < width; ++column) {
      const float both = above[column], up = above[column + 1], left = here[column];
      const bool is_both = both < up && both < left;
      const bool is_up = !is_both && up < both && up < left;
      here[column + 1] = costs[row * width + column] + (is_both ? both : is_up ? up : left);
      from[row * width + column] = is_both ? From::kBoth : is_up ? From::kAbove : From::kLeft;
    }
    std::swap(above, here);
  }
  std::vector<int> first(static_cast<std::size_t>(rows));
  int row = rows - 1, column = columns - 1;
  while (row >= 0 && column >= 0) {
    first[static_cast<std::size_t>(row)] = column;
    // In the first row only columns are left to go, in the first column only rows.
    const From step =
        row == 0 ? From::kLeft
        : column == 0
            ? From::kAbove
            : from[static_cast<std::size_t>(row) * width + static_cast<std::size_t>(column)];
    row -= step == From::kLeft ? 0 : 1;
    column -= step == From::kAbove ? 0 : 1;
  }
  return first;
}

std::vector<TimedWord> SplitIntoWords(const Tokenizer& tokenizer,
                                      std::span<const std::int32_t> tokens,
                                      std::string_view language) {
  const bool every_character = IsWrittenWithoutBlanks(language);
  std::vector<TimedWord> words;
  Utf8Stream stream;
  std::string piece;
  std::size_t count = 0;
  const auto take = [&] {
    const std::string_view bare = WithoutBlanks(piece);
    const bool goes_on = !words.empty() && WithoutBlanks(words.back().word.text).empty();
    if (!goes_on &&
        (words.empty() || every_character || piece.starts_with(' ') || IsPunctuation(bare))) {
      words.emplace_back();
    }
    words.back().word.text += piece;
    words.back().tokens += count;
    piece.clear();
    count = 0;
  };
  for (const std::int32_t token : tokens) {
    stream.Push(tokenizer.Bytes(token), piece);
    ++count;
    if (!stream.holds_bytes()) {
      take();
    }
  }
  if (count > 0) {
    stream.Finish(piece);
    take();
  }
  return words;
}

void JoinPunctuation(std::span<TimedWord> words) {
  if (words.empty()) {
    return;
  }
  for (std::size_t i = words.size() - 1, next = i; i-- > 0;) {
    TimedWord& opening = words[i];
    if (opening.word.text.starts_with(' ') && IsIn(WithoutBlanks(opening.word.text), kOpening)) {
      words[next].word.text.insert(0, opening.word.text);
      opening.word.text.clear();
    } else {
      next = i;
    }
  }
  for (std::size_t i = 1, before = 0; i < words.size(); ++i) {
    TimedWord& closing = words[i];
    if (!words[before].word.text.ends_with(' ') && IsIn(closing.word.text, kClosing)) {
      words[before].word.text += closing.word.text;
      closing.word.text.clear();
    } else {
      before = i;
    }
  }
}

WordTimer::WordTimer(const Network& network, const Tokenizer& tokenizer,
                     const SpecialTokens& special, Decoder& decoder, const Team& team)
    : network_(network),
      tokenizer_(tokenizer),
      special_(special),
      decoder_(decoder),
      team_(team),
      heads_(AlignmentHeads(network.dims)) {}

std::vector<float> WordTimer::Read(std::span<const std::int32_t> prompt,
                                   std::span<const std::int32_t> tokens) {
  std::vector<std::int32_t> all(prompt.begin(), prompt.end());
  all.push_back(special_.no_timestamps);
  const std::size_t first = all.size();
  all.insert(all.end(), tokens.begin(), tokens.end());
  all.push_back(special_.end_of_text);

  const auto vocabulary = static_cast<std::size_t>(network_.dims.vocabulary);
  std::vector<float> logits(Decoder::kRows * vocabulary);
  std::vector<float> probabilities;
  std::vector<TokenAt> rows;
  for (std::size_t at = 0; at < all.size(); at += rows.size()) {
    rows.clear();
    for (std::size_t i = at; i < std::min(all.size(), at + Decoder::kRows); ++i) {
      const bool wants = i + 1 >= first && i + 1 < all.size() - 1;
      rows.push_back({all[i], static_cast<int>(i), 0, wants});
    }
    decoder_.Step(rows, logits, team_);
    std::size_t row = 0;
    for (std::size_t i = 0; i < rows.size(); ++i) {
      if (rows[i].wants_logits) {
        float* const of_row = logits.data() + row++ * vocabulary;
        const float sum = network_.target->exponentials(of_row, special_.end_of_text, 1);
        probabilities.push_back(of_row[all[at + i + 1]] / sum);
      }
    }
  }
  return probabilities;
}

std::vector<float> WordTimer::Costs(int first_row, int rows, int positions) const {
  const auto width = static_cast<std::size_t>(positions);
  const auto all_positions = static_cast<std::size_t>(decoder_.positions());
  const std::span<const float> shares = decoder_.shares();
  const std::size_t all_rows = shares.size() / (heads_.size() * all_positions);
  std::vector<float> costs(static_cast<std::size_t>(rows) * width);
  std::vector<float> of_head(all_rows * width);
  for (std::size_t head = 0; head < heads_.size(); ++head) {
    for (std::size_t row = 0; row < all_rows; ++row) {
      const float* const from = shares.data() + (row * heads_.size() + head) * all_positions;
      float sum = 0;
      for (std::size_t i = 0; i < width; ++i) {
        sum += from[i];
      }
      for (std::size_t i = 0; i < width; ++i) {
        of_head[row * width + i] = sum > 0 ? from[i] / sum : 0;
      }
    }
    Standardise(of_head, all_rows, width);
    for (std::size_t row = 0; row < static_cast<std::size_t>(rows); ++row) {
      const std::span<float> values = std::span<float>(of_head).subspan(
          (static_cast<std::size_t>(first_row) + row) * width, width);
      Smooth(values);
      for (std::size_t i = 0; i < width; ++i) {
        costs[row * width + i] -= values[i] / static_cast<float>(heads_.size());
      }
    }
  }
  return costs;
}

std::vector<TimedWord> WordTimer::Find(std::span<const std::int32_t> prompt,
                                       std::span<const std::int32_t> tokens,
                                       std::string_view language, int positions) {
  positions = std::min(positions, decoder_.positions());
  if (tokens.empty() || positions <= 0) {
    return {};
  }
  decoder_.Restart();
  decoder_.RecordShares(heads_);
  const std::vector<float> probabilities = Read(prompt, tokens);
  // A row before each token, and one before the end.
  const std::vector<float> costs =
      Costs(static_cast<int>(prompt.size()), static_cast<int>(tokens.size()) + 1, positions);
  decoder_.RecordShares({});
  const std::vector<int> begins =
      CheapestWay(costs, static_cast<int>(tokens.size()) + 1, positions);

  std::vector<TimedWord> words = SplitIntoWords(tokenizer_, tokens, language);
  std::size_t token = 0;
  for (TimedWord& timed : words) {
    const std::size_t end = token + timed.tokens;
    timed.word.start_ms = kPositionMs * begins[token];
    timed.word.end_ms = kPositionMs * begins[end];
    float sum = 0;
    for (; token < end; ++token) {
      sum += probabilities[token];
    }
    timed.word.probability = sum / static_cast<float>(timed.tokens);
  }
  return words;
}

void PlaceWords(std::vector<TimedWord> words, std::int64_t window_start_ms,
                std::int32_t end_of_text, std::span<Segment> segments, std::int64_t& last_ms) {
  const std::int64_t median_ms = MedianMs(words);
  CutAtSentences(words, 2 * median_ms);
  JoinPunctuation(words);
  auto next = words.begin();
  for (Segment& segment : segments) {
    const auto ordinary = static_cast<std::size_t>(
        std::count_if(segment.tokens.begin(), segment.tokens.end(),
                      [&](std::int32_t token) { return token < end_of_text; }));
    for (std::size_t taken = 0; next != words.end() && taken < ordinary; ++next) {
      taken += next->tokens;
      if (!next->word.text.empty()) {
        next->word.start_ms += window_start_ms;
        next->word.end_ms += window_start_ms;
        segment.words.push_back(std::move(next->word));
      }
    }
    if (!segment.words.empty()) {
      FitToSegment(segment, median_ms, last_ms);
      last_ms = segment.end_ms;
    }
  }
}

}  // namespace pinhole::speech
