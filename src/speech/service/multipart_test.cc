// SPDX-License-Identifier: Apache-2.0
#include "speech/service/multipart.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <string>
#include <vector>

namespace pinhole::speech::service {
namespace {

using State = MultipartReader::State;

struct Got {
  struct Part {
    std::string name, file_name, bytes;
    bool is_file = false, ended = false;
    bool operator==(const Part&) const = default;
  };
  State state = State::kMore;
  std::string failure;
  std::vector<Part> parts;
  bool operator==(const Got&) const = default;
};

class Keeper : public MultipartReader::Sink {
 public:
  explicit Keeper(std::vector<Got::Part>& parts) : parts_(parts) {}
  bool BeginPart(const MultipartReader::Part& part) override {
    parts_.push_back({part.name, part.file_name, {}, part.is_file, false});
    return true;
  }
  bool Data(std::string_view bytes) override {
    EXPECT_FALSE(bytes.empty());
    parts_.back().bytes += bytes;
    return true;
  }
  bool EndPart() override { return parts_.back().ended = true; }

 private:
  std::vector<Got::Part>& parts_;
};

Got Read(std::string_view form, std::size_t piece = 1000000, std::string_view boundary = "b") {
  Got got;
  Keeper keeper(got.parts);
  MultipartReader reader(boundary, keeper);
  for (std::size_t at = 0; at < form.size(); at += piece) {
    reader.Feed(form.substr(at, piece));
  }
  got.state = reader.state();
  got.failure = reader.failure();
  return got;
}

std::string Part(std::string_view disposition, std::string_view bytes) {
  return "--b\r\nContent-Disposition: " + std::string(disposition) + "\r\n\r\n" +
         std::string(bytes) + "\r\n";
}

std::string Named(std::string_view name, std::string_view bytes) {
  return Part("form-data; name=\"" + std::string(name) + "\"", bytes);
}

TEST(Multipart, WhatWasPutInComesOut) {
  std::mt19937 random(3);
  for (int round = 0; round < 500; ++round) {
    Got expected;
    std::string form;
    for (unsigned i = random() % 4; i > 0; --i) {
      std::string bytes;
      for (unsigned j = random() % 40; j > 0; --j) {
        // The bytes that a boundary is made of, but never a whole one.
        bytes += "\r\n-b\0x"[random() % 6];
      }
      if (("\r\n" + bytes).find("\r\n--b") != std::string::npos) {
        continue;
      }
      expected.parts.push_back({"n", "", bytes, false, true});
      form += Named("n", bytes);
    }
    form += "--b--\r\n";
    expected.state = State::kDone;
    for (const std::size_t piece : {1, 2, 3, 7, 1000}) {
      ASSERT_EQ(Read(form, piece), expected) << form;
    }
  }
}

TEST(Multipart, AnySplitGivesTheSame) {
  std::mt19937 random(4);
  const std::string sound = "preamble\r\n" + Named("model", "whisper-1") +
                            Part("form-data; name=\"file\"; filename=\"a.wav\"\r\nX: y", "RIFF") +
                            "--b-- \r\nepilogue --b";
  for (int round = 0; round < 2000; ++round) {
    std::string form = sound;
    for (unsigned i = random() % 3; i > 0; --i) {
      form[random() % form.size()] = "\r\n-b:;\"= a"[random() % 10];
    }
    const Got whole = Read(form);
    for (const std::size_t piece : {1, 2, 5, 11}) {
      ASSERT_EQ(Read(form, piece), whole) << form;
    }
  }
}

TEST(Multipart, HeadsAtTheLimitSplitAnywhere) {
  for (std::size_t more = 0; more < 8; ++more) {
    const std::string fill(MultipartReader::kMaxHead - 52 + more, 'x');
    const std::string form =
        "--b\r\nContent-Disposition: form-data; name=\"n\"\r\nX: " + fill + "\r\n\r\n1\r\n--b--";
    const Got whole = Read(form);
    for (const std::size_t piece : {1, 2, 3, 4, 5}) {
      ASSERT_EQ(Read(form, piece), whole) << more;
    }
  }
}

TEST(Multipart, NamesAreRead) {
  struct Case {
    const char* disposition;
    const char* name;
    const char* file_name;
    bool is_file;
  };
  for (const Case& test : {
           Case{"form-data; name=file; filename=a.wav", "file", "a.wav", true},
           Case{"FORM-DATA;NAME=\"x[]\"", "x[]", "", false},
           Case{R"(form-data; name="a\"b"; filename="c\\d\"e")", "a\"b", "d\"e", true},
           Case{R"(form-data; name="file"; filename="C:\sound\a.wav")", "file", "a.wav", true},
           Case{"form-data; name=\"file\"; filename=\"../../etc/passwd\"", "file", "passwd", true},
           Case{"form-data; name=\"file\"; filename*=UTF-8''%e2%82%ac", "file", "", true},
           Case{"form-data; name=\"file\"; filename=\"\"", "file", "", true},
       }) {
    const Got got = Read(Part(test.disposition, "1") + "--b--");
    ASSERT_EQ(got.state, State::kDone) << test.disposition << ": " << got.failure;
    ASSERT_EQ(got.parts.size(), 1U);
    EXPECT_EQ(got.parts[0].name, test.name);
    EXPECT_EQ(got.parts[0].file_name, test.file_name);
    EXPECT_EQ(got.parts[0].is_file, test.is_file);
  }
}

TEST(Multipart, WhatBreaksTheRulesIsRefused) {
  for (const std::string& form : {
           std::string("--bx\r\n"),
           std::string("--b-x\r\n"),
           std::string("--b\n"),
           std::string("--b\r\n\r\n1\r\n--b--"),
           Part("attachment; name=\"n\"", "1"),
           Part("form-data", "1"),
           Part("form-data; name=\"\"", "1"),
           Part("form-data; name", "1"),
           Part("form-data; name=\"n", "1"),
           Part("form-data; name=\"a\"; name=\"b\"", "1"),
           Part("form-data name=\"a\"", "1"),
           Part("form-data; name=\"n\"\r\nContent-Disposition: form-data; name=\"m\"", "1"),
           Part("form-data; name=\"n\"\r\nContent-Transfer-Encoding: base64", "1"),
           Part("form-data; name=\"n\"\r\nno header", "1"),
           Part("form-data; name=\"n\"\r\n folded: x", "1"),
           Part("form-data; name=\"n\"\nX: y", "1"),
           Part("form-data; name=\"" + std::string(129, 'n') + "\"", "1"),
           Part("form-data; name=\"n\"\r\nX: " + std::string(5000, 'x'), "1"),
           "--b" + std::string(100, ' ') + "\r\n",
       }) {
    const Got got = Read(form);
    EXPECT_EQ(got.state, State::kRefused) << form;
    EXPECT_FALSE(got.failure.empty());
  }
}

TEST(Multipart, PartsAreCounted) {
  std::string form;
  for (int i = 0; i < MultipartReader::kMaxParts; ++i) {
    form += Named("n", "1");
  }
  EXPECT_EQ(Read(form + "--b--").state, State::kDone);
  EXPECT_EQ(Read(form + Named("n", "1")).state, State::kRefused);
}

TEST(Multipart, WithoutItsEndItIsNotDone) {
  const std::string form = Named("n", "1") + "--b--";
  for (std::size_t size = 0; size < form.size(); ++size) {
    ASSERT_EQ(Read(form.substr(0, size)).state, State::kMore) << size;
  }
  EXPECT_EQ(Read(Named("n", "1") + "--c--").state, State::kMore) << "another boundary is content";
}

TEST(Multipart, ASinkThatWantsNoMoreEndsIt) {
  class Sated : public Keeper {
   public:
    using Keeper::Keeper;
    bool Data(std::string_view /*bytes*/) override { return false; }
  };
  std::vector<Got::Part> parts;
  Sated sated(parts);
  MultipartReader reader("b", sated);
  EXPECT_EQ(reader.Feed(Named("n", "more than a boundary")), State::kRefused);
  EXPECT_EQ(reader.failure(), "");
  EXPECT_EQ(reader.Feed("--b--"), State::kRefused);
}

TEST(MultipartBoundary, IsTakenFromTheContentType) {
  EXPECT_EQ(MultipartBoundary("multipart/form-data; boundary=abc"), "abc");
  EXPECT_EQ(MultipartBoundary("Multipart/Form-Data; charset=utf-8; BOUNDARY=\"a b:c\""), "a b:c");
  for (const char* none :
       {"", "application/json", "multipart/mixed; boundary=b", "multipart/form-datax; boundary=b",
        "application/x-www-form-urlencoded"}) {
    EXPECT_FALSE(MultipartBoundary(none)) << none;
  }
  for (const std::string& bad :
       {std::string("multipart/form-data"), std::string("multipart/form-data; boundary="),
        std::string("multipart/form-data; boundary=\"a\x01\""),
        std::string("multipart/form-data; boundary=\"a \""),
        std::string("multipart/form-data; boundary=\"a"),
        "multipart/form-data; boundary=" + std::string(71, 'b')}) {
    EXPECT_EQ(MultipartBoundary(bad), "") << bad;
  }
}

}  // namespace
}  // namespace pinhole::speech::service
