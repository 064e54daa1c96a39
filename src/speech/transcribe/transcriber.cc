// SPDX-License-Identifier: Apache-2.0
#include "speech/transcribe/transcriber.h"

#include <zlib.h>

#include <algorithm>
#include <cmath>
#include <iterator>
#include <utility>

#include "speech/text/languages.h"
#include "speech/text/utf8.h"

namespace pinhole::speech {

using base::Diagnosis;
using base::Error;
using base::Result;
using base::Status;

namespace {

constexpr std::int64_t kHop = signal::LogMel::kHop;
constexpr std::int64_t kFrameMs = 10;

// Frames before a window that are computed and left away, so that its first ones see the sound
// before them and not its reflection.
constexpr std::int64_t kLead = 2;
static_assert(kLead * kHop >= signal::LogMel::kWindow / 2);

// Behind the sound, with Hearing::kFit.
constexpr std::int64_t kSilenceFrames = 100;

// Whisper puts a window of silence behind every recording before it looks for the loudest value, so
// silence counts.
constexpr float kSilence = -10.0F;

// Easier than the detector's own: what is heard in vain costs time, what is not heard is lost.
constexpr SpeechRules kVoiceRules = {.enter = 0.4F, .leave = 0.25F, .min_speech_ms = 100};

bool IsBlank(std::string_view text) {
  return text.find_first_not_of(" \t\n\r") == std::string_view::npos;
}

bool IsSilent(const WindowTokens& window, const TranscribeOptions& options) {
  return window.no_speech > options.no_speech &&
         (options.no_speech_suffices ||
          window.average_log_probability() < options.least_log_probability);
}

}  // namespace

float CompressionRatio(std::string_view text) {
  if (text.empty()) {
    return 0;
  }
  uLongf size = compressBound(static_cast<uLong>(text.size()));
  std::vector<Bytef> packed(size);
  if (compress(packed.data(), &size, reinterpret_cast<const Bytef*>(text.data()),
               static_cast<uLong>(text.size())) != Z_OK) {
    return 0;
  }
  return static_cast<float>(text.size()) / static_cast<float>(size);
}

std::string Transcript::Text() const {
  std::string text;
  for (const Segment& segment : segments) {
    text += segment.text;
  }
  return text;
}

Transcriber::Transcriber(const Network& network, const Tokenizer& tokenizer,
                         const SpecialTokens& special, std::span<const float> filters,
                         const Team& team)
    : network_(network),
      tokenizer_(tokenizer),
      special_(special),
      filters_(filters),
      team_(team),
      mel_(static_cast<std::size_t>((WindowFrames() + kLead + 1) * network.dims.mels)),
      encoder_(network, team.threads) {}

Status Transcriber::Measure(SlidingSound& sound, bool voice_only, Diagnosis& why) {
  loudest_.reset();
  log_mel_.Reset();
  voice_.Reset();
  speech_.clear();
  finder_.reset();
  if (voice_only) {
    finder_.emplace(kVoiceRules);
  }
  const std::int64_t piece = WindowFrames() * kHop;
  bool one_window = false;
  for (std::int64_t first = 0;; first += piece) {
    PINHOLE_ASSIGN(const std::span<const float> samples, sound.Take(first, piece, why));
    const auto count = static_cast<std::int64_t>(samples.size());
    FindVoice(samples, count < piece, first + count);
    one_window = first == 0 && count + signal::LogMel::kWindow <= piece;
    if (!one_window) {
      (void)log_mel_.Push(samples, mel_);
    }
    if (count < piece) {
      break;
    }
  }
  if (!one_window) {  // else that window will tell
    (void)log_mel_.Finish(signal::LogMel::kWindow, mel_);
    loudest_ = log_mel_.max();
  }
  return sound.Restart(why);
}

void Transcriber::FindVoice(std::span<const float> samples, bool at_end, std::int64_t length) {
  if (!finder_) {
    return;
  }
  const auto take = [&](std::size_t count) {
    for (const float probability : std::span<const float>(probabilities_).first(count)) {
      if (const auto span = finder_->Push(probability)) {
        speech_.push_back(*span);
      }
    }
  };
  probabilities_.resize(
      std::max(VoiceDetector::MostOfPush(samples.size()), VoiceDetector::kMostOfFinish));
  if (const auto count = voice_.Push(samples, probabilities_)) {
    take(*count);
  }
  if (!at_end) {
    return;
  }
  if (const auto count = voice_.Finish(probabilities_)) {
    take(*count);
  }
  if (const auto span = finder_->Finish(length)) {
    speech_.push_back(*span);
  }
}

std::optional<Transcriber::Window> Transcriber::NextWindow(std::int64_t first,
                                                           std::int64_t frames) const {
  if (!finder_) {
    return first < frames ? std::optional(Window{first, std::min(WindowFrames(), frames - first)})
                          : std::nullopt;
  }
  const auto spoken = std::find_if(speech_.begin(), speech_.end(),
                                   [&](const SpeechSpan& span) { return span.end > first * kHop; });
  if (spoken == speech_.end()) {
    return std::nullopt;
  }
  first = std::max(first, spoken->begin / kHop);
  const std::int64_t most = std::min(frames, first + WindowFrames());
  std::int64_t end = first;
  for (auto span = spoken; span != speech_.end() && span->begin / kHop < most; ++span) {
    end = std::min(most, (span->end + kHop - 1) / kHop);
  }
  return end > first ? std::optional(Window{first, end - first}) : std::nullopt;
}

Status Transcriber::Listen(SlidingSound& sound, std::int64_t first, std::int64_t count,
                           Hearing hearing, Diagnosis& why) {
  const std::int64_t frames = hearing == Hearing::kWhole
                                  ? WindowFrames()
                                  : std::min(WindowFrames(), (count + kSilenceFrames + 1) / 2 * 2);
  const std::int64_t lead = std::min(first, kLead);
  // As many samples as the last of these frames sees, as far as there are any.
  const std::int64_t want = (lead + frames) * kHop + signal::LogMel::kWindow / 2;
  PINHOLE_ASSIGN(const std::span<const float> samples,
                 sound.Take((first - lead) * kHop, want, why));
  const auto row = static_cast<std::size_t>(network_.dims.mels);
  std::fill(mel_.begin(), mel_.end(), kSilence);
  log_mel_.Reset();
  const std::span<float> mel = mel_;
  // A window that ends before the sound does hears nothing of what comes then.
  const std::int64_t own = count < WindowFrames() ? (lead + count + 1) * kHop - 1 : want;
  const std::int64_t have = std::min(own, static_cast<std::int64_t>(samples.size()));
  const auto pushed = log_mel_.Push(samples.first(static_cast<std::size_t>(have)), mel);
  const std::int64_t done = pushed ? *pushed : 0;
  if (have < want) {
    (void)log_mel_.Finish(static_cast<std::size_t>(want - have),
                          mel.subspan(static_cast<std::size_t>(done) * row));
  }
  const std::span<float> window =
      mel.subspan(static_cast<std::size_t>(lead) * row, static_cast<std::size_t>(frames) * row);
  signal::LogMel::Normalize(window, std::max(loudest_.value_or(log_mel_.max()), kSilence));
  (void)encoder_.Encode(window, team_);
  return {};
}

Result<Transcriber::Language> Transcriber::FindLanguage(const TranscribeOptions& options,
                                                        WindowSearch& search,
                                                        Diagnosis& why) const {
  if (!special_.is_multilingual) {
    if (!options.language.empty() && options.language != "en" && options.language != "auto") {
      return why.Fail(Error::kInvalidArgument, "the model knows English only, not '",
                      options.language, "'; take one without '.en' in its name");
    }
    return Language{special_.first_language, 1};
  }
  if (!options.language.empty() && options.language != "auto") {
    for (int i = 0; i < special_.languages; ++i) {
      if (kLanguageTable[static_cast<std::size_t>(i)].code == options.language) {
        return Language{special_.first_language + i, 1};
      }
    }
    return why.Fail(Error::kInvalidArgument, "the model knows no language '", options.language,
                    "'; a code such as 'en' or 'de' is wanted, or 'auto'");
  }
  std::vector<float> logits = search.LogitsAfter(special_.start_of_transcript);
  const std::span<float> of_languages =
      std::span<float>(logits).subspan(static_cast<std::size_t>(special_.first_language),
                                       static_cast<std::size_t>(special_.languages));
  const auto best = std::max_element(of_languages.begin(), of_languages.end());
  const auto index = best - of_languages.begin();
  const float sum = network_.target->exponentials(of_languages.data(), special_.languages, 1);
  return Language{special_.first_language + static_cast<std::int32_t>(index), 1 / sum};
}

Prompt Transcriber::MakePrompt(const TranscribeOptions& options, std::int32_t language,
                               std::span<const std::int32_t> previous) const {
  Prompt prompt;
  const auto most = static_cast<std::size_t>(network_.dims.text_context / 2 - 1);
  if (!previous.empty()) {
    prompt.tokens.push_back(special_.start_of_previous);
    const auto last = previous.last(std::min(most, previous.size()));
    prompt.tokens.insert(prompt.tokens.end(), last.begin(), last.end());
  }
  prompt.start_of_transcript = static_cast<int>(prompt.tokens.size());
  prompt.tokens.push_back(special_.start_of_transcript);
  if (special_.is_multilingual) {
    prompt.tokens.push_back(language);
    prompt.tokens.push_back(options.task == Task::kTranslate ? special_.translate
                                                             : special_.transcribe);
  }
  if (!options.rules.timestamps) {
    prompt.tokens.push_back(special_.no_timestamps);
  }
  return prompt;
}

std::string Transcriber::TextOf(std::span<const std::int32_t> tokens) const {
  Utf8Stream stream;
  std::string text;
  for (const std::int32_t token : tokens) {
    if (token < special_.end_of_text) {
      stream.Push(tokenizer_.Bytes(token), text);
    }
  }
  stream.Finish(text);
  return text;
}

// With rising chance, until the text passes or no temperature is left.
Transcriber::Heard Transcriber::Search(const Prompt& prompt, const TranscribeOptions& options,
                                       WindowSearch& search) const {
  Heard heard;
  for (std::size_t i = 0; i < options.temperatures.size(); ++i) {
    const SearchOptions how = {.temperature = options.temperatures[i],
                               .beam = options.beam,
                               .patience = options.patience,
                               .best_of = options.best_of,
                               .length_penalty = options.length_penalty,
                               .most_tokens = network_.dims.text_context / 2,
                               .seed = static_cast<std::uint32_t>(i)};
    heard.window = search.Run(prompt, how);
    heard.text = TextOf(heard.window.tokens);
    heard.compression_ratio = CompressionRatio(heard.text);
    const bool guessed = heard.window.average_log_probability() < options.least_log_probability;
    const bool silent = IsSilent(heard.window, options);
    if (silent || (!guessed && heard.compression_ratio <= options.most_compression)) {
      break;
    }
  }
  return heard;
}

std::int64_t Transcriber::Split(const Heard& heard, std::int64_t first, std::int64_t count,
                                std::vector<Segment>& segments) const {
  const std::span<const std::int32_t> tokens = heard.window.tokens;
  const auto is_time = [&](std::size_t i) { return special_.IsTimestamp(tokens[i]); };
  const auto ms = [&](std::int32_t token) {
    return std::int64_t{token - special_.first_timestamp} * SpecialTokens::kTimestampMs;
  };
  const std::int64_t start_ms = first * kFrameMs;
  const auto add = [&](std::int64_t from_ms, std::int64_t to_ms,
                       std::span<const std::int32_t> part) {
    Segment segment;
    segment.start_ms = from_ms;
    segment.end_ms = to_ms;
    segment.text = TextOf(part);
    segment.tokens.assign(part.begin(), part.end());
    segment.temperature = heard.window.temperature;
    segment.average_log_probability = heard.window.average_log_probability();
    segment.compression_ratio = heard.compression_ratio;
    segment.no_speech = heard.window.no_speech;
    if (from_ms != to_ms && !IsBlank(segment.text)) {
      segments.push_back(std::move(segment));
    }
  };
  std::vector<std::size_t> cuts;  // between an end and the next start
  for (std::size_t i = 1; i < tokens.size(); ++i) {
    if (is_time(i - 1) && is_time(i)) {
      cuts.push_back(i);
    }
  }
  // The last segment is complete where one timestamp ends it.
  const std::size_t size = tokens.size();
  const bool complete = size >= 2 && !is_time(size - 2) && is_time(size - 1);
  if (!cuts.empty()) {
    if (complete) {
      cuts.push_back(size);
    }
    std::size_t begin = 0;
    for (const std::size_t cut : cuts) {
      add(start_ms + ms(tokens[begin]), start_ms + ms(tokens[cut - 1]),
          tokens.subspan(begin, cut - begin));
      begin = cut;
    }
    const std::int64_t heard_ms = ms(tokens[begin - 1]);
    return complete || heard_ms == 0 ? count : std::min(count, heard_ms / kFrameMs);
  }
  std::int64_t end_ms = start_ms + count * kFrameMs;
  for (std::size_t i = size; i-- > 0;) {
    if (is_time(i)) {
      end_ms = ms(tokens[i]) > 0 ? start_ms + ms(tokens[i]) : end_ms;
      break;
    }
  }
  add(start_ms, end_ms, tokens);
  return count;
}

void Transcriber::TimeWords(WordTimer& timer, const TranscribeOptions& options,
                            std::int32_t language, const Window& window,
                            std::span<Segment> segments, std::int64_t& last_ms) const {
  std::vector<std::int32_t> tokens;
  for (const Segment& segment : segments) {
    std::copy_if(segment.tokens.begin(), segment.tokens.end(), std::back_inserter(tokens),
                 [&](std::int32_t token) { return token < special_.end_of_text; });
  }
  Prompt prompt = MakePrompt(options, language, {});
  if (!options.rules.timestamps) {
    prompt.tokens.pop_back();  // which the timer puts behind the prompt in any case
  }
  const std::string_view code =
      kLanguageTable[static_cast<std::size_t>(language - special_.first_language)].code;
  PlaceWords(timer.Find(prompt.tokens, tokens, code, static_cast<int>(window.count / 2)),
             window.first * kFrameMs, special_.end_of_text, segments, last_ms);
}

// What a run knows between two windows, and works with.
struct Transcriber::Course {
  const TranscribeOptions& options;
  const Progress& progress;
  SlidingSound& sound;
  Decoder& decoder;
  WindowSearch& search;
  WordTimer& timer;
  Language language = {};
  std::vector<std::int32_t> said = {};
  std::size_t prompt_from = 0;  // in `said`
  std::int64_t last_word_ms = 0;
  Transcript transcript = {};
};

// Hears one window; returns the frame to go on from.
Result<std::int64_t> Transcriber::HearWindow(const Window& window, Course& course, Diagnosis& why) {
  const TranscribeOptions& options = course.options;
  PINHOLE_TRY(Listen(course.sound, window.first, window.count, options.hearing, why));
  course.decoder.Listen(encoder_.encoded(), team_);
  if (course.transcript.language.empty()) {
    PINHOLE_ASSIGN(course.language, FindLanguage(options, course.search, why));
    const auto index = static_cast<std::size_t>(course.language.token - special_.first_language);
    course.transcript.language = kLanguageTable[index].code;
    course.transcript.language_probability = course.language.probability;
  }
  const Heard heard =
      Search(MakePrompt(options, course.language.token,
                        std::span<const std::int32_t>(course.said).subspan(course.prompt_from)),
             options, course.search);
  if (IsSilent(heard.window, options)) {
    return window.first + window.count;
  }
  std::vector<Segment> segments;
  const std::int64_t heard_frames = Split(heard, window.first, window.count, segments);
  if (options.word_times) {
    TimeWords(course.timer, options, course.language.token, window, segments, course.last_word_ms);
  }
  for (Segment& segment : segments) {
    course.said.insert(course.said.end(), segment.tokens.begin(), segment.tokens.end());
    if (course.progress.segment) {
      course.progress.segment(segment);
    }
    course.transcript.segments.push_back(std::move(segment));
  }
  if (!options.condition_on_previous || heard.window.temperature > 0.5F) {
    course.prompt_from = course.said.size();
  }
  return window.first + std::max<std::int64_t>(1, heard_frames);
}

Result<Transcript> Transcriber::Run(signal::SoundSource& source, const TranscribeOptions& options,
                                    const Progress& progress, Diagnosis& why) {
  if (options.task == Task::kTranslate && !special_.is_multilingual) {
    return why.Fail(Error::kUnsupported,
                    "the model knows English only and can't translate; take one without '.en' in "
                    "its name");
  }
  PINHOLE_TRY(log_mel_.SetUp(network_.dims.mels, filters_));
  const Rules rules(tokenizer_, special_, options.rules);
  Decoder decoder(network_, std::max(options.beam, options.best_of), team_.threads);
  WindowSearch search(network_, special_, rules, decoder, team_);
  WordTimer timer(network_, tokenizer_, special_, decoder, team_);
  SlidingSound sound(source);
  PINHOLE_TRY(Measure(sound, options.voice_only, why));
  const std::int64_t frames = sound.length() / kHop;

  Course course{options, progress, sound, decoder, search, timer};
  course.transcript.duration_ms = frames * kFrameMs;
  course.said =
      tokenizer_.Encode(IsBlank(options.initial_prompt) ? "" : " " + options.initial_prompt);
  std::int64_t first = 0;
  bool goes_on = true;
  for (auto window = NextWindow(0, frames); window && goes_on; window = NextWindow(first, frames)) {
    PINHOLE_ASSIGN(first, HearWindow(*window, course, why));
    first = std::min(first, frames);
    goes_on = !progress.heard || progress.heard(first * kFrameMs, frames * kFrameMs);
  }
  if (goes_on && first < frames && progress.heard) {
    (void)progress.heard(frames * kFrameMs, frames * kFrameMs);  // no voice in the rest
  }
  return std::move(course.transcript);
}

}  // namespace pinhole::speech
