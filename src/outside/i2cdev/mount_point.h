// SPDX-License-Identifier: Apache-2.0
#pragma once

// A path that a FUSE file system is mounted on which is one single file: FUSE may be mounted on a
// file, and its root is then a file too. So `/dev/i2c-1` is served whether it is there or not, with
// one mount and no folder beside it.
//
//   absent          an empty file is made, and its folder where that is missing; both are removed
//                   again at the end
//   a device, or an empty file: is mounted over, and is seen again at the end
//   a mount of a Pinhole that was killed (its file answers "not connected"): is taken away first
//   anything else   is refused
//
// With CAP_SYS_ADMIN in the mount's namespace the kernel mounts, for all users; without it
// fusermount3 does, on a file that the user owns, and only that user's programs see it.

#include <string>

#include "base/diagnosis.h"
#include "base/result.h"

namespace pinhole::outside::i2cdev {

struct MountPoint {
  std::string path;
  bool made_file = false;
  bool made_folder = false;
  bool device = false;  // what is mounted over is a device
};

// True for "i2c-" and one to five digits: what programs look for.
bool IsBusName(const std::string& name);

// Makes `path` ready to be mounted on. Errors: kInvalidArgument (no absolute path, another name,
// not a place for it), kIo (no right, or served by somebody already).
base::Result<MountPoint> PrepareMountPoint(const std::string& path, base::Diagnosis& why);

// Mounts a file system there and returns the open /dev/fuse that serves it; not blocking, closed by
// exec. -1: the kernel does not let us (fusermount3 may). Errors: kNotFound (no FUSE here), kIo.
base::Result<int> MountAsRoot(const MountPoint& point, base::Diagnosis& why);

// Takes the mount away even where programs have the file open: they get an error from then on. Then
// removes what was made. For a thread that may do so still: walls and set-uid calls since then may
// have taken the right from others.
void UnmountAndRemove(const MountPoint& point);

// Removes what PrepareMountPoint made.
void RemoveMountPoint(const MountPoint& point);

// The source that our mounts have in /proc/self/mountinfo.
inline constexpr const char* kMountSource = "pinhole-i2c";

}  // namespace pinhole::outside::i2cdev
