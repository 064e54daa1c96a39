// SPDX-License-Identifier: Apache-2.0
#pragma once

// The Person Sensor's I2C registers as a file that behaves as /dev/i2c-N, so that programs made for
// the sensor on a wire read ours unchanged.
//
//   programs ─► open/read/write/ioctl ─► kernel ─► FUSE ─► FileServer ─► I2cDevFile ─► I2cBus
//                                                                                        ▲
//                                                          Publish, once a tick ─────────┘
//
// Publish copies 39 bytes under a lock that is held for a bus transaction at most (42 messages of
// 8192 bytes, about a millisecond); everything that can wait for a program waits in the server's
// own threads.
//
// To be opened before walls are put up around the process (wall/confine.h): an ioctl's data lies in
// the memory of the program that calls, and a thread inside such a wall may not read it, nor
// unmount in the end. The server's threads are started by Open and keep the rights of the thread
// that called it.
//
// The decisions: docs/decisions/0009-i2c-file.md. How to use it: docs/how-to/i2c-on-linux.md.

#include <memory>
#include <string>

#include "base/diagnosis.h"
#include "base/result.h"
#include "outside/outlet/outlet.h"

namespace pinhole::outside::i2cdev {

struct I2cdevOptions {
  // Where the device appears: a file that is made, or (mounted over, needs root) one that is there
  // already, as /dev/i2c-1. Named i2c-N.
  std::string path = "/run/pinhole/i2c-1";
  // auto, cuse (a real character device; the path lies in /dev and is not there yet) or file. auto
  // is cuse where that is possible.
  std::string how = "auto";
  // Rights of the file. It belongs to the user we run as, and, where that is root and there is one,
  // to the group i2c.
  unsigned mode = 0660;
};

// Errors: kInvalidArgument, kNotFound (no FUSE, no CUSE), kIo; `why` says it in one sentence.
base::Result<std::unique_ptr<outlet::Outlet>> OpenI2cdev(const I2cdevOptions& options,
                                                         outlet::Notices notices,
                                                         base::Diagnosis& why);

}  // namespace pinhole::outside::i2cdev
