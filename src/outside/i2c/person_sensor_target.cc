// SPDX-License-Identifier: Apache-2.0
#include "outside/i2c/person_sensor_target.h"

#include <algorithm>
#include <limits>

namespace pinhole::outside::i2c {

namespace {

using Kind = HostCommand::Kind;

// The largest value that register `kind` takes; the smallest is 0.
constexpr std::uint8_t Largest(Kind kind) {
  switch (kind) {
    case Kind::kSingleShot:
    case Kind::kEraseIds: return 255;  // writing is the command; clients write 0 as well as 1
    case Kind::kLabelNextId: return 7;
    case Kind::kMode:
    case Kind::kEnableId:
    case Kind::kPersistIds:
    case Kind::kLed: return 1;
  }
  return 0;
}

}  // namespace

void PersonSensorTarget::Start(Direction direction) {
  EndWrite(/*stopped=*/false);
  if (direction == Direction::kWrite) {
    phase_ = Phase::kWriting;
    written_count_ = 0;
    return;
  }
  const bool goes_on = phase_ == Phase::kReading && position_ < reading_.size();
  if (!goes_on) {
    reading_ = newest_;
    position_ = 0;
  }
  phase_ = Phase::kReading;
}

void PersonSensorTarget::ByteWritten(std::uint8_t byte) {
  if (phase_ != Phase::kWriting || written_count_ > kLongestWrite) {
    return;
  }
  if (written_count_ < kLongestWrite) {
    written_[written_count_] = byte;
  }
  ++written_count_;
}

std::uint8_t PersonSensorTarget::ByteWanted() {
  if (phase_ != Phase::kReading) {
    return 0;
  }
  const std::uint8_t byte =
      position_ < reading_.size() ? std::to_integer<std::uint8_t>(reading_[position_]) : 0;
  if (position_ < std::numeric_limits<std::uint16_t>::max()) {
    ++position_;
  }
  return byte;
}

void PersonSensorTarget::ByteNotSent() {
  if (phase_ == Phase::kReading && position_ > 0) {
    --position_;
  }
}

void PersonSensorTarget::Stop() {
  EndWrite(/*stopped=*/true);
  phase_ = Phase::kIdle;
}

std::optional<HostCommand> PersonSensorTarget::TakeCommand() {
  if (command_count_ == 0) {
    return std::nullopt;
  }
  const HostCommand oldest = commands_[0];
  std::copy(commands_.begin() + 1, commands_.begin() + command_count_, commands_.begin());
  --command_count_;
  return oldest;
}

void PersonSensorTarget::EndWrite(bool stopped) {
  if (phase_ != Phase::kWriting) {
    return;
  }
  phase_ = Phase::kIdle;
  if (written_count_ > kLongestWrite) {
    Refuse();
  } else if (written_count_ == 1) {
    // With a repeated start it is the beginning of a read, as somebody looking at register 3 does.
    if (stopped && written_[0] == static_cast<std::uint8_t>(Kind::kSingleShot)) {
      Set(written_[0], 0);
    }
  } else if (written_count_ == 3) {
    Set(written_[0], written_[1] == 0 ? written_[2] : written_[1]);
  } else {
    for (std::size_t i = 0; i + 1 < written_count_; i += 2) {
      Set(written_[i], written_[i + 1]);
    }
  }
}

void PersonSensorTarget::Set(std::uint8_t reg, std::uint8_t value) {
  if (reg == 0 || reg > kKinds) {
    Refuse();
    return;
  }
  const Kind kind{reg};
  if (value > Largest(kind)) {
    Refuse();
    return;
  }
  if (kind == Kind::kMode) {
    standby_ = value == 0;
  }
  if (kind == Kind::kSingleShot && !standby_) {
    return;  // the guide: "Only works if the sensor is in standby mode"
  }
  const bool has_value = kind != Kind::kSingleShot && kind != Kind::kEraseIds;
  Enqueue({kind, has_value ? value : std::uint8_t{0}});
}

void PersonSensorTarget::Enqueue(HostCommand command) {
  const auto end = commands_.begin() + command_count_;
  const auto kept = std::remove_if(
      commands_.begin(), end, [&](const HostCommand& old) { return old.kind == command.kind; });
  *kept = command;  // there is room: one place for each kind
  command_count_ = static_cast<std::uint8_t>(kept - commands_.begin() + 1);
}

void PersonSensorTarget::Refuse() {
  if (refused_ < std::numeric_limits<std::uint16_t>::max()) {
    ++refused_;
  }
}

}  // namespace pinhole::outside::i2c
