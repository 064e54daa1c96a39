// SPDX-License-Identifier: Apache-2.0
// The program as its listener has it; and programs in its place that lie, die and stand still.
#include "speech/sound/decoded_sound.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmath>
#include <cstdint>
#include <fstream>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "base/sanitized.h"
#include "base/test_data.h"
#include "speech/sound/sound_files_for_tests.h"
#include "speech/sound/sound_program.h"

namespace pinhole::speech {
namespace {

using base::Error;
using testing::EndsWith;
using testing::HasSubstr;
using testing::StartsWith;

SoundOptions Real() {
  SoundOptions options;
  options.program = PINHOLE_SOUND_PROGRAM;
  return options;
}

struct Heard {
  bool ok = false;
  Error error = Error::kInternal;
  std::string sentence;
  std::vector<float> samples;
};

Heard ReadAll(DecodedSound& sound, std::size_t piece = 5000) {
  Heard heard;
  base::Diagnosis why;
  std::vector<float> some(piece);
  for (;;) {
    const base::Result<std::size_t> count = sound.Read(some, why);
    if (!count) {
      heard.error = count.error();
      heard.sentence = why.text();
      return heard;
    }
    heard.samples.insert(heard.samples.end(), some.begin(),
                         some.begin() + static_cast<std::ptrdiff_t>(*count));
    if (*count < piece) {
      EXPECT_EQ(*sound.Read(some, why), 0U);  // from now on
      heard.ok = true;
      return heard;
    }
  }
}

class DecodedSoundTest : public testing::Test {
 protected:
  std::string File(const std::string& name, const Bytes& bytes) {
    WriteBytes(folder_ / name, bytes);
    return folder_ / name;
  }
  // A program that stands in for the decoder.
  SoundOptions Liar(const std::string& script) {
    const std::string path = folder_ / "liar";
    std::ofstream(path) << "#!/bin/sh\n" << script << "\n";
    ::chmod(path.c_str(), 0700);
    SoundOptions options;
    options.program = path;
    options.patience_ms = 5000;
    return options;
  }
  Heard HearLiar(const std::string& script) {
    base::Diagnosis why;
    const auto sound = DecodedSound::Open(File("some.wav", tone_), Liar(script), why);
    if (!sound) {
      Heard heard;
      heard.error = sound.error();
      heard.sentence = why.text();
      return heard;
    }
    return ReadAll(**sound);
  }
  std::string OpenError(const std::string& path, Error error) {
    base::Diagnosis why;
    const auto sound = DecodedSound::Open(path, Real(), why);
    EXPECT_FALSE(sound) << path;
    EXPECT_EQ(sound ? Error::kInternal : sound.error(), error) << why.text();
    return std::string(why.text());
  }

  TestFolder folder_;
  const Bytes tone_ = WavOf({44100, 2, 16, 1}, Tone(440, 0.5, 44100, 88200));
};

constexpr const char* kHeader =
    "echo 'pinhole-sound 1 duration_ms=-1 rate=16000 channels=1 container=wav codec=none'\n";

TEST_F(DecodedSoundTest, GivesWhatTheDecoderGives) {
  base::Diagnosis why;
  const auto sound = DecodedSound::Open(File("tone.wav", tone_), Real(), why);
  ASSERT_TRUE(sound) << why.text();
  EXPECT_EQ((*sound)->info(), (SoundInfo{1000, 44100, 2, "wav", "pcm_s16le"}));
  const Heard heard = ReadAll(**sound);
  ASSERT_TRUE(heard.ok) << heard.sentence;
  EXPECT_EQ(heard.samples, DecodeAll(tone_).samples);
  EXPECT_EQ((*sound)->position(), static_cast<std::int64_t>(heard.samples.size()));
  EXPECT_EQ((*sound)->warning(), "");
}

TEST_F(DecodedSoundTest, BeginsAgainAsOftenAsIsWanted) {
  base::Diagnosis why;
  const auto sound = DecodedSound::Open(File("tone.wav", tone_), Real(), why);
  ASSERT_TRUE(sound) << why.text();
  ASSERT_TRUE((*sound)->Restart(why));
  const std::vector<float> first = ReadAll(**sound).samples;
  for (const std::size_t some : {std::size_t{0}, std::size_t{1}, std::size_t{5000}}) {
    ASSERT_TRUE((*sound)->Restart(why)) << why.text();
    EXPECT_EQ((*sound)->position(), 0);
    std::vector<float> begun(some);
    ASSERT_TRUE((*sound)->Read(begun, why)) << why.text();
    ASSERT_TRUE((*sound)->Restart(why)) << why.text();
    EXPECT_EQ(ReadAll(**sound, 1 + some).samples, first);
  }
}

// The descriptor's place is its owner's.
TEST_F(DecodedSoundTest, ADescriptorIsReadFromItsBeginning) {
  base::Diagnosis why;
  const std::string path = File("tone.wav", tone_);
  system::UniqueFd file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  const int fd = file.get();
  ASSERT_EQ(::lseek(fd, 1000, SEEK_SET), 1000);
  const auto sound = DecodedSound::FromDescriptor(std::move(file), "it", Real(), why);
  ASSERT_TRUE(sound) << why.text();
  EXPECT_EQ(ReadAll(**sound).samples, DecodeAll(tone_).samples);
  EXPECT_EQ(::lseek(fd, 0, SEEK_CUR), 1000);
}

TEST_F(DecodedSoundTest, APipeCanBeReadTwice) {
  base::Diagnosis why;
  system::PipeEnds pipe = system::MakePipe();
  std::thread writer([&] {
    std::size_t sent = 0;
    while (sent < tone_.size()) {
      const ssize_t now = ::write(pipe.writing.get(), tone_.data() + sent, tone_.size() - sent);
      ASSERT_GT(now, 0);
      sent += static_cast<std::size_t>(now);
    }
    pipe.writing.Close();
  });
  const auto sound = DecodedSound::FromDescriptor(std::move(pipe.reading), "-", Real(), why);
  writer.join();
  ASSERT_TRUE(sound) << why.text();
  const std::vector<float> first = ReadAll(**sound).samples;
  EXPECT_EQ(first, DecodeAll(tone_).samples);
  ASSERT_TRUE((*sound)->Restart(why)) << why.text();
  EXPECT_EQ(ReadAll(**sound).samples, first);
}

TEST_F(DecodedSoundTest, APipeWithoutEndIsRefused) {
  base::Diagnosis why;
  SoundOptions options = Real();
  options.max_spooled_bytes = 1 << 20;
  system::UniqueFd zeros(::open("/dev/zero", O_RDONLY | O_CLOEXEC));
  const auto sound = DecodedSound::FromDescriptor(std::move(zeros), "zeros", options, why);
  ASSERT_FALSE(sound);
  EXPECT_EQ(sound.error(), Error::kTooLarge);
  EXPECT_EQ(why.text(),
            "zeros: sends more than the 1048576 bytes that are kept of a pipe; save it to a file "
            "and give that");
}

TEST_F(DecodedSoundTest, BytesInMemoryAreAFileToo) {
  base::Diagnosis why;
  auto sound = DecodedSound::FromBytes(std::as_bytes(std::span(tone_)), "upload", Real(), why);
  ASSERT_TRUE(sound) << why.text();
  EXPECT_EQ(ReadAll(**sound).samples, DecodeAll(tone_).samples);
  EXPECT_FALSE(DecodedSound::FromBytes({}, "upload", Real(), why));
  EXPECT_THAT(std::string(why.text()), StartsWith("upload: is empty"));
}

TEST_F(DecodedSoundTest, SaysWhatIsWrongWithAFile) {
  EXPECT_THAT(OpenError(folder_ / "none.wav", Error::kNotFound),
              EndsWith("none.wav: no such file; check the name"));
  EXPECT_THAT(OpenError(folder_ / "", Error::kWrongKind), HasSubstr("is a folder"));
  EXPECT_THAT(OpenError(File("empty.wav", {}), Error::kTruncated), HasSubstr("is empty"));
  const std::string text = "This is no sound.\n";
  EXPECT_THAT(OpenError(File("text.wav", Bytes(text.begin(), text.end())), Error::kWrongKind),
              HasSubstr("text.wav: is no sound file that is known here"));
  EXPECT_THAT(OpenError("/dev/null", Error::kTruncated), HasSubstr("/dev/null: is empty"));
}

TEST_F(DecodedSoundTest, ACutFileIsUsedWithAWarning) {
  base::Diagnosis why;
  Bytes cut = tone_;
  cut.resize(cut.size() / 2);
  const auto sound = DecodedSound::Open(File("cut.wav", cut), Real(), why);
  ASSERT_TRUE(sound) << why.text();
  EXPECT_EQ((*sound)->warning(), "");  // not yet
  EXPECT_NEAR(static_cast<double>(ReadAll(**sound).samples.size()), 8000, 20);
  EXPECT_THAT((*sound)->warning(), HasSubstr("cut.wav: ends after 0.5 s"));
}

TEST_F(DecodedSoundTest, NoSoundAtAllIsAnError) {
  base::Diagnosis why;
  const auto sound = DecodedSound::Open(File("nothing.wav", WavOf({}, Bytes())), Real(), why);
  ASSERT_TRUE(sound) << why.text();
  const Heard heard = ReadAll(**sound);
  EXPECT_FALSE(heard.ok);
  EXPECT_EQ(heard.error, Error::kTruncated);
  EXPECT_THAT(heard.sentence, HasSubstr("nothing.wav: has a sound track, but no sound is in it"));
}

TEST_F(DecodedSoundTest, LengthIsLimited) {
  base::Diagnosis why;
  SoundOptions options = Real();
  for (const auto& [seconds, fits] : {std::pair{1, false}, {2, true}}) {
    options.max_seconds = seconds;
    const auto sound = DecodedSound::Open(
        File("long.wav", WavOf({}, std::vector<double>(16001, 0.5))), options, why);
    ASSERT_TRUE(sound) << why.text();
    const Heard heard = ReadAll(**sound);
    EXPECT_EQ(heard.ok, fits);
    if (!fits) {
      EXPECT_EQ(heard.error, Error::kTooLarge);
      EXPECT_THAT(heard.sentence, HasSubstr("long.wav: is longer than the 1 s that are allowed"));
    }
  }
}

// Two hours, of which a file system holds the header.
TEST_F(DecodedSoundTest, HoursAreNeverInMemory) {
  base::Diagnosis why;
  constexpr std::int64_t kSamples = std::int64_t{2} * 3600 * 16000;
  const std::string path = folder_ / "hours.wav";
  Bytes header = WavOf({}, Bytes());
  for (int i = 0; i < 4; ++i) {
    header[static_cast<std::size_t>(4 + i)] =
        static_cast<std::uint8_t>((kSamples * 2 + 36) >> (8 * i));
    header[static_cast<std::size_t>(40 + i)] = static_cast<std::uint8_t>((kSamples * 2) >> (8 * i));
  }
  WriteBytes(path, header);
  ASSERT_EQ(::truncate(path.c_str(), 44 + kSamples * 2), 0);
  const auto peak = [](int who) {
    rusage usage{};
    ::getrusage(static_cast<__rusage_who>(who), &usage);
    return usage.ru_maxrss;  // KiB
  };
  const long before = peak(RUSAGE_SELF);
  const auto sound = DecodedSound::Open(path, Real(), why);
  ASSERT_TRUE(sound) << why.text();
  std::vector<float> some(4096);
  std::int64_t count = 0;
  for (std::size_t now = 1; now > 0; count += static_cast<std::int64_t>(now)) {
    const base::Result<std::size_t> read = (*sound)->Read(some, why);
    ASSERT_TRUE(read) << why.text();
    now = *read;
  }
  EXPECT_EQ(count, kSamples);
  if (PINHOLE_SANITIZED == 0) {
    EXPECT_LT(peak(RUSAGE_SELF) - before, 4096);
    EXPECT_LT(peak(RUSAGE_CHILDREN), 128 * 1024);
  }
}

TEST_F(DecodedSoundTest, TheDecodersSamplesAreNotBelieved) {
  // 2.0, -infinity, no number, 0.5
  const Heard heard = HearLiar(std::string(kHeader) +
                               "printf '\\000\\000\\000\\100\\000\\000\\200\\377"
                               "\\000\\000\\300\\177\\000\\000\\000\\077'");
  ASSERT_TRUE(heard.ok) << heard.sentence;
  EXPECT_THAT(heard.samples, testing::ElementsAre(1.0F, -1.0F, 0.0F, 0.5F));
}

TEST_F(DecodedSoundTest, ADecoderThatDiesIsAnErrorWithAName) {
  for (const std::string before : {"", kHeader, "printf abcd\n"}) {
    const Heard heard = HearLiar(before + "kill -SEGV $$");
    EXPECT_FALSE(heard.ok);
    EXPECT_EQ(heard.error, Error::kIo);
    EXPECT_THAT(heard.sentence, HasSubstr("some.wav: the decoder ended in the middle (killed by "
                                          "SIGSEGV)"));
  }
}

TEST_F(DecodedSoundTest, ADecoderThatStandsStillIsEnded) {
  for (const std::string before : {"", kHeader}) {
    SoundOptions options = Liar(before + "exec sleep 1000");
    options.patience_ms = 100;
    base::Diagnosis why;
    const auto sound = DecodedSound::Open(File("some.wav", tone_), options, why);
    std::string sentence(why.text());
    if (sound) {
      sentence = ReadAll(**sound).sentence;
    }
    EXPECT_THAT(sentence, HasSubstr("some.wav: the decoder has stood still"));
  }
}

TEST_F(DecodedSoundTest, ADecoderThatKeepsItsPipeButEndsIsNoticed) {
  const Heard silent = HearLiar("exit 0");
  EXPECT_EQ(silent.error, Error::kIo);
  EXPECT_THAT(silent.sentence, HasSubstr("ended in the middle without a reason"));
  const Heard half = HearLiar(std::string(kHeader) + "printf 'abcdef'");
  EXPECT_EQ(half.error, Error::kIo);
  EXPECT_THAT(half.sentence, HasSubstr("ended in the middle without a reason"));
}

TEST_F(DecodedSoundTest, ADecodersAnswerIsParsedAsAnybodys) {
  for (const char* lie : {"echo hello", "head -c 100000 /dev/zero", "yes", "echo; echo; echo"}) {
    const Heard heard = HearLiar(lie);
    EXPECT_EQ(heard.error, Error::kMalformed) << lie;
    EXPECT_THAT(heard.sentence, HasSubstr("which is not how sound begins")) << lie;
  }
}

TEST_F(DecodedSoundTest, ADecodersSentenceIsMadeHarmless) {
  const Heard heard = HearLiar("printf 'is \\033[31mred\\n' >&2; exit " +
                               std::to_string(kExitOfError + static_cast<int>(Error::kMalformed)));
  EXPECT_EQ(heard.error, Error::kMalformed);
  EXPECT_THAT(heard.sentence, EndsWith("some.wav: is ?[31mred?"));
  const Heard odd = HearLiar("exit 3");
  EXPECT_EQ(odd.error, Error::kIo);
  EXPECT_THAT(odd.sentence, EndsWith("some.wav: the decoder gives no reason"));
  const Heard much = HearLiar("head -c 60000 /dev/zero >&2; exit 255");
  EXPECT_EQ(much.error, Error::kIo);
}

TEST_F(DecodedSoundTest, AFailureIsNotAnEnd) {
  base::Diagnosis why;
  const auto sound = DecodedSound::Open(
      File("some.wav", tone_), Liar(std::string(kHeader) + "printf 'abcdefgh'; kill -9 $$"), why);
  ASSERT_TRUE(sound) << why.text();
  EXPECT_FALSE(ReadAll(**sound).ok);
  std::vector<float> some(10);
  EXPECT_EQ((*sound)->Read(some, why).error(), Error::kNotReady);
}

TEST_F(DecodedSoundTest, WithoutADecoderNothingIsDecoded) {
  SoundOptions options;
  options.program = folder_ / "not-there";
  base::Diagnosis why;
  const auto sound = DecodedSound::Open(File("some.wav", tone_), options, why);
  ASSERT_FALSE(sound);
  EXPECT_THAT(std::string(why.text()), HasSubstr("not-there: can't be started"));
}

// Ended by whoever lets go of it, whatever it is doing.
TEST_F(DecodedSoundTest, LettingGoEndsTheDecoder) {
  base::Diagnosis why;
  SoundOptions options =
      Liar("echo $$ > " + (folder_ / "pid") + "\n" + kHeader + "exec sleep 1000");
  {
    const auto sound = DecodedSound::Open(File("some.wav", tone_), options, why);
    ASSERT_TRUE(sound) << why.text();
  }
  int pid = 0;
  std::ifstream(folder_ / "pid") >> pid;
  ASSERT_GT(pid, 1);
  EXPECT_NE(::kill(pid, 0), 0);
}

TEST_F(DecodedSoundTest, SpeechIsTheSameInBothOfItsFiles) {
  const auto wav = base::TestData("audio/jfk.wav");
  const auto flac = base::TestData("audio/jfk.flac");
  if (!fs::exists(wav) || !fs::exists(flac)) {
    GTEST_SKIP() << wav << " or " << flac << " is missing (set PINHOLE_DATA)";
  }
  base::Diagnosis why;
  const auto first = DecodedSound::Open(wav.string(), Real(), why);
  const auto second = DecodedSound::Open(flac.string(), Real(), why);
  ASSERT_TRUE(first && second) << why.text();
  const std::vector<float> a = ReadAll(**first).samples;
  const std::vector<float> b = ReadAll(**second).samples;
  ASSERT_EQ(a.size(), 176000U);
  ASSERT_NEAR(static_cast<double>(b.size()), 176000, 2);
  double ab = 0;
  double aa = 0;
  double bb = 0;
  for (std::size_t i = 0; i < std::min(a.size(), b.size()); ++i) {
    ab += static_cast<double>(a[i]) * static_cast<double>(b[i]);
    aa += static_cast<double>(a[i]) * static_cast<double>(a[i]);
    bb += static_cast<double>(b[i]) * static_cast<double>(b[i]);
  }
  // Made from one recording by somebody's else's filter.
  EXPECT_GT(ab / std::sqrt(aa * bb), 0.999);
  EXPECT_NEAR(std::sqrt(aa / bb), 1, 0.01);
}

}  // namespace
}  // namespace pinhole::speech
