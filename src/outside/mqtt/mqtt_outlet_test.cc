// SPDX-License-Identifier: Apache-2.0
#include "outside/mqtt/mqtt_outlet.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <random>
#include <set>

#include "outside/log/person_log.h"
#include "outside/mqtt/broker_for_tests.h"
#include "outside/mqtt/broker_link.h"
#include "outside/mqtt/home_assistant.h"

namespace pinhole::outside::mqtt {
namespace {

using facts::PersonFacts;
using std::chrono::milliseconds;
using std::chrono::steady_clock;
using ::testing::Each;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::SizeIs;
using ::testing::StartsWith;

const std::string kState = "pinhole/hall/state";
const std::string kAvailability = "pinhole/hall/availability";
const std::string kAnnouncement = "homeassistant/device/hall/config";

#define PINHOLE_NEEDS_MOSQUITTO()                                              \
  if (!Broker::Installed()) {                                                  \
    GTEST_SKIP() << "no mosquitto on this machine: apt-get install mosquitto"; \
  }

// What the outlet told its owner.
class Sentences {
 public:
  outlet::Notices notices() {
    return [this](std::string_view sentence) {
      const std::scoped_lock lock(mutex_);
      sentences_.emplace_back(sentence);
    };
  }
  std::vector<std::string> all() {
    const std::scoped_lock lock(mutex_);
    return sentences_;
  }
  bool Hears(const std::string& words) {
    return Until([&] {
      const std::vector<std::string> said = all();
      return std::any_of(said.begin(), said.end(), [&](const std::string& sentence) {
        return sentence.find(words) != std::string::npos;
      });
    });
  }

 private:
  std::mutex mutex_;
  std::vector<std::string> sentences_;
};

MqttOptions Quick(std::uint16_t port) {
  MqttOptions options;
  options.host = "127.0.0.1";
  options.port = port;
  options.device_id = "hall";
  options.profile = "compatible";
  options.retry_from_ms = 50;
  options.retry_up_to_ms = 200;
  options.answer_within_ms = 10'000;
  return options;
}

std::unique_ptr<outlet::Outlet> Open(const MqttOptions& options, outlet::Notices notices = {}) {
  base::Diagnosis why;
  auto outlet = OpenMqtt(options, std::move(notices), why);
  EXPECT_TRUE(outlet) << why.text();
  return outlet ? *std::move(outlet) : nullptr;
}

// A record of its own for each number below 10,000.
PersonFacts Numbered(int number) {
  PersonFacts facts;
  facts.reading = 1;
  facts.present = 1;
  facts.count = 1;
  facts.faces[0].confidence = 200;
  facts.faces[0].left = static_cast<std::uint8_t>(number % 100);
  facts.faces[0].top = static_cast<std::uint8_t>(number / 100);
  facts.faces[0].right = static_cast<std::uint8_t>(number % 100 + 50);
  facts.faces[0].bottom = static_cast<std::uint8_t>(number / 100 + 50);
  return facts;
}

std::string Line(const PersonFacts& facts) {
  std::array<char, log::kMaxJsonLine> line{};
  return std::string(log::JsonLine(facts, line));
}

std::vector<std::string> Lines(int first, int end) {
  std::vector<std::string> lines;
  for (int number = first; number < end; ++number) {
    lines.push_back(Line(Numbered(number)));
  }
  return lines;
}

// Each payload's first arrival: at least once is what QoS 1 promises.
std::vector<std::string> FirstArrivals(const std::vector<std::string>& payloads) {
  std::set<std::string> seen;
  std::vector<std::string> first;
  for (const std::string& payload : payloads) {
    if (seen.insert(payload).second) {
      first.push_back(payload);
    }
  }
  return first;
}

milliseconds Since(steady_clock::time_point began) {
  return std::chrono::duration_cast<milliseconds>(steady_clock::now() - began);
}

TEST(MqttOutlet, PublishesStateAvailabilityAndAnnouncementRetained) {
  PINHOLE_NEEDS_MOSQUITTO();
  Broker broker;
  broker.Start();
  Sentences sentences;
  MqttOptions options = Quick(broker.port());
  options.device_name = "Hall";
  const auto outlet = Open(options, sentences.notices());
  EXPECT_EQ(outlet->name(), "mqtt");
  outlet->Publish(Numbered(7));
  Witness early(broker.port());
  ASSERT_TRUE(early.Sees(kState, Line(Numbered(7))));

  std::map<std::string, std::string> retained;
  ASSERT_TRUE(Until([&] {
    retained.clear();
    for (const Message& message : early.seen()) {
      retained[message.topic] = message.payload;
    }
    return retained.size() >= 3;
  }));
  EXPECT_THAT(retained, SizeIs(3)) << "and nothing else";
  EXPECT_EQ(retained[kAvailability], "online");
  const Topics topics = TopicsFor("pinhole", "homeassistant", "hall");
  EXPECT_EQ(retained[kAnnouncement],
            Announcement({"hall", "Hall", facts::PersonProfile::kCompatible, 30}, topics,
                         PINHOLE_VERSION));
  EXPECT_THAT(sentences.all(), IsEmpty()) << "nothing to say where all is well";
}

TEST(MqttOutlet, WhoComesLateFindsEverythingRetained) {
  PINHOLE_NEEDS_MOSQUITTO();
  Broker broker;
  broker.Start();
  const auto outlet = Open(Quick(broker.port()));
  outlet->Publish(Numbered(1));
  outlet->Publish(Numbered(2));
  {
    Witness first(broker.port());
    ASSERT_TRUE(first.Sees(kState, Line(Numbered(2))));
    ASSERT_TRUE(first.Sees(kAvailability, "online"));
  }
  Witness late(broker.port(), {}, "late");
  ASSERT_TRUE(Until([&] { return late.seen().size() >= 3; }));
  for (const Message& message : late.seen()) {
    EXPECT_TRUE(message.retained) << message.topic;
  }
  EXPECT_THAT(late.Of(kState), ElementsAre(Line(Numbered(2))));
}

TEST(MqttOutlet, WithoutDiscoveryNothingIsAnnounced) {
  PINHOLE_NEEDS_MOSQUITTO();
  Broker broker;
  broker.Start();
  Witness witness(broker.port());
  MqttOptions options = Quick(broker.port());
  options.discovery = false;
  const auto outlet = Open(options);
  outlet->Publish(Numbered(1));
  ASSERT_TRUE(witness.Sees(kState, Line(Numbered(1))));
  EXPECT_THAT(witness.Of(kAnnouncement), IsEmpty());
}

TEST(MqttOutlet, OnlyWhatIsNewIsPublished) {
  PINHOLE_NEEDS_MOSQUITTO();
  Broker broker;
  broker.Start();
  Witness witness(broker.port());
  const auto outlet = Open(Quick(broker.port()));
  for (int tick = 0; tick < 50; ++tick) {
    outlet->Publish(Numbered(1));
  }
  outlet->Publish(PersonFacts{});
  ASSERT_TRUE(witness.Sees(kState, Line(PersonFacts{})));
  EXPECT_THAT(witness.Of(kState), ElementsAre(Line(Numbered(1)), Line(PersonFacts{})));
  EXPECT_THAT(Line(PersonFacts{}), HasSubstr("\"reading\":false"));
}

TEST(MqttOutlet, GivesASignOfLife) {
  PINHOLE_NEEDS_MOSQUITTO();
  Broker broker;
  broker.Start();
  Witness witness(broker.port());
  MqttOptions options = Quick(broker.port());
  options.expire_after_s = 6;
  const auto outlet = Open(options);
  const auto began = steady_clock::now();
  ASSERT_TRUE(Until([&] {
    outlet->Publish(Numbered(1));
    return witness.Of(kState).size() >= 3;
  }));
  EXPECT_GE(Since(began), milliseconds(3900)) << "two thirds of expire_after_s";
  EXPECT_THAT(witness.Of(kState), Each(Line(Numbered(1))));
}

TEST(MqttOutlet, ClosingSaysOfflineOnceAndFast) {
  PINHOLE_NEEDS_MOSQUITTO();
  Broker broker;
  broker.Start();
  Witness witness(broker.port());
  auto outlet = Open(Quick(broker.port()));
  outlet->Publish(Numbered(1));
  ASSERT_TRUE(witness.Sees(kAvailability, "online"));
  outlet->Publish(Numbered(2));
  const auto began = steady_clock::now();
  outlet.reset();
  EXPECT_LT(Since(began), milliseconds(1500));
  ASSERT_TRUE(witness.Sees(kAvailability, "offline"));
  EXPECT_THAT(witness.Of(kAvailability), ElementsAre("online", "offline"));
  EXPECT_THAT(witness.Of(kState), ElementsAre(Line(Numbered(1)), Line(Numbered(2))))
      << "what was published last is not lost by closing";
}

TEST(MqttOutlet, AProcessThatIsKilledGoesOffline) {
  PINHOLE_NEEDS_MOSQUITTO();
  Broker broker;
  broker.Start();
  const pid_t child = fork();
  if (child == 0) {
    const auto outlet = Open(Quick(broker.port()));
    outlet->Publish(Numbered(1));
    for (;;) {
      pause();
    }
  }
  Witness witness(broker.port());
  EXPECT_TRUE(witness.Sees(kAvailability, "online"));
  kill(child, SIGKILL);
  waitpid(child, nullptr, 0);
  EXPECT_TRUE(witness.Sees(kAvailability, "offline"));
}

TEST(MqttOutlet, AnnouncesItselfAgainWhenHomeAssistantComesUp) {
  PINHOLE_NEEDS_MOSQUITTO();
  Broker broker;
  broker.Start();
  Witness witness(broker.port());
  witness.Publish("homeassistant/status", "online", true);  // there before us: no reason
  const auto outlet = Open(Quick(broker.port()));
  ASSERT_TRUE(witness.Sees(kAvailability, "online"));
  for (const char* other : {"offline", "", "online ", "ONLINE", "onlin"}) {
    witness.Publish("homeassistant/status", other);
  }
  outlet->Publish(Numbered(1));
  ASSERT_TRUE(witness.Sees(kState, Line(Numbered(1))));
  EXPECT_THAT(witness.Of(kAnnouncement), SizeIs(1));
  for (int i = 0; i < 100; ++i) {
    witness.Publish("homeassistant/status", "online");
  }
  ASSERT_TRUE(Until([&] { return witness.Of(kAnnouncement).size() >= 2; }));
  outlet->Publish(Numbered(2));
  ASSERT_TRUE(witness.Sees(kState, Line(Numbered(2))));
  EXPECT_LE(witness.Of(kAnnouncement).size(), 4U) << "one a second, however often it is asked for";
}

TEST(MqttOutlet, AThousandOfAThousandStatesSurviveARestartOfTheBroker) {
  PINHOLE_NEEDS_MOSQUITTO();
  Broker broker;
  broker.Start();
  Witness witness(broker.port());
  Sentences sentences;
  const auto outlet = Open(Quick(broker.port()), sentences.notices());
  ASSERT_TRUE(witness.Sees(kAvailability, "online"));
  constexpr int kStates = 1000;
  steady_clock::duration longest{};
  for (int number = 0; number < kStates; ++number) {
    if (number == 300) {
      broker.Stop();
    }
    if (number == 700) {
      broker.Start();
    }
    const auto began = steady_clock::now();
    outlet->Publish(Numbered(number));
    longest = std::max(longest, steady_clock::now() - began);
    std::this_thread::sleep_for(milliseconds(1));
  }
  EXPECT_TRUE(witness.Sees(kState, Line(Numbered(kStates - 1))));
  EXPECT_EQ(FirstArrivals(witness.Of(kState)), Lines(0, kStates));
  EXPECT_LT(longest, std::chrono::seconds(1)) << "Publish waits for nobody";
  EXPECT_TRUE(sentences.Hears("states are published"));
  const std::vector<std::string> said = sentences.all();
  ASSERT_THAT(said, SizeIs(2)) << "gone, and there again";
  EXPECT_THAT(said[0], HasSubstr("is gone"));
  EXPECT_THAT(said[1], Not(HasSubstr("dropped")));
}

TEST(MqttOutlet, ABrokerThatForgetsEverythingIsToldEverythingAgain) {
  PINHOLE_NEEDS_MOSQUITTO();
  Broker broker;
  broker.Start();
  const auto outlet = Open(Quick(broker.port()));
  outlet->Publish(Numbered(1));
  {
    Witness witness(broker.port());
    ASSERT_TRUE(witness.Sees(kState, Line(Numbered(1))));
    ASSERT_TRUE(witness.Sees(kAvailability, "online"));
  }
  broker.Stop();
  std::filesystem::remove(broker.folder().path() + "/mosquitto.db");
  broker.Start();
  Witness witness(broker.port());
  EXPECT_TRUE(witness.Sees(kState, Line(Numbered(1))));
  EXPECT_TRUE(witness.Sees(kAvailability, "online"));
  EXPECT_TRUE(Until([&] { return !witness.Of(kAnnouncement).empty(); }));
}

TEST(MqttOutlet, OfMoreThanTheBufferTheOldestGo) {
  PINHOLE_NEEDS_MOSQUITTO();
  Broker broker;
  Sentences sentences;
  MqttOptions options = Quick(broker.port());
  options.buffer = 10;
  const auto outlet = Open(options, sentences.notices());
  for (int number = 0; number < 100; ++number) {
    outlet->Publish(Numbered(number));
  }
  ASSERT_TRUE(sentences.Hears("can't be reached"));
  broker.Start();
  Witness witness(broker.port());
  ASSERT_TRUE(sentences.Hears("states are published"));
  ASSERT_TRUE(witness.Sees(kState, Line(Numbered(99))));
  const std::vector<std::string> last_ten = Lines(90, 100);
  for (const std::string& line : witness.Of(kState)) {
    EXPECT_THAT(last_ten, testing::Contains(line));
  }
  const std::vector<std::string> said = sentences.all();
  ASSERT_THAT(said, SizeIs(2)) << "however many attempts there were";
  EXPECT_THAT(said[0], HasSubstr("keeping the last 10 states"));
  EXPECT_THAT(said[1], HasSubstr("the 90 oldest were dropped"));
}

TEST(MqttOutlet, WithoutABufferTheNewestStateStillArrives) {
  PINHOLE_NEEDS_MOSQUITTO();
  Broker broker;
  MqttOptions options = Quick(broker.port());
  options.buffer = 0;
  const auto outlet = Open(options);
  for (int number = 0; number < 50; ++number) {
    outlet->Publish(Numbered(number));
  }
  broker.Start();
  Witness witness(broker.port());
  EXPECT_TRUE(witness.Sees(kState, Line(Numbered(49))));
  EXPECT_THAT(witness.Of(kState), SizeIs(1));
}

TEST(MqttOutlet, ABrokerThatFreezesIsGoneAndNothingIsLost) {
  PINHOLE_NEEDS_MOSQUITTO();
  Broker broker;
  broker.Start();
  Witness witness(broker.port());
  Sentences sentences;
  MqttOptions options = Quick(broker.port());
  options.answer_within_ms = 500;
  const auto outlet = Open(options, sentences.notices());
  ASSERT_TRUE(witness.Sees(kAvailability, "online"));
  broker.Freeze();
  for (int number = 0; number < 100; ++number) {
    outlet->Publish(Numbered(number));
  }
  EXPECT_TRUE(sentences.Hears("doesn't acknowledge"));
  broker.Thaw();
  EXPECT_TRUE(witness.Sees(kState, Line(Numbered(99))));
  EXPECT_EQ(FirstArrivals(witness.Of(kState)), Lines(0, 100));
}

// --- Trust -------------------------------------------------------------------------------------

// An authority, and certificates by it.
class Certificates {
 public:
  static bool Possible() { return !WhereIs("openssl").empty(); }

  explicit Certificates(const TempFolder& folder) : folder_(folder.path() + "/") {
    NewAuthority("ca");
    NewAuthority("other_ca");
    NewCertificate("server", "localhost");
    NewCertificate("elsewhere", "elsewhere.example");
    NewCertificate("client", "hall");
  }

  [[nodiscard]] std::string Path(const std::string& name) const { return folder_ + name; }
  // Of mosquitto's configuration.
  [[nodiscard]] std::string Listener(const std::string& name) const {
    return "allow_anonymous true\ncafile " + Path("ca.pem") + "\ncertfile " + Path(name + ".pem") +
           "\nkeyfile " + Path(name + ".key") + "\n";
  }

 private:
  void OpenSsl(std::vector<std::string> arguments) {
    arguments.insert(arguments.begin(), WhereIs("openssl"));
    if (!RunProgram(arguments)) {
      throw std::runtime_error("openssl failed");
    }
  }
  void NewAuthority(const std::string& name) {
    OpenSsl({"req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes",
             "-keyout", Path(name + ".key"), "-out", Path(name + ".pem"), "-days", "30", "-subj",
             "/CN=" + name, "-addext", "keyUsage=critical,keyCertSign"});
  }
  void NewCertificate(const std::string& name, const std::string& host) {
    std::ofstream(Path(name + ".ext")) << "subjectAltName=DNS:" << host << "\n";
    OpenSsl({"req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes",
             "-keyout", Path(name + ".key"), "-out", Path(name + ".csr"), "-subj", "/CN=" + host});
    OpenSsl({"x509", "-req", "-in", Path(name + ".csr"), "-CA", Path("ca.pem"), "-CAkey",
             Path("ca.key"), "-CAcreateserial", "-out", Path(name + ".pem"), "-days", "30",
             "-extfile", Path(name + ".ext")});
  }

  std::string folder_;
};

#define PINHOLE_NEEDS_OPENSSL()                                            \
  if (!Certificates::Possible()) {                                         \
    GTEST_SKIP() << "no openssl on this machine: apt-get install openssl"; \
  }

MqttOptions Secure(const Broker& broker, const Certificates& certificates) {
  MqttOptions options = Quick(broker.port());
  options.host = "localhost";
  options.tls = true;
  options.ca_file = certificates.Path("ca.pem");
  return options;
}

TEST(MqttTrust, PublishesOverTls) {
  PINHOLE_NEEDS_MOSQUITTO();
  PINHOLE_NEEDS_OPENSSL();
  const TempFolder folder;
  const Certificates certificates(folder);
  Broker broker(certificates.Listener("server"));
  broker.Start();
  Witness witness(broker.port(), {.user = "",
                                  .password = "",
                                  .ca_file = certificates.Path("ca.pem"),
                                  .cert_file = "",
                                  .key_file = ""});
  Sentences sentences;
  auto outlet = Open(Secure(broker, certificates), sentences.notices());
  for (int number = 0; number < 500; ++number) {
    outlet->Publish(Numbered(number));
  }
  EXPECT_TRUE(witness.Sees(kState, Line(Numbered(499))));
  EXPECT_EQ(witness.Of(kState), Lines(0, 500));
  outlet.reset();
  EXPECT_TRUE(witness.Sees(kAvailability, "offline"));
  EXPECT_THAT(sentences.all(), IsEmpty());
}

TEST(MqttTrust, AnotherAuthoritysBrokerIsNotTrusted) {
  PINHOLE_NEEDS_MOSQUITTO();
  PINHOLE_NEEDS_OPENSSL();
  const TempFolder folder;
  const Certificates certificates(folder);
  Broker broker(certificates.Listener("server"));
  broker.Start();
  Sentences sentences;
  MqttOptions options = Secure(broker, certificates);
  options.ca_file = certificates.Path("other_ca.pem");
  const auto outlet = Open(options, sentences.notices());
  outlet->Publish(Numbered(3));
  ASSERT_TRUE(sentences.Hears("no trusted connection (certificate verify failed)"));
  EXPECT_THAT(sentences.all(), SizeIs(1));
}

TEST(MqttTrust, ACertificateForAnotherNameIsNotTrusted) {
  PINHOLE_NEEDS_MOSQUITTO();
  PINHOLE_NEEDS_OPENSSL();
  const TempFolder folder;
  const Certificates certificates(folder);
  Broker broker(certificates.Listener("elsewhere"));
  broker.Start();
  Sentences sentences;
  const auto outlet = Open(Secure(broker, certificates), sentences.notices());
  EXPECT_TRUE(sentences.Hears("no trusted connection"));
}

TEST(MqttTrust, TheSystemsAuthoritiesAreTrustedWhereNoneIsGiven) {
  PINHOLE_NEEDS_MOSQUITTO();
  PINHOLE_NEEDS_OPENSSL();
  const TempFolder folder;
  const Certificates certificates(folder);
  Broker broker(certificates.Listener("server"));
  broker.Start();
  MqttOptions options = Secure(broker, certificates);
  options.ca_file.clear();
  {
    Sentences sentences;
    const auto outlet = Open(options, sentences.notices());
    ASSERT_TRUE(sentences.Hears("no trusted connection")) << "this authority isn't the system's";
  }
  // Now it is among them. No thread runs that could read the environment at this moment.
  setenv("SSL_CERT_FILE", certificates.Path("ca.pem").c_str(), 1);
  {
    Sentences sentences;
    const auto outlet = Open(options, sentences.notices());
    outlet->Publish(Numbered(1));
    Witness witness(broker.port(), {.user = "",
                                    .password = "",
                                    .ca_file = certificates.Path("ca.pem"),
                                    .cert_file = "",
                                    .key_file = ""});
    EXPECT_TRUE(witness.Sees(kState, Line(Numbered(1))));
    EXPECT_THAT(sentences.all(), IsEmpty());
  }
  unsetenv("SSL_CERT_FILE");
}

TEST(MqttTrust, ShowsItsOwnCertificateWhereTheBrokerAsks) {
  PINHOLE_NEEDS_MOSQUITTO();
  PINHOLE_NEEDS_OPENSSL();
  const TempFolder folder;
  const Certificates certificates(folder);
  Broker broker(certificates.Listener("server") + "require_certificate true\n");
  broker.Start();
  MqttOptions options = Secure(broker, certificates);
  Sentences without;
  {
    const auto outlet = Open(options, without.notices());
    EXPECT_TRUE(Until([&] { return !without.all().empty(); }));
  }
  options.cert_file = certificates.Path("client.pem");
  options.key_file = certificates.Path("client.key");
  Sentences with;
  const auto outlet = Open(options, with.notices());
  outlet->Publish(Numbered(5));
  Witness witness(broker.port(), {.user = "",
                                  .password = "",
                                  .ca_file = options.ca_file,
                                  .cert_file = options.cert_file,
                                  .key_file = options.key_file});
  EXPECT_TRUE(witness.Sees(kState, Line(Numbered(5))));
  EXPECT_THAT(with.all(), IsEmpty());
}

// A broker with users: `sensor` has the rights of docs/how-to/home-assistant.md and no others.
class BrokerWithUsers {
 public:
  BrokerWithUsers()
      : users_(folder_.path() + "/users"),
        acl_(folder_.Write("acl",
                           "user sensor\ntopic write pinhole/hall/#\n"
                           "topic write homeassistant/device/hall/config\n"
                           "topic read homeassistant/status\n"
                           "user witness\ntopic readwrite #\n")),
        broker_("allow_anonymous false\npassword_file " + users_ + "\nacl_file " + acl_ + "\n") {
    folder_.Write("users", "");
    for (const char* user : {"sensor", "witness"}) {
      if (!RunProgram({WhereIs("mosquitto_passwd"), "-b", users_, user, "open sesame"})) {
        throw std::runtime_error("mosquitto_passwd failed");
      }
    }
    broker_.Start();
  }
  MqttOptions Options(const std::string& user, const std::string& password) {
    MqttOptions options = Quick(broker_.port());
    options.user = user;
    options.password_file = folder_.Write("password", password + "\n");
    return options;
  }
  [[nodiscard]] std::uint16_t port() const { return broker_.port(); }

 private:
  TempFolder folder_;
  std::string users_, acl_;
  Broker broker_;
};

TEST(MqttLogin, AUserWithRightsPublishes) {
  PINHOLE_NEEDS_MOSQUITTO();
  BrokerWithUsers broker;
  Witness witness(broker.port(), {.user = "witness",
                                  .password = "open sesame",
                                  .ca_file = "",
                                  .cert_file = "",
                                  .key_file = ""});
  Sentences sentences;
  const auto outlet = Open(broker.Options("sensor", "open sesame"), sentences.notices());
  outlet->Publish(Numbered(4));
  EXPECT_TRUE(witness.Sees(kState, Line(Numbered(4))));
  EXPECT_TRUE(witness.Sees(kAvailability, "online"));
  EXPECT_TRUE(Until([&] { return !witness.Of(kAnnouncement).empty(); }));
  EXPECT_THAT(sentences.all(), IsEmpty());
}

TEST(MqttLogin, AWrongPasswordIsSaidOnceAndNeverShown) {
  PINHOLE_NEEDS_MOSQUITTO();
  BrokerWithUsers broker;
  Sentences sentences;
  const auto outlet = Open(broker.Options("sensor", "close sesame"), sentences.notices());
  outlet->Publish(Numbered(4));
  ASSERT_TRUE(sentences.Hears("doesn't let this sensor in"));
  std::this_thread::sleep_for(milliseconds(600));  // several more attempts
  const std::vector<std::string> said = sentences.all();
  ASSERT_THAT(said, SizeIs(1));
  EXPECT_THAT(said[0], HasSubstr("'sensor'"));
  EXPECT_THAT(said[0], Not(HasSubstr("sesame")));
}

TEST(MqttLogin, ALoginThatIsMissingIsSaid) {
  PINHOLE_NEEDS_MOSQUITTO();
  BrokerWithUsers broker;
  Sentences sentences;
  const auto outlet = Open(Quick(broker.port()), sentences.notices());
  EXPECT_TRUE(sentences.Hears("give mqtt user and password_file"));
}

TEST(MqttLogin, TwoSensorsOfOneNameAreTold) {
  PINHOLE_NEEDS_MOSQUITTO();
  Broker broker;
  broker.Start();
  Sentences sentences;
  const auto first = Open(Quick(broker.port()), sentences.notices());
  const auto second = Open(Quick(broker.port()), sentences.notices());
  EXPECT_TRUE(sentences.Hears("no other client is called 'hall'"));
}

// --- Brokers that are none ---------------------------------------------------------------------

TEST(MqttHostile, ABrokerThatSaysNothingIsAwayAndStopsNobody) {
  BadBroker broker(SwallowAll);
  Sentences sentences;
  MqttOptions options = Quick(broker.port());
  options.answer_within_ms = 300;
  auto outlet = Open(options, sentences.notices());
  const auto began = steady_clock::now();
  for (int number = 0; number < 5000; ++number) {
    outlet->Publish(Numbered(number));
  }
  EXPECT_LT(Since(began), milliseconds(5000));
  EXPECT_TRUE(sentences.Hears("says nothing"));
  EXPECT_TRUE(Until([&] { return broker.connections() >= 3; })) << "it goes on trying";
  EXPECT_THAT(sentences.all(), SizeIs(1));
  const auto closing = steady_clock::now();
  outlet.reset();
  EXPECT_LT(Since(closing), milliseconds(1500));
}

// Politely or with a reset, before or after the client's first words.
TEST(MqttHostile, ATlsServerThatHangsUpIsSaidOnceAndTriedAgain) {
  int turn = 0;
  BadBroker broker([&turn](int fd) {
    const linger reset{1, 0};
    std::array<char, 2048> hello{};
    if (turn % 2 == 0) {
      static_cast<void>(recv(fd, hello.data(), hello.size(), 0));
    }
    if (turn % 4 < 2) {
      setsockopt(fd, SOL_SOCKET, SO_LINGER, &reset, sizeof reset);
    }
    ++turn;
  });
  Sentences sentences;
  MqttOptions options = Quick(broker.port());
  options.tls = true;
  const auto outlet = Open(options, sentences.notices());
  EXPECT_TRUE(Until([&] { return broker.connections() >= 9; }));
  // That it is gone, and that what it said was no TLS, are two things.
  EXPECT_THAT(sentences.all(), testing::SizeIs(testing::AllOf(testing::Ge(1), testing::Le(2))));
  EXPECT_THAT(sentences.all(), Each(testing::AnyOf(HasSubstr("can't be reached"),
                                                   HasSubstr("no trusted connection"))));
}

TEST(MqttHostile, ATlsServerThatSpeaksSomethingElseIsNotTrusted) {
  BadBroker broker([](int fd) {
    const std::string hello = "HTTP/1.1 400 Bad Request\r\n\r\n";
    SendBytes(fd, {hello.begin(), hello.end()});
    SwallowAll(fd);
  });
  Sentences sentences;
  MqttOptions options = Quick(broker.port());
  options.tls = true;
  const auto outlet = Open(options, sentences.notices());
  EXPECT_TRUE(sentences.Hears("no trusted connection"));
}

// Bytes at random, half of the time packets that are framed as they should be; mostly after a
// proper welcome, since then the library looks at them.
std::vector<std::uint8_t> Garbage(std::mt19937& random) {
  std::vector<std::uint8_t> bytes;
  if (random() % 4 != 0) {
    bytes = {0x20, 2, 0, 0};
  }
  const bool framed = random() % 2 == 0;
  for (int packet = 0; packet < 30; ++packet) {
    const std::size_t size = random() % 30;
    if (framed) {
      bytes.push_back(static_cast<std::uint8_t>(random()));
      bytes.push_back(static_cast<std::uint8_t>(size));
    }
    for (std::size_t i = 0; i < size; ++i) {
      // Small numbers are lengths and ids that fit.
      const auto small = static_cast<std::uint8_t>(random() % 8);
      bytes.push_back(random() % 2 == 0 ? small : static_cast<std::uint8_t>(random()));
    }
  }
  return bytes;
}

TEST(MqttHostile, GarbageIsNoMqttAndHarmsNobody) {
  // Other bytes: --gtest_shuffle --gtest_random_seed=N.
  std::mt19937 random(static_cast<unsigned>(testing::UnitTest::GetInstance()->random_seed()));
  BadBroker broker([&](int fd) {
    ReadPacket(fd);
    SendBytes(fd, Garbage(random));
    shutdown(fd, SHUT_WR);
    SwallowAll(fd);
  });
  Sentences sentences;
  MqttOptions options = Quick(broker.port());
  options.retry_from_ms = options.retry_up_to_ms = 1;
  options.answer_within_ms = 100;
  const auto outlet = Open(options, sentences.notices());
  int number = 0;
  EXPECT_TRUE(Until([&] {
    outlet->Publish(Numbered(number++ % 10'000));
    return broker.connections() >= 500;
  }));
  EXPECT_TRUE(sentences.Hears("doesn't keep to MQTT"));
}

TEST(MqttLogin, ASubscriptionThatIsNotGrantedIsSaidOnceAndStatesGoOn) {
  std::mutex mutex;
  std::vector<std::string> topics;
  BadBroker broker([&](int fd) {
    while (const auto packet = ReadPacket(fd)) {
      const std::vector<std::uint8_t>& bytes = *packet;
      if (bytes[0] == 0x10) {
        SendBytes(fd, {0x20, 2, 0, 0});
      } else if (bytes[0] == 0x82) {
        SendBytes(fd, {0x90, 3, bytes[1], bytes[2], 0x80});
      } else if ((bytes[0] & 0xf0) == 0x30) {
        const std::size_t id = 3 + (static_cast<std::size_t>(bytes[1]) << 8 | bytes[2]);
        SendBytes(fd, {0x40, 2, bytes[id], bytes[id + 1]});
        const std::scoped_lock lock(mutex);
        topics.emplace_back(bytes.begin() + 3, bytes.begin() + static_cast<std::ptrdiff_t>(id));
      }
    }
  });
  Sentences sentences;
  const auto outlet = Open(Quick(broker.port()), sentences.notices());
  outlet->Publish(Numbered(1));
  EXPECT_TRUE(sentences.Hears("does not let this sensor read homeassistant/status"));
  EXPECT_TRUE(Until([&] {
    const std::scoped_lock lock(mutex);
    return topics.size() >= 3;
  }));
  const std::scoped_lock lock(mutex);
  EXPECT_THAT(topics, ElementsAre(kAnnouncement, kAvailability, kState));
  EXPECT_THAT(sentences.all(), SizeIs(1));
}

// What MQTT 5 would bring: properties, of a kind that there is not. It is read as MQTT 3.1.1.
TEST(MqttHostile, PropertiesNobodyKnowsHarmNobody) {
  BadBroker broker([](int fd) {
    ReadPacket(fd);
    SendBytes(fd, {0x20, 5, 0, 0, 2, 0x7f, 0});
    SendBytes(fd, {0x30, 6, 0, 1, 'a', 2, 0x7f, 0});
    SendBytes(fd, {0xe0, 3, 0, 1, 0x7f});
    SwallowAll(fd);
  });
  Sentences sentences;
  const auto outlet = Open(Quick(broker.port()), sentences.notices());
  EXPECT_TRUE(Until([&] { return broker.connections() >= 3; }));
}

// The largest packet that MQTT knows, announced and begun, again and again.
TEST(MqttHostile, AFloodIsCutOff) {
  BadBroker broker([](int fd) {
    ReadPacket(fd);
    SendBytes(fd, {0x20, 2, 0, 0});
    SendBytes(fd, {0x30, 0xff, 0xff, 0xff, 0x7f});
    const std::vector<std::uint8_t> flood(65'536, 'x');
    while (SendBytes(fd, flood)) {
    }
  });
  Sentences sentences;
  const auto outlet = Open(Quick(broker.port()), sentences.notices());
  EXPECT_TRUE(sentences.Hears("sends far more than it was asked for"));
}

class NoListener final : public BrokerLink::Listener {
 public:
  void OnAcknowledged(int) override {}
  void OnDenied() override {}
  void OnMessage(std::string_view, bool) override {}
};

TEST(BrokerLink, IsRenewedWhereAnHonestBrokerHasSentMuch) {
  PINHOLE_NEEDS_MOSQUITTO();
  Broker broker;
  broker.Start();
  Witness witness(broker.port());
  base::Diagnosis why;
  const auto settings = CheckOptions(Quick(broker.port()), why);
  ASSERT_TRUE(settings) << why.text();
  const Topics topics = TopicsFor("pinhole", "homeassistant", "hall");
  for (const int renewed_from : {0, 600}) {
    NoListener listener;
    BrokerLink link(*settings, topics, listener,
                    {.most_received = 400, .renewed_from = std::chrono::seconds(renewed_from)});
    ASSERT_TRUE(link.Connect());
    while (link.Turn(-1, milliseconds(100))) {
      if (link.accepted()) {
        link.Publish(topics.state, "x");
      }
    }
    EXPECT_EQ(link.ended().trouble, renewed_from == 0 ? Trouble::kRenewal : Trouble::kNotMqtt);
    if (renewed_from == 0) {
      EXPECT_THAT(witness.Of(kAvailability), IsEmpty()) << "a renewal is no going away";
    }
  }
  EXPECT_TRUE(witness.Sees(kAvailability, "offline")) << "the will of the second";
}

// A listener whose queue is full answers no one: the connect hangs in the system.
TEST(MqttHostile, AConnectThatHangsStopsNeitherPublishingNorClosing) {
  const int listener = Listening(0);
  const sockaddr_in address = Loopback(PortOf(listener));
  std::vector<int> fillers;
  for (int i = 0; i < 8; ++i) {
    const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    static_cast<void>(connect(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address));
    fillers.push_back(fd);
  }
  Sentences sentences;
  auto outlet = Open(Quick(PortOf(listener)), sentences.notices());
  const auto began = steady_clock::now();
  for (int number = 0; number < 1000; ++number) {
    outlet->Publish(Numbered(number));
  }
  EXPECT_LT(Since(began), milliseconds(2000));
  std::this_thread::sleep_for(milliseconds(300));
  const auto closing = steady_clock::now();
  outlet.reset();
  EXPECT_GT(Since(closing), milliseconds(1000)) << "it did hang";
  EXPECT_LT(Since(closing), milliseconds(5000));
  EXPECT_THAT(sentences.all(), IsEmpty());
  for (const int fd : fillers) {
    close(fd);
  }
  close(listener);
}

TEST(MqttOutlet, ANameThatIsNoneIsSaid) {
  Sentences sentences;
  MqttOptions options = Quick(1884);
  options.host = "no-such-broker.invalid";
  const auto outlet = Open(options, sentences.notices());
  outlet->Publish(Numbered(1));
  EXPECT_TRUE(sentences.Hears("can't be reached"));
}

TEST(MqttOutlet, WrongOptionsOpenNothing) {
  MqttOptions options = Quick(1884);
  options.topic_prefix = "#";
  base::Diagnosis why;
  EXPECT_FALSE(OpenMqtt(options, {}, why));
  EXPECT_THAT(std::string(why.text()), StartsWith("mqtt topic_prefix: "));
}

}  // namespace
}  // namespace pinhole::outside::mqtt
