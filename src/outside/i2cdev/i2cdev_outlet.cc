// SPDX-License-Identifier: Apache-2.0
#include "outside/i2cdev/i2cdev_outlet.h"

#include <sys/stat.h>

#include <array>
#include <cerrno>
#include <utility>

#include "outside/i2cdev/file_server.h"
#include "outside/i2cdev/i2c_bus.h"

namespace pinhole::outside::i2cdev {

namespace {

using Kind = i2c::HostCommand::Kind;

// What the owner is told when a program first uses a command; empty: nothing, it works.
std::string_view FirstUse(Kind kind) {
  switch (kind) {
    case Kind::kMode:
      return "a program on I2C set the mode (register 1): in standby the packet stays as it is, "
             "for "
             "all programs, until one sets continuous again";
    case Kind::kEnableId:
      return "a program on I2C asked for identities (register 2): not supported on this sensor "
             "yet, "
             "nothing happens";
    case Kind::kLabelNextId:
      return "a program on I2C labelled a face (register 4): not supported on this sensor yet, "
             "nothing happens";
    case Kind::kPersistIds:
      return "a program on I2C asked for identities to be kept (register 5): not supported on this "
             "sensor yet, nothing happens";
    case Kind::kEraseIds:
      return "a program on I2C asked for identities to be erased (register 6): not supported on "
             "this sensor yet, there are none";
    case Kind::kLed:
      return "a program on I2C switched the LED (register 7): not supported on this sensor yet, "
             "nothing happens";
    case Kind::kSingleShot: break;
  }
  return {};
}

class I2cdevOutlet final : public outlet::Outlet {
 public:
  I2cdevOutlet(std::shared_ptr<I2cBus> bus, std::unique_ptr<FileServer> server,
               outlet::Notices notices)
      : bus_(std::move(bus)), server_(std::move(server)), notices_(std::move(notices)) {}

  [[nodiscard]] std::string_view name() const override { return "i2c"; }

  void Publish(const facts::PersonFacts& facts) override {
    bus_->Publish(facts);
    const CommandCounts counts = bus_->command_counts();
    for (std::size_t kind = 0; kind < counts.size(); ++kind) {
      if (counts[kind] != 0 && !told_[kind]) {
        told_[kind] = true;
        if (const std::string_view sentence = FirstUse(Kind{static_cast<std::uint8_t>(kind)});
            !sentence.empty() && notices_) {
          notices_(sentence);
        }
      }
    }
  }

 private:
  std::shared_ptr<I2cBus> bus_;
  std::unique_ptr<FileServer> server_;
  outlet::Notices notices_;
  std::array<bool, std::tuple_size_v<CommandCounts>> told_{};
};

base::Result<FileServer::How> Chosen(const I2cdevOptions& options, base::Diagnosis& why) {
  const bool in_dev = options.path.starts_with("/dev/") && IsBusName(options.path.substr(5));
  struct stat found{};
  const bool free = ::lstat(options.path.c_str(), &found) != 0 && errno == ENOENT;
  if (options.how == "file" || (options.how == "auto" && !(in_dev && free && CuseIsToBeHad()))) {
    return FileServer::How::kFile;
  }
  if (options.how != "cuse" && options.how != "auto") {
    return why.Fail(base::Error::kInvalidArgument, "the I2C file's how is '", options.how,
                    "': choose auto, cuse or file");
  }
  if (!in_dev || !free) {
    return why.Fail(base::Error::kInvalidArgument, "a CUSE device can't be made at '", options.path,
                    "': a path /dev/i2c-N that is not there yet is expected; or choose how = file");
  }
  return FileServer::How::kDevice;
}

}  // namespace

base::Result<std::unique_ptr<outlet::Outlet>> OpenI2cdev(const I2cdevOptions& options,
                                                         outlet::Notices notices,
                                                         base::Diagnosis& why) {
  if (options.mode > 0777) {
    return why.Fail(base::Error::kInvalidArgument,
                    "the I2C file's mode is no set of rights: choose from 0 to 0777 (octal)");
  }
  PINHOLE_ASSIGN(const FileServer::How how, Chosen(options, why));
  auto bus = std::make_shared<I2cBus>();
  auto server = FileServer::Open({how, options.path, options.mode}, bus, notices, why);
  if (!server) {
    return base::Unexpected(server.error());
  }
  return std::unique_ptr<outlet::Outlet>(
      std::make_unique<I2cdevOutlet>(std::move(bus), *std::move(server), std::move(notices)));
}

}  // namespace pinhole::outside::i2cdev
