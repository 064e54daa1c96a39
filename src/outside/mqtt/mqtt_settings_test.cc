// SPDX-License-Identifier: Apache-2.0
#include "outside/mqtt/mqtt_settings.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>

#include "outside/mqtt/broker_for_tests.h"

namespace pinhole::outside::mqtt {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

MqttOptions Named() {
  MqttOptions options;
  options.device_id = "hall";
  return options;
}

// The sentence with which `change` is refused; empty where it is not.
std::string Refused(const std::function<void(MqttOptions&)>& change) {
  MqttOptions options = Named();
  change(options);
  base::Diagnosis why;
  const auto settings = CheckOptions(options, why);
  EXPECT_EQ(settings.has_value(), why.empty());
  return std::string(why.text());
}

TEST(MqttSettings, TheDefaultsAreSoundAndComplete) {
  base::Diagnosis why;
  const auto plain = CheckOptions(Named(), why);
  ASSERT_TRUE(plain) << why.text();
  EXPECT_EQ(plain->options.port, 1883);
  EXPECT_EQ(plain->profile, facts::PersonProfile::kPeople);
  EXPECT_EQ(ShownBroker(plain->options), "localhost:1883");
  MqttOptions secure = Named();
  secure.tls = true;
  const auto with_tls = CheckOptions(secure, why);
  ASSERT_TRUE(with_tls) << why.text();
  EXPECT_EQ(with_tls->options.port, 8883);
}

TEST(MqttSettings, TheHostIsANameOrAnAddress) {
  for (const char* right :
       {"broker", "broker.lan", "192.168.1.5", "::1", "fe80::1%eth0", "a_b-c"}) {
    EXPECT_EQ(Refused([&](MqttOptions& o) { o.host = right; }), "") << right;
  }
  for (const char* wrong :
       {"", "mqtt://broker", "broker:1883", "[::1]", "a b", "a\nb", "user@host", "bröker", "a/b"}) {
    EXPECT_THAT(Refused([&](MqttOptions& o) { o.host = wrong; }), StartsWith("mqtt host: "))
        << wrong;
  }
  EXPECT_NE(Refused([](MqttOptions& o) { o.host = std::string(300, 'a'); }), "");
  MqttOptions six = Named();
  six.host = "::1";
  six.port = 1883;
  EXPECT_EQ(ShownBroker(six), "[::1]:1883");
}

TEST(MqttSettings, APortOfTheOtherProtocolIsAMistake) {
  EXPECT_THAT(Refused([](MqttOptions& o) { o.port = 8883; }), HasSubstr("turn tls on"));
  EXPECT_THAT(Refused([](MqttOptions& o) {
                o.tls = true;
                o.port = 1883;
              }),
              HasSubstr("turn tls off"));
  EXPECT_EQ(Refused([](MqttOptions& o) { o.port = 1884; }), "");
}

TEST(MqttSettings, NamesKeepToTheirCharacters) {
  for (const char* wrong : {"Hall", "a b", "a/b", "a+b", "#", "ä"}) {
    EXPECT_THAT(Refused([&](MqttOptions& o) { o.device_id = wrong; }),
                StartsWith("mqtt device_id: "))
        << wrong;
  }
  EXPECT_NE(Refused([](MqttOptions& o) { o.device_id = std::string(65, 'a'); }), "");
  EXPECT_EQ(Refused([](MqttOptions& o) { o.device_id = std::string(64, 'a'); }), "");
  for (const char* wrong : {"", "a\nb", "\xff", "\xc3"}) {
    EXPECT_THAT(Refused([&](MqttOptions& o) { o.device_name = wrong; }),
                StartsWith("mqtt device_name: "));
  }
  EXPECT_EQ(Refused([](MqttOptions& o) { o.device_name = "Küche \"1\""; }), "");
}

TEST(MqttSettings, TopicsHaveNoWildcards) {
  for (const char* wrong :
       {"", "a/#", "+", "a+", "/a", "a/", "a//b", "$SYS", "a\tb", "a\x7f", "\xff"}) {
    EXPECT_THAT(Refused([&](MqttOptions& o) { o.topic_prefix = wrong; }),
                StartsWith("mqtt topic_prefix: "))
        << wrong;
    EXPECT_THAT(Refused([&](MqttOptions& o) { o.discovery_prefix = wrong; }),
                StartsWith("mqtt discovery_prefix: "))
        << wrong;
  }
  EXPECT_EQ(Refused([](MqttOptions& o) { o.topic_prefix = "home/floor 1/pinhole"; }), "");
}

TEST(MqttSettings, NumbersHaveRanges) {
  EXPECT_EQ(Refused([](MqttOptions& o) { o.buffer = 0; }), "");
  EXPECT_EQ(Refused([](MqttOptions& o) { o.buffer = 100'000; }), "");
  EXPECT_THAT(Refused([](MqttOptions& o) { o.buffer = 100'001; }), StartsWith("mqtt buffer: "));
  for (const std::uint32_t wrong : {0U, 5U, 86'401U}) {
    EXPECT_THAT(Refused([&](MqttOptions& o) { o.expire_after_s = wrong; }),
                StartsWith("mqtt expire_after_s: "));
  }
  EXPECT_NE(Refused([](MqttOptions& o) { o.retry_from_ms = 0; }), "");
  EXPECT_NE(Refused([](MqttOptions& o) { o.retry_up_to_ms = 1; }), "");
}

TEST(MqttSettings, TheProfileIsKnown) {
  EXPECT_THAT(Refused([](MqttOptions& o) { o.profile = "everything"; }),
              HasSubstr("presence, people or compatible"));
}

TEST(MqttSettings, FilesAreReadBeforeAnythingStarts) {
  const TempFolder folder;
  const auto with_tls = [&](std::string MqttOptions::* file, const std::string& path) {
    return Refused([&](MqttOptions& o) {
      o.tls = true;
      o.*file = path;
    });
  };
  EXPECT_THAT(with_tls(&MqttOptions::ca_file, folder.path() + "/none.pem"),
              StartsWith("mqtt ca_file: "));
  const std::string no_pem = folder.Write("no.pem", "hello");
  EXPECT_THAT(with_tls(&MqttOptions::ca_file, no_pem), HasSubstr("holds no certificate"));
  EXPECT_THAT(with_tls(&MqttOptions::cert_file, no_pem), HasSubstr("give both or none"));
  EXPECT_THAT(with_tls(&MqttOptions::ca_file, "-"), HasSubstr("standard input"));
  const std::string cert = folder.Write("cert.pem", "-----BEGIN CERTIFICATE-----");
  const std::string locked = folder.Write("key.pem", "-----BEGIN ENCRYPTED PRIVATE KEY-----");
  EXPECT_THAT(Refused([&](MqttOptions& o) {
                o.tls = true;
                o.cert_file = cert;
                o.key_file = locked;
              }),
              HasSubstr("locked with a passphrase"));
  EXPECT_THAT(Refused([&](MqttOptions& o) { o.ca_file = cert; }), StartsWith("mqtt tls: is off"));
}

TEST(MqttSettings, ThePasswordIsTheFilesFirstLineAndStaysSecret) {
  const TempFolder folder;
  base::Diagnosis why;
  MqttOptions options = Named();
  options.user = "sensor";
  for (const char* text : {"se cret", "se cret\n", "se cret\r\nmore\n"}) {
    options.password_file = folder.Write("password", text);
    const auto settings = CheckOptions(options, why);
    ASSERT_TRUE(settings) << why.text();
    EXPECT_EQ(settings->password, "se cret");
  }
  const auto refused = [&](const std::string& text) {
    return Refused([&](MqttOptions& o) {
      o.user = "sensor";
      o.password_file = folder.Write("password", text);
    });
  };
  EXPECT_THAT(refused("\nsecret"), HasSubstr("is empty"));
  EXPECT_THAT(refused(std::string("sec\0ret", 7)), HasSubstr("control characters"));
  EXPECT_THAT(refused("sec\tret"), Not(HasSubstr("sec\t")));
  EXPECT_THAT(Refused([&](MqttOptions& o) { o.password_file = folder.Write("password", "x"); }),
              HasSubstr("without user"));
  EXPECT_THAT(Refused([](MqttOptions& o) {
                o.user = "sensor";
                o.password_file = "/nowhere/password";
              }),
              StartsWith("mqtt password_file: "));
}

TEST(MqttSettings, AnUnnamedSensorIsNamedAfterTheMachine) {
  const TempFolder folder;
  base::Diagnosis why;
  const std::string machine = "0123456789abcdef0123456789abcdef";
  const auto settings = CheckOptions(MqttOptions{}, why, folder.Write("id", machine + "\n"));
  ASSERT_TRUE(settings) << why.text();
  EXPECT_THAT(settings->options.device_id, testing::MatchesRegex("pinhole-[0-9a-f]{8}"));
  EXPECT_FALSE(CheckOptions(MqttOptions{}, why, folder.Write("id", "uninitialized\n")));
  EXPECT_THAT(std::string(why.text()), HasSubstr("give a device_id"));
  EXPECT_FALSE(CheckOptions(MqttOptions{}, why, folder.path() + "/none"));
}

}  // namespace
}  // namespace pinhole::outside::mqtt
