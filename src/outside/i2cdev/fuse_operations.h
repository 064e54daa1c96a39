// SPDX-License-Identifier: Apache-2.0
#pragma once

// libfuse's requests for one file, answered: a plain file that is a whole file system (FUSE), or a
// character device (CUSE). What a request means is I2cDevFile's affair.
//
// An ioctl's data lies in the program's memory, and that may answer slowly, or be a mapping of the
// very file that we serve. So ioctls are handed on to threads that may wait (Served::later), and
// the thread that runs the session answers everything else at once.
//
// libfuse keeps one function for its messages in a global of its own; NewFileSession and
// NewDeviceSession set it to one that says nothing, since a library does not print.

#include <sys/types.h>

#include <atomic>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <unordered_map>

#include "outside/i2cdev/i2c_bus.h"
#include "outside/i2cdev/i2c_dev_file.h"

struct fuse_session;

namespace pinhole::outside::i2cdev {

// Who may open the file. chmod and chown change it while it is served; the kernel enforces it.
struct FileRights {
  mode_t mode = 0660;
  uid_t user = 0;
  gid_t group = 0;
};

// What a session's requests work on; outlives the session.
struct Served {
  I2cBus& bus;
  std::function<void(const std::string& sentence)> notice;  // called from the serving threads
  // Runs `work(true)` in a thread that may wait, or, where the file is no longer served,
  // `work(false)`; false where too much waits already, `work` is then not kept.
  std::function<bool(std::function<void(bool)> work)> later;
  std::mutex mutex{};  // of the two below
  FileRights rights{};
  // What programs have open; at the end of the session some may be left.
  std::unordered_map<const I2cDevFile*, std::unique_ptr<I2cDevFile>> files{};
  std::atomic<bool> told_out_of_reach{false};
};

// A session that is not yet mounted; nullptr where libfuse refuses.
fuse_session* NewFileSession(Served& served);
// The same for a device /dev/`name`.
fuse_session* NewDeviceSession(Served& served, const std::string& name);

}  // namespace pinhole::outside::i2cdev
