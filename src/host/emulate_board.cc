// SPDX-License-Identifier: Apache-2.0
#include "host/emulate_board.h"

#include <poll.h>
#include <termios.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <filesystem>
#include <optional>
#include <span>

#include "inside/pictures/film.h"
#include "inside/pictures/picture.h"
#include "signal/image.h"

namespace pinhole::host {

using emulator::I2cReply;
using emulator::Rp2040;

// --- serial output ------------------------------------------------------------------------------

void SerialOutput::OnByte(unsigned, std::uint8_t byte) {
  constexpr std::size_t kLongestLine = 1024;
  if (options_.by_line) {
    line_.push_back(static_cast<char>(byte));
    if (byte == '\n' || line_.size() >= kLongestLine) {
      Flush();
    }
  } else {
    if (live_ != nullptr) {
      live_->Clear();
    }
    std::fputc(byte, to_);
    if (byte == '\n') {
      std::fflush(to_);
    }
  }
  const std::string& until = options_.until;
  if (!until.empty()) {
    seen_.push_back(static_cast<char>(byte));
    found_ = found_ || seen_.ends_with(until);
    if (seen_.size() > 2 * until.size() + 1024) {
      seen_.erase(0, seen_.size() - until.size());
    }
  }
}

void SerialOutput::Flush() {
  if (line_.empty()) {
    return;
  }
  if (live_ != nullptr) {
    live_->Clear();
  }
  line_ += line_.back() == '\n' ? "" : "\n";
  line_.insert(0, options_.prefix);
  std::fwrite(line_.data(), 1, line_.size(), to_);
  std::fflush(to_);
  line_.clear();
}

// --- input --------------------------------------------------------------------------------------

struct TerminalState {
  termios settings;
};

TerminalInput::TerminalInput() {
  termios now{};
  // In the background a terminal is somebody else's.
  const bool ours = ::isatty(STDIN_FILENO) != 0 && ::tcgetpgrp(STDIN_FILENO) == ::getpgrp() &&
                    ::tcgetattr(STDIN_FILENO, &now) == 0;
  if (!ours) {
    ended_ = ::isatty(STDIN_FILENO) != 0;
    return;
  }
  before_ = std::make_unique<TerminalState>(TerminalState{now});
  now.c_lflag &= ~static_cast<tcflag_t>(ICANON | ECHO | ISIG);
  now.c_iflag &= ~static_cast<tcflag_t>(ICRNL | IXON);
  now.c_cc[VMIN] = 0;
  now.c_cc[VTIME] = 0;
  ::tcsetattr(STDIN_FILENO, TCSANOW, &now);
}

TerminalInput::~TerminalInput() {
  if (before_ != nullptr) {
    ::tcsetattr(STDIN_FILENO, TCSANOW, &before_->settings);
  }
}

void TerminalInput::Read() {
  constexpr std::size_t kEnoughWaiting = 4096;
  pollfd poll{STDIN_FILENO, POLLIN, 0};
  while (!ended_ && bytes_.size() < kEnoughWaiting && ::poll(&poll, 1, 0) > 0) {
    std::array<std::uint8_t, 512> some{};
    const ssize_t got = ::read(STDIN_FILENO, some.data(), some.size());
    if (got <= 0) {
      ended_ = true;
      return;
    }
    for (const std::uint8_t byte : std::span(some).first(static_cast<std::size_t>(got))) {
      constexpr std::uint8_t kCtrlC = 3;
      quit_ = quit_ || (before_ != nullptr && byte == kCtrlC);
      bytes_.push_back(byte);
    }
  }
}

bool TerminalInput::Move(Rp2040& chip) {
  Read();
  const bool usb = chip.usb_host().port_open();
  while (!bytes_.empty()) {
    const bool taken = usb ? chip.usb_host().Send(bytes_.front())
                           : chip.uart(0).CanReceive() && chip.uart(0).Receive(bytes_.front());
    if (!taken) {
      break;
    }
    bytes_.pop_front();
  }
  return !quit_;
}

// --- pins ---------------------------------------------------------------------------------------

void PinDisplay::OnPins(std::uint64_t, std::uint32_t levels, std::uint32_t changed) {
  levels_ = levels;
  ever_changed_ |= changed;
  if (live_->is_active()) {
    return;
  }
  for (unsigned pin = 0; pin < emulator::kPins; ++pin) {
    if ((changed >> pin & 1) != 0) {
      std::fprintf(stderr, "%12.3f ms  gpio%u %u\n", static_cast<double>(chip_->micros()) / 1e3,
                   pin, levels >> pin & 1);
    }
  }
}

void PinDisplay::Refresh() {
  if (!live_->is_active()) {
    return;
  }
  std::array<char, 32> time{};
  std::snprintf(time.data(), time.size(), "%9.3f s ", static_cast<double>(chip_->micros()) / 1e6);
  std::string text = time.data();
  for (unsigned pin = 0; pin < emulator::kPins; ++pin) {
    if ((ever_changed_ >> pin & 1) != 0) {
      text += " " + std::to_string(pin) + ((levels_ >> pin & 1) != 0 ? "=1" : "=0");
    }
  }
  live_->Show(text);
}

// --- the camera ---------------------------------------------------------------------------------

namespace {

// The grey of a picture's pixel.
std::uint8_t GreyAt(const inside::pictures::Picture& picture, std::size_t x, std::size_t y) {
  const std::uint8_t* const at = picture.pixels.data() + y * picture.row_bytes() +
                                 x * static_cast<std::size_t>(picture.channels);
  return picture.channels == 1 ? at[0] : signal::Luma(at[0], at[1], at[2]);
}

// The whole picture in the middle of the view, black around it: made smaller where it has to be.
std::vector<std::uint8_t> View(const inside::pictures::Picture& picture) {
  constexpr std::size_t kWidth = PictureScreen::kWidth;
  constexpr std::size_t kHeight = PictureScreen::kHeight;
  const auto width = static_cast<std::size_t>(picture.width);
  const auto height = static_cast<std::size_t>(picture.height);
  std::size_t shown_width = width;
  std::size_t shown_height = height;
  if (width > kWidth || height > kHeight) {
    const bool wide = width * kHeight >= height * kWidth;
    shown_width = wide ? kWidth : std::max<std::size_t>(1, width * kHeight / height);
    shown_height = wide ? std::max<std::size_t>(1, height * kWidth / width) : kHeight;
  }
  const std::size_t left = (kWidth - shown_width) / 2;
  const std::size_t top = (kHeight - shown_height) / 2;
  std::vector<std::uint8_t> view(kWidth * kHeight);
  for (std::size_t y = 0; y < shown_height; ++y) {
    const std::size_t y0 = y * height / shown_height;
    const std::size_t y1 = std::max(y0 + 1, (y + 1) * height / shown_height);
    for (std::size_t x = 0; x < shown_width; ++x) {
      const std::size_t x0 = x * width / shown_width;
      const std::size_t x1 = std::max(x0 + 1, (x + 1) * width / shown_width);
      std::size_t sum = 0;
      for (std::size_t sy = y0; sy < y1; ++sy) {
        for (std::size_t sx = x0; sx < x1; ++sx) {
          sum += GreyAt(picture, sx, sy);
        }
      }
      const std::size_t count = (y1 - y0) * (x1 - x0);
      view[(top + y) * kWidth + left + x] = static_cast<std::uint8_t>((sum + count / 2) / count);
    }
  }
  return view;
}

}  // namespace

PictureScreen::PictureScreen(const std::string& path, int frames_each)
    : frames_each_(static_cast<std::uint64_t>(frames_each)) {
  constexpr std::size_t kMostPictures = 1000;
  const inside::pictures::Film film(path, 1);
  if (film.size() > kMostPictures) {
    throw Failure("--camera: " + ShownPath(path) + ": " + std::to_string(film.size()) +
                  " pictures found, at most " + std::to_string(kMostPictures) + " expected");
  }
  for (const std::string& picture : film.pictures()) {
    views_.push_back(View(inside::pictures::ReadPicture(picture)));
  }
}

std::uint8_t PictureScreen::Pixel(std::uint64_t frame, unsigned x, unsigned y) {
  const std::uint64_t picture = std::min<std::uint64_t>(frame / frames_each_, views_.size() - 1);
  return views_[picture][std::size_t{y} * kWidth + x];
}

emulator::ParallelCamera::Wiring CameraWiring(const std::string& pins) {
  std::array<unsigned, 4> numbers{};
  std::string_view rest = pins;
  bool good = true;
  for (std::size_t i = 0; i < numbers.size() && good; ++i) {
    const char* const end = rest.data() + rest.size();
    const auto [at, error] = std::from_chars(rest.data(), end, numbers[i]);
    const bool last = i + 1 == numbers.size();
    good = error == std::errc() && numbers[i] < emulator::kPins &&
           (last ? at == end : at != end && *at == ',');
    rest = good && !last ? std::string_view(at + 1, end) : std::string_view{};
  }
  std::uint32_t used = 0;
  if (good && numbers[0] + 8 <= emulator::kPins) {
    used = 0xFFu << numbers[0];
    for (std::size_t i = 1; i < numbers.size(); ++i) {
      good = good && (used >> numbers[i] & 1) == 0;
      used |= 1u << numbers[i];
    }
  }
  if (!good || used == 0) {
    throw WrongUsage(
        "--camera-pins: '" + Printable(pins) +
        "' found, DATA,CLOCK,ROW,FRAME expected: eight data lines from pin DATA on and "
        "three more pins, as 6,14,15,16");
  }
  emulator::ParallelCamera::Wiring wiring;
  wiring.data = numbers[0];
  wiring.clock = numbers[1];
  wiring.row = numbers[2];
  wiring.frame = numbers[3];
  wiring.width = PictureScreen::kWidth;
  wiring.height = PictureScreen::kHeight;
  // The part's rows of 376 clocks and frames of 260 rows, at 1.5 MHz.
  wiring.pixel_cycles = 84;
  wiring.pixels_between_rows = 376 - PictureScreen::kWidth;
  wiring.rows_between_frames = 260 - PictureScreen::kHeight;
  wiring.waits_for_mode = true;
  return wiring;
}

// --- the sensor's reader ------------------------------------------------------------------------

SensorReader::SensorReader(Rp2040& chip, StatusLine* live) : chip_(&chip), live_(live) {
  bus_.Attach(&chip.i2c(0));
  bus_.Attach(&chip.i2c(1));
}

void SensorReader::Step() {
  const std::uint64_t now = chip_->micros();
  if (now < next_us_) {
    return;
  }
  if (!reading_) {
    next_us_ = now + kPeriodMicros;
    if (bus_.Start(kAddress, true) == I2cReply::kAck) {
      reading_ = true;
      waits_ = 0;
      bytes_.clear();
      next_us_ = now + kStepMicros;
    } else {
      bus_.Stop();
    }
    return;
  }
  std::uint8_t byte = 0;
  const bool waits = bus_.Read(byte) == I2cReply::kWait;
  next_us_ = now + (waits ? kStepMicros / 9 : kStepMicros);
  if (waits && ++waits_ < kMostWaits) {
    return;
  }
  bytes_.push_back(byte);
  if (waits || bytes_.size() == kPacketBytes) {
    bus_.Stop();
    reading_ = false;
    next_us_ = now + kPeriodMicros;
    Show();
  }
}

void SensorReader::Show() {
  ++packets_;
  std::array<char, 32> time{};
  std::snprintf(time.data(), time.size(), "%9.3f s  ", static_cast<double>(chip_->micros()) / 1e6);
  if (live_ != nullptr) {
    live_->Clear();
  }
  std::fprintf(stdout, "%s0x62: %s\n", time.data(), PacketText(bytes_).c_str());
  std::fflush(stdout);
}

std::string PacketText(const std::vector<std::uint8_t>& bytes) {
  constexpr std::size_t kBytes = 39;
  constexpr std::size_t kFirstFace = 5;
  constexpr std::size_t kFaceBytes = 8;
  constexpr unsigned kMostFaces = 4;
  if (bytes.size() < kBytes) {
    return "the target stopped answering after " + std::to_string(bytes.size()) + " bytes";
  }
  std::uint16_t checksum = 0xFFFF;
  for (std::size_t i = 0; i + 2 < kBytes; ++i) {
    checksum = static_cast<std::uint16_t>(checksum ^ bytes[i]);
    for (int bit = 0; bit < 8; ++bit) {
      checksum = static_cast<std::uint16_t>(checksum >> 1 ^ ((checksum & 1) != 0 ? 0x8408 : 0));
    }
  }
  const unsigned faces = bytes[4];
  if ((bytes[2] | bytes[3] << 8) != 33 || faces > kMostFaces) {
    return "no packet: length " + std::to_string(bytes[2] | bytes[3] << 8) + " and " +
           std::to_string(faces) + " faces found, 33 and at most 4 expected";
  }
  std::string text = faces == 0   ? "no face"
                     : faces == 1 ? "1 face"
                                  : std::to_string(faces) + " faces";
  for (unsigned i = 0; i < faces; ++i) {
    const std::uint8_t* const face = bytes.data() + kFirstFace + i * kFaceBytes;
    text += (i == 0 ? ": " : "; ") + std::to_string(face[0]) + " % at " + std::to_string(face[1]) +
            "," + std::to_string(face[2]) + " to " + std::to_string(face[3]) + "," +
            std::to_string(face[4]) + (face[7] != 0 ? " facing" : "");
  }
  if ((bytes[kBytes - 2] | bytes[kBytes - 1] << 8) != checksum) {
    text += " (wrong checksum)";
  }
  return text;
}

// --- options ------------------------------------------------------------------------------------

I2cOption ParseI2c(const std::string& text) {
  const std::size_t equals = text.find('=');
  std::string_view number = std::string_view(text).substr(0, equals);
  const bool hex = number.starts_with("0x");
  number.remove_prefix(hex ? 2 : 0);
  unsigned address = 0;
  const char* const end = number.data() + number.size();
  const auto [at, error] = std::from_chars(number.data(), end, address, hex ? 16 : 10);
  constexpr unsigned kLowest = 0x08;
  constexpr unsigned kHighest = 0x77;
  if (equals == std::string::npos || equals + 1 == text.size() || error != std::errc() ||
      at != end || address < kLowest || address > kHighest) {
    throw WrongUsage("--i2c: '" + Printable(text) +
                     "' found, ADDRESS=WHAT expected: an address from 0x08 to 0x77 and the word "
                     "memory, a file for a memory, or a program for a second chip");
  }
  return {static_cast<std::uint8_t>(address), text.substr(equals + 1)};
}

}  // namespace pinhole::host
