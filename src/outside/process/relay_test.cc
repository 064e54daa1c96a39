// SPDX-License-Identifier: Apache-2.0
#include "outside/process/relay.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <random>
#include <string>

#include "facts/person_codec.h"
#include "facts/person_records_for_tests.h"

namespace pinhole::outside::process {
namespace {

using facts::PersonFacts;
using facts::PersonProfile;

class Recorder final : public outlet::Outlet {
 public:
  explicit Recorder(std::vector<PersonFacts>& heard) : heard_(heard) {}
  [[nodiscard]] std::string_view name() const override { return "recorder"; }
  void Publish(const PersonFacts& facts) override { heard_.push_back(facts); }

 private:
  std::vector<PersonFacts>& heard_;
};

class RelayTest : public testing::Test {
 protected:
  RelayTest() : pipe_(system::MakePipe()) {
    ::signal(SIGPIPE, SIG_IGN);
    ::fcntl(pipe_.reading.get(), F_SETFL, O_NONBLOCK);
    ::fcntl(pipe_.writing.get(), F_SETFL, O_NONBLOCK);
    outlets_.push_back(std::make_unique<Recorder>(heard_));
  }
  Relay Make(PersonProfile profile) {
    return Relay(std::move(pipe_.reading), profile, outlets_,
                 [this](std::string_view sentence) { notices_.emplace_back(sentence); });
  }
  ssize_t Write(const PersonFacts& facts) {
    std::array<std::byte, facts::kPersonFactsBytes> record{};
    EXPECT_TRUE(facts::EncodePerson(facts, record));
    return ::write(pipe_.writing.get(), record.data(), record.size());
  }

  system::PipeEnds pipe_;
  std::vector<PersonFacts> heard_;
  Outlets outlets_;
  std::vector<std::string> notices_;
};

TEST_F(RelayTest, OneReducedRecordATickTheNewest) {
  Relay relay = Make(PersonProfile::kPeople);
  std::mt19937 random(5);
  PersonFacts newest;
  for (int tick = 0; tick < 50; ++tick) {
    for (unsigned i = 0; i <= random() % 9; ++i) {
      newest = facts::AnyRecord(random);
      ASSERT_EQ(Write(newest), 37);
    }
    relay.Tick();
    ASSERT_EQ(heard_.size(), static_cast<std::size_t>(tick) + 1);
    EXPECT_EQ(heard_.back(), facts::Reduce(newest, PersonProfile::kPeople));
  }
  EXPECT_TRUE(notices_.empty());
}

TEST_F(RelayTest, SilenceIsNoReadingAfterTwoTicks) {
  Relay relay = Make(PersonProfile::kPresence);
  PersonFacts somebody;
  somebody.reading = somebody.present = 1;
  Write(somebody);
  for (int i = 0; i < 4; ++i) {
    relay.Tick();
  }
  EXPECT_EQ(heard_, (std::vector<PersonFacts>{somebody, somebody, {}, {}}));
}

TEST_F(RelayTest, AWriterThatIsGoneIsSilence) {
  Relay relay = Make(PersonProfile::kPresence);
  pipe_.writing.Close();
  relay.Tick();
  relay.Tick();
  EXPECT_EQ(heard_.back(), PersonFacts{});
  EXPECT_TRUE(relay.open());
}

TEST_F(RelayTest, ABadRecordCutsTheInsideOff) {
  Relay relay = Make(PersonProfile::kPeople);
  PersonFacts somebody;
  somebody.reading = somebody.present = 1;
  Write(somebody);
  const std::array<char, 37> bad = {1, 1, 9};
  ASSERT_EQ(::write(pipe_.writing.get(), bad.data(), bad.size()), 37);
  relay.Tick();
  EXPECT_FALSE(relay.open());
  ASSERT_EQ(notices_.size(), 1U);
  EXPECT_NE(notices_[0].find("compromised"), std::string::npos);
  EXPECT_EQ(heard_.back(), PersonFacts{});
  EXPECT_LT(Write(somebody), 0);  // its next record would kill it
  EXPECT_EQ(errno, EPIPE);
  relay.Tick();
  EXPECT_EQ(heard_.back(), PersonFacts{});
  EXPECT_EQ(notices_.size(), 1U);
}

TEST_F(RelayTest, AFloodIsReadAndForgotten) {
  Relay relay = Make(PersonProfile::kPresence);
  PersonFacts somebody;
  somebody.reading = somebody.present = 1;
  int written = 0;
  while (Write(somebody) == 37) {
    ++written;
  }
  EXPECT_GT(written, 1000);
  relay.Tick();
  EXPECT_EQ(heard_.back(), somebody);
  EXPECT_TRUE(relay.open());
  EXPECT_EQ(Write({}), 37);  // there is room again
}

}  // namespace
}  // namespace pinhole::outside::process
