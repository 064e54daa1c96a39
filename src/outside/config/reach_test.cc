// SPDX-License-Identifier: Apache-2.0
#include "outside/config/reach.h"

#include <gmock/gmock.h>

namespace pinhole::outside::config {
namespace {

using testing::Contains;
using testing::ElementsAre;
using testing::IsEmpty;
using testing::Not;

TEST(Reach, OfTheDefaultsIsOnePortOfThisMachine) {
  const Reach reach = ReachOf(Config());
  EXPECT_THAT(reach.read, IsEmpty());
  EXPECT_THAT(reach.write, IsEmpty());
  EXPECT_EQ(reach.i2c + reach.gpio_chip, "");
  EXPECT_TRUE(reach.network);
  EXPECT_THAT(reach.connect_tcp, IsEmpty());
  EXPECT_THAT(reach.bind_tcp, ElementsAre(8462));
}

TEST(Reach, OfNothingIsNothing) {
  Config config;
  config.http.enabled = config.log.enabled = false;
  // What is not enabled does not count.
  config.http.token_file = "/t";
  config.log.path = "/var/log/x";
  config.mqtt.password_file = "/p";
  const Reach reach = ReachOf(config);
  EXPECT_FALSE(reach.network);
  EXPECT_THAT(reach.read, IsEmpty());
  EXPECT_THAT(reach.write, IsEmpty());
  EXPECT_THAT(reach.bind_tcp, IsEmpty());
}

TEST(Reach, NamesEveryFileDeviceAndPort) {
  Config config;
  config.pin.enabled = config.i2c.enabled = config.mqtt.enabled = true;
  config.mqtt.tls = true;
  config.mqtt.ca_file = "/ca";
  config.mqtt.cert_file = "/cert";
  config.mqtt.key_file = "/key";
  config.mqtt.password_file = "/password";
  config.http.token_file = "/token";
  config.http.port = 0;
  config.log.path = "/var/log/pinhole/facts.log";
  Reach reach = ReachOf(config);
  for (const std::string path : {"/ca", "/cert", "/key", "/password", "/token", "/etc/machine-id",
                                 "/etc/ssl", "/etc/resolv.conf"}) {
    EXPECT_THAT(reach.read, Contains(path));
  }
  EXPECT_THAT(reach.write, ElementsAre("/var/log/pinhole"));
  EXPECT_EQ(reach.i2c, "/run/pinhole/i2c-1");
  EXPECT_EQ(reach.gpio_chip, "/dev/gpiochip0");
  EXPECT_THAT(reach.connect_tcp, ElementsAre(8883));
  EXPECT_THAT(reach.bind_tcp, ElementsAre(0));

  config.mqtt.tls = false;
  config.mqtt.port = 0;
  config.mqtt.device_id = "hall";
  config.log.path = "facts.log";
  config.pin.chip = "/dev/gpiochip4";
  reach = ReachOf(config);
  EXPECT_THAT(reach.connect_tcp, ElementsAre(1883));
  EXPECT_THAT(reach.read, Not(Contains("/etc/machine-id")));
  EXPECT_THAT(reach.read, Not(Contains("/ca")));
  EXPECT_THAT(reach.write, ElementsAre("."));
  EXPECT_EQ(reach.gpio_chip, "/dev/gpiochip4");
}

}  // namespace
}  // namespace pinhole::outside::config
