// SPDX-License-Identifier: Apache-2.0
// The firmware `person_sensor` as it goes onto a Pico, run by the emulator: a camera that shows
// pictures in front, a controller on its bus, its pin and its console in sight. What it says must
// be what the sensor on Linux says of the same pictures.
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <memory>
#include <string>
#include <vector>

#include "base/test_data.h"
#include "emulator/board.h"
#include "emulator/camera.h"
#include "emulator/program.h"
#include "emulator/rp2040.h"
#include "engine/kernels/registry.h"
#include "facts/person_profile.h"
#include "facts/person_sensor_packet.h"
#include "inside/pictures/picture.h"
#include "inside/sense/person_sensor.h"
#include "inside/sense/sense_for_tests.h"

#ifndef PINHOLE_FIRMWARE_FOLDER
#define PINHOLE_FIRMWARE_FOLDER ""
#endif

namespace pinhole::firmware::person {
namespace {

namespace pictures = ::pinhole::inside::pictures;
namespace sense = ::pinhole::inside::sense;

using emulator::I2cReply;
using emulator::Rp2040;
using facts::PersonFacts;
using Packet = std::array<std::uint8_t, facts::kPersonSensorPacketBytes>;

constexpr unsigned kWidth = 324, kHeight = 244;
constexpr unsigned kPresencePin = 20;  // boards/pico/board.txt, as are those of the camera
constexpr std::uint64_t kSecond = 1'000'000;

// The camera's window, grey.
using View = std::vector<std::uint8_t>;

// The whole picture in the middle of the window, as large as it fits in steps of a pixel.
View ViewOf(const std::filesystem::path& path) {
  const pictures::Picture picture = pictures::ReadPicture(path);
  const auto pixel = [&](unsigned x, unsigned y) {
    const std::uint8_t* const at =
        &picture.pixels[y * picture.row_bytes() + x * static_cast<unsigned>(picture.channels)];
    return picture.channels == 1 ? at[0] : signal::Luma(at[0], at[1], at[2]);
  };
  const auto width = static_cast<unsigned>(picture.width);
  const auto height = static_cast<unsigned>(picture.height);
  const double scale =
      std::max({static_cast<double>(width) / kWidth, static_cast<double>(height) / kHeight, 1.0});
  const auto shown_width = static_cast<unsigned>(width / scale);
  const auto shown_height = static_cast<unsigned>(height / scale);
  const unsigned left = (kWidth - shown_width) / 2, top = (kHeight - shown_height) / 2;
  View view(std::size_t{kWidth} * kHeight);
  for (unsigned y = 0; y < shown_height; ++y) {
    for (unsigned x = 0; x < shown_width; ++x) {
      view[(top + y) * kWidth + left + x] =
          pixel(std::min(static_cast<unsigned>((x + 0.5) * scale), width - 1),
                std::min(static_cast<unsigned>((y + 0.5) * scale), height - 1));
    }
  }
  return view;
}

View ClipView(int frame) {
  const std::string number = std::to_string(frame);
  return ViewOf(sense::BundledModel().parent_path() / "clip" /
                ("frame_" + std::string(number.size() < 2 ? "0" : "") + number + ".jpg"));
}

class Screen final : public emulator::PixelSource {
 public:
  void Show(View view) { view_ = std::move(view); }
  std::uint8_t Pixel(std::uint64_t /*frame*/, unsigned x, unsigned y) override {
    return view_.empty() ? 0 : view_[y * kWidth + x];
  }

 private:
  View view_;
};

// Lines end with LF here, also where a program sends CR LF, as the public SDK's printf does.
class Console final : public emulator::ByteSink {
 public:
  void OnByte(unsigned /*device*/, std::uint8_t byte) override {
    if (byte == '\n' && text_.ends_with('\r')) {
      text_.pop_back();
    }
    text_ += static_cast<char>(byte);
  }
  [[nodiscard]] const std::string& text() const { return text_; }
  void Clear() { text_.clear(); }

 private:
  std::string text_;
};

std::filesystem::path Firmware(const std::string& name, const std::string& board = "pico") {
  return std::filesystem::path(PINHOLE_FIRMWARE_FOLDER) / board / (name + ".uf2");
}

// A Pico with a program in its flash.
std::unique_ptr<Rp2040> MakePico(const std::filesystem::path& program) {
  std::ifstream in(program, std::ios::binary);
  const std::vector<char> file((std::istreambuf_iterator<char>(in)), {});
  std::unique_ptr<Rp2040> chip = Rp2040::Create({});
  base::Diagnosis why;
  const auto loaded = emulator::LoadProgram(std::as_bytes(std::span(file)), chip->memory(), why);
  EXPECT_TRUE(loaded) << why.text();
  chip->Boot();
  return chip;
}

constexpr emulator::ParallelCamera::Wiring kWiring = {
    .data = 6, .clock = 14, .row = 15, .frame = 16, .width = kWidth, .height = kHeight};

// What stands around the sensor's chip whoever reads it.
struct Sensor {
  explicit Sensor(std::unique_ptr<Rp2040> pico) : chip(std::move(pico)) {
    camera_bus.Attach(&camera);
    chip->i2c(0).set_bus(&camera_bus);
    chip->pins().set_input(&camera);
    chip->uart(0).set_sink(&console);
  }
  [[nodiscard]] bool pin() const { return (chip->pins().levels() >> kPresencePin & 1) != 0; }

  Screen screen;
  Console console;
  emulator::I2cBus camera_bus;
  emulator::ParallelCamera camera{kWiring, screen};
  std::unique_ptr<Rp2040> chip;
};

// A sensor with the test as the controller of its bus.
class Bench {
 public:
  explicit Bench(std::unique_ptr<Rp2040> pico) : sensor_(std::move(pico)) {
    bus_.Attach(&sensor_.chip->i2c(1));
    for (int i = 0; i < 100 && sensor_.console.text().find("looking") == std::string::npos; ++i) {
      Run(kSecond / 100);
    }
  }
  Sensor& sensor() { return sensor_; }

  void Run(std::uint64_t micros) {
    ASSERT_EQ(sensor_.chip->RunUntilMicros(sensor_.chip->micros() + micros),
              emulator::StopReason::kNone)
        << sensor_.console.text();
  }
  Packet Read() {
    Packet packet{};
    EXPECT_EQ(bus_.Start(0x62, true), I2cReply::kAck);
    for (std::uint8_t& byte : packet) {
      Wait([&] { return bus_.Read(byte); });
    }
    bus_.Stop();
    Run(200);
    return packet;
  }
  void Write(std::uint8_t reg, std::uint8_t value) {
    EXPECT_EQ(bus_.Start(0x62, false), I2cReply::kAck);
    Wait([&] { return bus_.Write(reg); });
    Wait([&] { return bus_.Write(value); });
    bus_.Stop();
    Run(10'000);  // until the outside has looked
  }
  // Reads until the packet is this one.
  ::testing::AssertionResult Becomes(const Packet& packet, std::uint64_t within) {
    for (std::uint64_t waited = 0; waited < within; waited += kSecond / 5) {
      if (Read() == packet) {
        return ::testing::AssertionSuccess();
      }
      Run(kSecond / 5);
    }
    const Packet found = Read();
    auto said = ::testing::AssertionFailure() << "still:";
    for (const std::uint8_t byte : found) {
      said << ' ' << int{byte};
    }
    return said << "\n" << sensor_.console.text();
  }

 private:
  // A byte takes 22.5 us at 400 kHz; the target may stretch the clock.
  template <typename Transfer>
  void Wait(const Transfer& transfer) {
    for (int i = 0; i < 100; ++i) {
      Run(23);
      if (transfer() != I2cReply::kWait) {
        return;
      }
    }
    ADD_FAILURE() << "the sensor stretches the clock for ever";
  }

  Sensor sensor_;
  emulator::I2cBus bus_;
};

class Linux {
 public:
  Linux() : sensor_(engine::run::ReadFile(sense::BundledModel()), Options()) {
    EXPECT_TRUE(sensor_) << sensor_.why();
  }
  // What is told after so many frames of this view.
  PersonFacts Look(const View& view, int frames) {
    PersonFacts facts;
    for (int i = 0; i < frames; ++i) {
      base::Diagnosis why;
      facts = *sensor_->Look(sense::Shot(view, kWidth, kHeight, 1).frame(), why);
    }
    return facts::Reduce(facts, facts::kDefaultProfile);
  }

 private:
  static sense::PersonSensorOptions Options() {
    sense::PersonSensorOptions options;
    options.session.kernels = engine::kernels::AllKernels();
    return options;
  }
  sense::Loaded<sense::PersonSensor, sense::PersonSensorOptions> sensor_;
};

Packet PacketOf(const PersonFacts& facts) {
  std::array<std::byte, facts::kPersonSensorPacketBytes> bytes;
  facts::EncodePersonSensorPacket(facts, bytes);
  Packet packet;
  std::transform(bytes.begin(), bytes.end(), packet.begin(),
                 [](std::byte byte) { return std::to_integer<std::uint8_t>(byte); });
  return packet;
}

class PersonSensorFirmware : public ::testing::Test {
 protected:
  void SetUp() override {
    if (!std::filesystem::exists(Firmware("person_sensor"))) {
      GTEST_SKIP() << Firmware("person_sensor") << " is missing (gcc-arm-none-eabi builds it)";
    }
  }
};

// Long enough for a belief and a tick.
constexpr std::uint64_t kPatience = 12 * kSecond;
constexpr int kManyFrames = 12;

void ExpectRightOnEach(const std::vector<View>& views, std::vector<int> least_counts) {
  Bench bench(MakePico(Firmware("person_sensor")));
  Linux reference;
  for (std::size_t i = 0; i < views.size(); ++i) {
    SCOPED_TRACE("picture " + std::to_string(i));
    bench.sensor().screen.Show(views[i]);
    const PersonFacts expected = reference.Look(views[i], kManyFrames);
    ASSERT_GE(expected.count, least_counts[i]) << "the test is to see something";
    ASSERT_TRUE(bench.Becomes(PacketOf(expected), kPatience));
    bench.Run(kSecond * 3 / 2);
    ASSERT_TRUE(bench.Becomes(PacketOf(expected), 1)) << "and stays so";
    EXPECT_EQ(bench.sensor().pin(), expected.present != 0);
  }
}

TEST_F(PersonSensorFirmware, SaysOfTheBundledClipWhatLinuxSays) {
  ExpectRightOnEach({ClipView(0), ClipView(15), ClipView(32), ClipView(46)}, {0, 1, 2, 0});
}

TEST_F(PersonSensorFirmware, SaysOfPhotographsWhatLinuxSays) {
  std::vector<View> views;
  for (const char* const name :
       {"ski_camera.png", "fr_lin-manuel-miranda.png", "ski_coffee.png", "fr_obama.jpg"}) {
    const std::filesystem::path path = base::TestData(std::string("images/") + name);
    if (!std::filesystem::exists(path)) {
      GTEST_SKIP() << path << " is missing (set PINHOLE_DATA)";
    }
    views.push_back(ViewOf(path));
  }
  ExpectRightOnEach(views, {0, 1, 0, 1});
}

TEST_F(PersonSensorFirmware, InStandbyLooksWhenItIsToldTo) {
  Bench bench(MakePico(Firmware("person_sensor")));
  bench.sensor().screen.Show(ClipView(32));
  bench.Write(1, 0);
  const Packet nobody = PacketOf(PersonFacts{});
  bench.Run(3 * kSecond);
  EXPECT_EQ(bench.Read(), nobody) << "nothing is told in standby";
  for (const int frame : {32, 15, 0}) {
    SCOPED_TRACE(frame);
    const View view = ClipView(frame);
    bench.sensor().screen.Show(view);
    bench.Write(3, 0);
    const PersonFacts expected = Linux().Look(view, 3);
    ASSERT_TRUE(bench.Becomes(PacketOf(expected), kPatience));
    EXPECT_EQ(bench.sensor().pin(), expected.present != 0);
  }
  bench.sensor().screen.Show(ClipView(15));
  bench.Run(2 * kSecond);
  EXPECT_EQ(bench.Read(), nobody) << "standby again";
  bench.Write(1, 1);
  ASSERT_TRUE(bench.Becomes(PacketOf(Linux().Look(ClipView(15), kManyFrames)), kPatience));
}

TEST_F(PersonSensorFirmware, SaysOnItsConsoleWhatItTells) {
  Bench bench(MakePico(Firmware("person_sensor")));
  bench.sensor().screen.Show(ClipView(15));
  ASSERT_TRUE(bench.Becomes(PacketOf(Linux().Look(ClipView(15), kManyFrames)), kPatience));
  EXPECT_NE(bench.sensor().console.text().find("person sensor: looking"), std::string::npos);
  EXPECT_NE(bench.sensor().console.text().find("somebody, 1 face\n"), std::string::npos)
      << bench.sensor().console.text();
}

// A camera that is not there.
TEST_F(PersonSensorFirmware, SaysWhatIsWrongWithItsCamera) {
  const std::unique_ptr<Rp2040> chip = MakePico(Firmware("person_sensor"));
  Console console;
  chip->uart(0).set_sink(&console);
  chip->RunUntilMicros(kSecond);
  EXPECT_NE(console.text().find("no camera answers at I2C address 36"), std::string::npos)
      << console.text();
}

// Two Picos: the sensor, and one that reads it and prints what it reads.
void ExpectReaderPrints(const std::filesystem::path& program) {
  Sensor sensor(MakePico(Firmware("person_sensor")));
  const std::unique_ptr<Rp2040> reader = MakePico(program);
  Console console;
  reader->uart(0).set_sink(&console);
  emulator::I2cPair pair(*sensor.chip, 1, *reader, 0);
  Linux reference;
  std::uint64_t now = 0;
  for (const int frame : {15, 32, 0}) {
    SCOPED_TRACE(frame);
    const View view = ClipView(frame);
    sensor.screen.Show(view);
    const PersonFacts facts = reference.Look(view, kManyFrames);
    const Packet packet = PacketOf(facts);
    std::string expected;
    for (int i = 0; i < facts.count; ++i) {
      const std::uint8_t* const face = packet.data() + 5 + 8 * i;
      expected += "Face #" + std::to_string(i) + ": " + std::to_string(face[0]) + " confidence, (" +
                  std::to_string(face[1]) + ", " + std::to_string(face[2]) + "), (" +
                  std::to_string(face[3]) + ", " + std::to_string(face[4]) + "), " +
                  (face[7] != 0 ? "facing" : "not facing") + "\n";
    }
    expected = std::to_string(facts.count) + " faces found\n" + expected;
    console.Clear();
    const std::uint64_t patience = now + kPatience;
    while (console.text().find(expected) == std::string::npos && now < patience) {
      now += kSecond / 5;
      ASSERT_EQ(pair.RunUntilMicros(now), emulator::StopReason::kNone)
          << sensor.console.text() << console.text();
    }
    EXPECT_NE(console.text().find(expected), std::string::npos) << "not printed:\n"
                                                                << expected << "but:\n"
                                                                << console.text();
  }
}

// The second Pico's program on our own HAL and on the public SDK.
class Reader : public PersonSensorFirmware, public ::testing::WithParamInterface<const char*> {};

INSTANTIATE_TEST_SUITE_P(On, Reader, ::testing::Values("pico", "pico_sdk"),
                         [](const auto& on) { return std::string(on.param); });

TEST_P(Reader, ASecondPicoReadsIt) {
  const std::filesystem::path program = Firmware("person_reader", GetParam());
  if (!std::filesystem::exists(program)) {
    GTEST_SKIP() << program << " is missing: set PICO_SDK_PATH to a checkout of pico-sdk and "
                 << "configure again";
  }
  ExpectReaderPrints(program);
}

// Useful Sensors' example for the Pico, unmodified.
TEST_P(Reader, UsefulSensorsClientReadsIt) {
  const std::filesystem::path program = Firmware("face_detection_example", GetParam());
  if (!std::filesystem::exists(program)) {
    GTEST_SKIP() << program << " is missing: set PINHOLE_PERSON_SENSOR_CLIENT to a checkout of "
                 << "usefulsensors/person_sensor_pico_c, for the SDK PICO_SDK_PATH too, and "
                 << "configure again";
  }
  ExpectReaderPrints(program);
}

}  // namespace
}  // namespace pinhole::firmware::person
