// SPDX-License-Identifier: Apache-2.0
#pragma once

// Serves one I2C bus as one file to all programs of the machine, in threads of its own.
//
// kFile: a FUSE file system that is a single plain file (mount_point.h). kDevice: a character
// device made by CUSE, /dev/i2c-N. Both hand every read, write and ioctl of every program to
// I2cDevFile.
//
// One thread takes requests and answers all that can be answered at once; four carry out ioctls;
// one waits for the end. A program whose memory answers slowly (its buffer lies in another FUSE
// file, say) holds up the thread that carries out its ioctl: four such programs hold up the ioctls
// of all, as one that keeps the clock low holds up a wire; 64 may wait behind them, the next get
// EBUSY. They cannot hold up read and write, the bus, Publish, or the end: the destructor takes the
// mount away, waits for the threads a few seconds, and leaves behind one that hangs, with the
// memory that it uses.

#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "base/diagnosis.h"
#include "base/result.h"
#include "outside/i2cdev/i2c_bus.h"
#include "outside/i2cdev/mount_point.h"
#include "outside/outlet/outlet.h"

namespace pinhole::outside::i2cdev {

class FileServer {
 public:
  enum class How { kFile, kDevice };
  struct Options {
    How how = How::kFile;
    std::string path;
    unsigned mode = 0660;
  };

  // When it returns, programs can open the file. Errors as OpenI2cdev.
  static base::Result<std::unique_ptr<FileServer>> Open(const Options& options,
                                                        std::shared_ptr<I2cBus> bus,
                                                        outlet::Notices notices,
                                                        base::Diagnosis& why);
  ~FileServer();
  FileServer(const FileServer&) = delete;
  FileServer& operator=(const FileServer&) = delete;

 private:
  struct Core;  // what the threads share, and outlives them

  explicit FileServer(std::shared_ptr<Core> core) : core_(std::move(core)) {}
  void StartThreads();
  static void TakeRequests(const std::shared_ptr<Core>& core);
  static void CarryOutIoctls(const std::shared_ptr<Core>& core);
  static void KeepUntilTheEnd(const std::shared_ptr<Core>& core);

  std::shared_ptr<Core> core_;
  std::vector<std::thread> threads_;
};

// True where a device can be made by CUSE: the kernel has it and we may.
bool CuseIsToBeHad();

}  // namespace pinhole::outside::i2cdev
