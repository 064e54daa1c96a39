// SPDX-License-Identifier: Apache-2.0
#include "outside/i2cdev/i2c_dev_file.h"

#include <linux/i2c-dev.h>
#include <linux/i2c.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <climits>
#include <cstring>
#include <utility>
#include <vector>

namespace pinhole::outside::i2cdev {

namespace {

static_assert(I2C_RDWR_IOCTL_MAX_MSGS == I2cDevFile::kMaxMessages);

constexpr std::uint32_t kFunctions = I2C_FUNC_I2C | I2C_FUNC_SMBUS_QUICK | I2C_FUNC_SMBUS_BYTE |
                                     I2C_FUNC_SMBUS_BYTE_DATA | I2C_FUNC_SMBUS_WORD_DATA |
                                     I2C_FUNC_SMBUS_I2C_BLOCK;

constexpr std::uint64_t kMaxAddress = 0x7f;

// The value of type T at `offset`, in this machine's byte order, which is the caller's.
template <typename T>
T At(std::span<const std::uint8_t> bytes, std::size_t offset) {
  T value;
  std::memcpy(&value, bytes.data() + offset, sizeof value);
  return value;
}

std::uint64_t PointerAt(std::span<const std::uint8_t> bytes, std::size_t offset,
                        PointerSize pointers) {
  return pointers == PointerSize::k4 ? At<std::uint32_t>(bytes, offset)
                                     : At<std::uint64_t>(bytes, offset);
}

constexpr std::size_t Size(PointerSize pointers) { return static_cast<std::size_t>(pointers); }

// Where the fields of struct i2c_msg lie: addr, flags, len, two bytes of nothing, buf.
struct CallersMessage {
  static constexpr std::size_t Bytes(PointerSize pointers) { return 8 + Size(pointers); }

  CallersMessage(std::span<const std::uint8_t> bytes, PointerSize pointers)
      : address(At<std::uint16_t>(bytes, 0)),
        flags(At<std::uint16_t>(bytes, 2)),
        length(At<std::uint16_t>(bytes, 4)),
        buffer(PointerAt(bytes, 8, pointers)) {}

  [[nodiscard]] bool read() const { return (flags & I2C_M_RD) != 0; }

  std::uint16_t address, flags, length;
  std::uint64_t buffer;
};

int WriteFunctions(std::uint64_t argument, PointerSize pointers, CallerMemory& memory) {
  std::array<std::uint8_t, 8> bytes{};
  if (pointers == PointerSize::k4) {
    std::memcpy(bytes.data(), &kFunctions, sizeof kFunctions);
  } else {
    const std::uint64_t wide = kFunctions;
    std::memcpy(bytes.data(), &wide, sizeof wide);
  }
  return -memory.Write(argument, std::span(bytes).first(Size(pointers)));
}

}  // namespace

int I2cDevFile::Read(std::span<std::uint8_t> out) {
  const std::span<std::uint8_t> taken = out.first(std::min(out.size(), kMaxBytes));
  const std::array<I2cMessage, 1> message{{{address_, true, taken}}};
  const int result = bus_.Transfer(message);
  return result < 0 ? result : static_cast<int>(taken.size());
}

int I2cDevFile::Write(std::span<const std::uint8_t> bytes) {
  std::vector<std::uint8_t> taken(
      bytes.begin(),
      bytes.begin() + static_cast<std::ptrdiff_t>(std::min(bytes.size(), kMaxBytes)));
  const std::array<I2cMessage, 1> message{{{address_, false, taken}}};
  const int result = bus_.Transfer(message);
  return result < 0 ? result : static_cast<int>(taken.size());
}

int I2cDevFile::Ioctl(std::uint32_t number, std::uint64_t argument, PointerSize pointers,
                      CallerMemory& memory) {
  switch (number) {
    case I2C_SLAVE:
    case I2C_SLAVE_FORCE:
      if (argument > kMaxAddress) {
        return -EINVAL;
      }
      address_ = static_cast<std::uint16_t>(argument);
      return 0;
    case I2C_TENBIT:
    case I2C_PEC: return argument == 0 ? 0 : -EOPNOTSUPP;
    case I2C_RETRIES:
    case I2C_TIMEOUT: return argument > INT_MAX ? -EINVAL : 0;
    case I2C_FUNCS: return WriteFunctions(argument, pointers, memory);
    case I2C_RDWR: return ReadWrite(argument, pointers, memory);
    case I2C_SMBUS: return Smbus(argument, pointers, memory);
    default: return -ENOTTY;
  }
}

namespace {

// What a caller of I2C_RDWR asks for, copied from its memory.
struct Transaction {
  std::vector<CallersMessage> asked;
  std::vector<std::uint8_t> bytes;   // of all messages, one after the other
  std::vector<I2cMessage> messages;  // in `bytes`
};

// struct i2c_rdwr_ioctl_data: a pointer to messages, and how many. 0 or -errno.
int TakeMessages(std::uint64_t argument, PointerSize pointers, CallerMemory& memory,
                 std::vector<CallersMessage>& asked) {
  std::array<std::uint8_t, 12> head{};
  if (const int error = memory.Read(argument, std::span(head).first(Size(pointers) + 4))) {
    return -error;
  }
  const std::uint32_t count = At<std::uint32_t>(head, Size(pointers));
  if (count == 0 || count > I2cDevFile::kMaxMessages) {
    return -EINVAL;
  }
  std::array<std::uint8_t, I2cDevFile::kMaxMessages * CallersMessage::Bytes(PointerSize::k8)> raw{};
  const std::size_t stride = CallersMessage::Bytes(pointers);
  if (const int error =
          memory.Read(PointerAt(head, 0, pointers), std::span(raw).first(count * stride))) {
    return -error;
  }
  asked.reserve(count);
  for (std::size_t i = 0; i < count; ++i) {
    const auto bytes = std::span(raw).subspan(i * stride, stride);
    const CallersMessage message(bytes, pointers);
    if (message.length > I2cDevFile::kMaxBytes) {
      return -EINVAL;
    }
    if ((message.flags & ~I2C_M_RD) != 0) {
      return -EOPNOTSUPP;
    }
    asked.push_back(message);
  }
  return 0;
}

// Fills `bytes` and `messages` from `asked`. 0 or -errno.
int TakeBytes(CallerMemory& memory, Transaction& transaction) {
  std::size_t total = 0;
  for (const CallersMessage& message : transaction.asked) {
    total += message.length;
  }
  transaction.bytes.resize(total);
  transaction.messages.reserve(transaction.asked.size());
  std::size_t at = 0;
  for (const CallersMessage& message : transaction.asked) {
    const std::span part = std::span(transaction.bytes).subspan(at, message.length);
    at += message.length;
    if (!message.read() && !part.empty()) {
      if (const int error = memory.Read(message.buffer, part)) {
        return -error;
      }
    }
    transaction.messages.push_back({message.address, message.read(), part});
  }
  return 0;
}

}  // namespace

int I2cDevFile::ReadWrite(std::uint64_t argument, PointerSize pointers, CallerMemory& memory) {
  Transaction transaction;
  if (const int result = TakeMessages(argument, pointers, memory, transaction.asked); result < 0) {
    return result;
  }
  if (const int result = TakeBytes(memory, transaction); result < 0) {
    return result;
  }
  if (const int result = bus_.Transfer(transaction.messages); result < 0) {
    return result;
  }
  for (std::size_t i = 0; i < transaction.messages.size(); ++i) {
    const I2cMessage& message = transaction.messages[i];
    if (message.read && !message.bytes.empty()) {
      if (const int error = memory.Write(transaction.asked[i].buffer, message.bytes)) {
        return -error;
      }
    }
  }
  return static_cast<int>(transaction.messages.size());
}

namespace {

// An SMBus transfer as the messages that it is on the bus: a write of `sent`, then, after a
// repeated start, a read of `wanted` bytes.
struct SmbusPlan {
  std::array<std::uint8_t, 1 + I2C_SMBUS_BLOCK_MAX> sent{};
  std::size_t sent_count = 0;
  bool writes = true;
  std::array<std::uint8_t, I2C_SMBUS_BLOCK_MAX> wanted{};
  std::size_t wanted_count = 0;
  bool reads = false;
  bool block = false;  // the caller's data begins with a byte that counts the rest
};

struct SmbusRequest {
  bool read;
  std::uint8_t command;
  std::uint32_t size;  // what kind of transfer
  std::uint64_t data;
};

// How many bytes of data `request` has, beside the command; fills plan.block. -errno.
int SmbusDataBytes(const SmbusRequest& request, CallerMemory& memory, SmbusPlan& plan) {
  if (request.data == 0) {
    return -EINVAL;
  }
  switch (request.size) {
    case I2C_SMBUS_BYTE:
    case I2C_SMBUS_BYTE_DATA: return 1;
    case I2C_SMBUS_WORD_DATA: return 2;
    default: break;
  }
  plan.block = true;
  // libi2c asks so for 32 bytes, so that it works with old kernels, and gives no count.
  if (request.size == I2C_SMBUS_I2C_BLOCK_BROKEN && request.read) {
    return I2C_SMBUS_BLOCK_MAX;
  }
  std::array<std::uint8_t, 1> count{};
  if (const int error = memory.Read(request.data, count)) {
    return -error;
  }
  return count[0] > I2C_SMBUS_BLOCK_MAX ? -EINVAL : count[0];
}

int MakeSmbusPlan(const SmbusRequest& request, CallerMemory& memory, SmbusPlan& plan) {
  plan.reads = request.read;
  if (request.size == I2C_SMBUS_QUICK) {
    plan.writes = !request.read;
    return 0;
  }
  const bool lone_byte = request.size == I2C_SMBUS_BYTE;
  plan.writes = !(lone_byte && request.read);
  if (plan.writes) {
    plan.sent[plan.sent_count++] = request.command;
  }
  if (lone_byte && !request.read) {
    return 0;
  }
  const int count = SmbusDataBytes(request, memory, plan);
  if (count < 0) {
    return count;
  }
  if (request.read) {
    plan.wanted_count = static_cast<std::size_t>(count);
    return 0;
  }
  const auto data = std::span(plan.sent).subspan(1, static_cast<std::size_t>(count));
  plan.sent_count += data.size();
  if (data.empty()) {
    return 0;
  }
  if (const int error = memory.Read(request.data + (plan.block ? 1 : 0), data)) {
    return -error;
  }
  if (request.size == I2C_SMBUS_WORD_DATA) {  // the low byte goes first, whatever the machine
    const auto word = At<std::uint16_t>(data, 0);
    data[0] = static_cast<std::uint8_t>(word);
    data[1] = static_cast<std::uint8_t>(word >> 8);
  }
  return 0;
}

bool IsSmbusSize(std::uint32_t size) { return size <= I2C_SMBUS_I2C_BLOCK_DATA; }

bool IsServedSmbusSize(std::uint32_t size) {
  switch (size) {
    case I2C_SMBUS_QUICK:
    case I2C_SMBUS_BYTE:
    case I2C_SMBUS_BYTE_DATA:
    case I2C_SMBUS_WORD_DATA:
    case I2C_SMBUS_I2C_BLOCK_BROKEN:
    case I2C_SMBUS_I2C_BLOCK_DATA: return true;
    default: return false;
  }
}

// The caller's union i2c_smbus_data after a read: a word lies in it in the machine's byte order.
int WriteSmbusData(const SmbusRequest& request, const SmbusPlan& plan, CallerMemory& memory) {
  std::array<std::uint8_t, 1 + I2C_SMBUS_BLOCK_MAX> data{};
  std::size_t size = plan.wanted_count;
  if (request.size == I2C_SMBUS_WORD_DATA) {
    const auto word = static_cast<std::uint16_t>(plan.wanted[0] | plan.wanted[1] << 8);
    std::memcpy(data.data(), &word, sizeof word);
  } else {
    const std::size_t at = plan.block ? 1 : 0;
    data[0] = static_cast<std::uint8_t>(size);
    std::copy_n(plan.wanted.begin(), size, data.begin() + static_cast<std::ptrdiff_t>(at));
    size += at;
  }
  return size == 0 ? 0 : -memory.Write(request.data, std::span(data).first(size));
}

}  // namespace

// struct i2c_smbus_ioctl_data: read_write, command, two bytes of nothing, size, a pointer to data.
int I2cDevFile::Smbus(std::uint64_t argument, PointerSize pointers, CallerMemory& memory) {
  std::array<std::uint8_t, 16> raw{};
  if (const int error = memory.Read(argument, std::span(raw).first(8 + Size(pointers)))) {
    return -error;
  }
  const SmbusRequest request{raw[0] == I2C_SMBUS_READ, raw[1], At<std::uint32_t>(raw, 4),
                             PointerAt(raw, 8, pointers)};
  if (!IsSmbusSize(request.size) || raw[0] > I2C_SMBUS_READ) {
    return -EINVAL;
  }
  if (!IsServedSmbusSize(request.size)) {
    return -EOPNOTSUPP;
  }
  SmbusPlan plan;
  if (const int result = MakeSmbusPlan(request, memory, plan); result < 0) {
    return result;
  }
  std::array<I2cMessage, 2> messages{};
  std::size_t count = 0;
  if (plan.writes) {
    messages[count++] = {address_, false, std::span(plan.sent).first(plan.sent_count)};
  }
  if (plan.reads) {
    messages[count++] = {address_, true, std::span(plan.wanted).first(plan.wanted_count)};
  }
  if (const int result = bus_.Transfer(std::span(messages).first(count)); result < 0) {
    return result;
  }
  return plan.reads ? WriteSmbusData(request, plan, memory) : 0;
}

}  // namespace pinhole::outside::i2cdev
