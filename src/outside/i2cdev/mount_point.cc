// SPDX-License-Identifier: Apache-2.0
#include "outside/i2cdev/mount_point.h"

#include <fcntl.h>
#include <spawn.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <climits>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <sstream>

namespace pinhole::outside::i2cdev {

namespace {

using base::Diagnosis;
using base::Error;

constexpr int kStackedMounts = 8;  // that are taken away one after the other

// As /proc/self/mountinfo writes paths: \040 for a space.
std::string Unescaped(const std::string& text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '\\' && i + 3 < text.size()) {
      out += static_cast<char>(std::strtol(text.substr(i + 1, 3).c_str(), nullptr, 8));
      i += 3;
    } else {
      out += text[i];
    }
  }
  return out;
}

// The source of the uppermost mount at `path`; empty where nothing is mounted there.
std::string MountedAt(const std::string& path) {
  std::ifstream lines("/proc/self/mountinfo");
  std::string found;
  for (std::string line; std::getline(lines, line);) {
    std::istringstream words(line);
    std::string id, parent, device, root, where, word, type, source;
    words >> id >> parent >> device >> root >> where;
    while (words >> word && word != "-") {
    }
    words >> type >> source;
    if (Unescaped(where) == path) {
      found = source.empty() ? "none" : source;
    }
  }
  return found;
}

// Runs fusermount3, which may do what we may not.
bool UnmountAsUser(const std::string& path) {
  const std::string program = "fusermount3";
  const char* arguments[] = {program.c_str(), "-u", "-z", "-q", "--", path.c_str(), nullptr};
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_addopen(&actions, STDERR_FILENO, "/dev/null", O_WRONLY, 0);
  pid_t child = 0;
  const int failed = ::posix_spawnp(&child, program.c_str(), &actions, nullptr,
                                    const_cast<char* const*>(arguments), environ);
  posix_spawn_file_actions_destroy(&actions);
  if (failed != 0) {
    return false;
  }
  int status = 0;
  while (::waitpid(child, &status, 0) < 0 && errno == EINTR) {
  }
  return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

bool Unmount(const std::string& path) {
  // MNT_FORCE ends calls that wait for an answer, MNT_DETACH the mount of files that are open.
  return ::umount2(path.c_str(), MNT_FORCE | MNT_DETACH | UMOUNT_NOFOLLOW) == 0 ||
         UnmountAsUser(path);
}

// `path` with its folder made real; the file itself may be missing, or not to be looked at.
base::Result<std::string> RealPath(const std::string& path, MountPoint& point, Diagnosis& why) {
  const std::size_t slash = path.rfind('/');
  if (path.empty() || path[0] != '/' || !IsBusName(path.substr(slash + 1))) {
    return why.Fail(Error::kInvalidArgument, "the I2C file '", path,
                    "': an absolute path that ends in i2c- and a number is expected, as "
                    "/run/pinhole/i2c-1");
  }
  const std::string folder = slash == 0 ? "/" : path.substr(0, slash);
  if (::mkdir(folder.c_str(), 0755) == 0) {
    point.made_folder = true;
  } else if (errno != EEXIST) {
    return why.Fail(Error::kIo, "the folder '", folder, "' for the I2C file can't be made (",
                    std::strerror(errno), "): make it, or choose another path");
  }
  char real[PATH_MAX];
  if (::realpath(folder.c_str(), real) == nullptr) {
    return why.Fail(Error::kIo, "the folder '", folder,
                    "' for the I2C file: ", std::strerror(errno));
  }
  return (slash == 0 ? "" : std::string(real)) + path.substr(slash);
}

// True where nobody answers any more. Attributes are cached for a while; opening is not.
bool IsDead(const std::string& path) {
  const int fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
  const bool dead = fd < 0 && errno == ENOTCONN;
  if (fd >= 0) {
    ::close(fd);
  }
  return dead;
}

// Takes away what a killed Pinhole left on `path`.
base::Status ClearStaleMounts(MountPoint& point, Diagnosis& why) {
  struct stat found{};
  for (int i = 0; i < kStackedMounts; ++i) {
    const std::string source = MountedAt(point.path);
    if (source.empty()) {
      return {};
    }
    if (source != kMountSource || !IsDead(point.path)) {
      return why.Fail(Error::kIo, "'", point.path, "' is served already by a mount of '", source,
                      "': stop what serves it, or choose another path");
    }
    if (!Unmount(point.path)) {
      return why.Fail(
          Error::kIo, "'", point.path,
          "' was left mounted by a Pinhole that was killed, and can't be unmounted: run "
          "as root umount '",
          point.path, "'");
    }
    // Below lies what that one found or made; a file of no bytes can only be made for this.
    const bool file = ::lstat(point.path.c_str(), &found) == 0 && S_ISREG(found.st_mode);
    point.made_file = file && found.st_size == 0;
  }
  return why.Fail(Error::kIo, "'", point.path, "' has more than ", kStackedMounts,
                  " dead mounts on it: umount them, or choose another path");
}

base::Status MakeOrTakeFile(MountPoint& point, Diagnosis& why) {
  const int made = ::open(point.path.c_str(), O_CREAT | O_EXCL | O_WRONLY | O_CLOEXEC, 0600);
  if (made >= 0) {
    ::close(made);
    point.made_file = true;
    return {};
  }
  if (errno != EEXIST) {
    return why.Fail(Error::kIo, "the I2C file '", point.path, "' can't be made (",
                    std::strerror(errno), "): run as root, or choose a path in a folder of yours");
  }
  struct stat found{};
  if (::lstat(point.path.c_str(), &found) != 0) {
    return why.Fail(Error::kIo, "the I2C file '", point.path, "': ", std::strerror(errno));
  }
  point.device = S_ISCHR(found.st_mode);
  if (!point.device && !(S_ISREG(found.st_mode) && found.st_size == 0)) {
    return why.Fail(Error::kInvalidArgument, "'", point.path, "' is ",
                    S_ISDIR(found.st_mode)   ? "a folder"
                    : S_ISLNK(found.st_mode) ? "a symbolic link"
                    : S_ISREG(found.st_mode) ? "a file with something in it"
                                             : "no device",
                    ": a device, an empty file or nothing is expected there; choose another path");
  }
  return {};
}

}  // namespace

bool IsBusName(const std::string& name) {
  return name.size() >= 5 && name.size() <= 9 && name.starts_with("i2c-") &&
         std::all_of(name.begin() + 4, name.end(), [](char c) { return c >= '0' && c <= '9'; });
}

base::Result<MountPoint> PrepareMountPoint(const std::string& path, Diagnosis& why) {
  MountPoint point;
  const auto real = RealPath(path, point, why);
  if (!real) {
    return base::Unexpected(real.error());
  }
  point.path = *real;
  for (const auto step : {ClearStaleMounts, MakeOrTakeFile}) {
    if (const base::Status done = step(point, why); !done) {
      RemoveMountPoint(point);
      return base::Unexpected(done.error());
    }
  }
  return point;
}

base::Result<int> MountAsRoot(const MountPoint& point, Diagnosis& why) {
  const int fd = ::open("/dev/fuse", O_RDWR | O_CLOEXEC | O_NONBLOCK);
  if (fd < 0) {
    return why.Fail(Error::kNotFound, "/dev/fuse can't be opened (", std::strerror(errno),
                    "): the I2C file needs FUSE; as root, modprobe fuse");
  }
  // The kernel checks the file's rights (default_permissions) and lets all users to them.
  const std::string data =
      "fd=" + std::to_string(fd) + ",rootmode=100000,user_id=" + std::to_string(::getuid()) +
      ",group_id=" + std::to_string(::getgid()) + ",allow_other,default_permissions";
  if (::mount(kMountSource, point.path.c_str(), "fuse", MS_NOSUID | MS_NODEV | MS_NOEXEC,
              data.c_str()) == 0) {
    return fd;
  }
  const int error = errno;
  ::close(fd);
  if (error == EPERM || error == EACCES) {
    return -1;
  }
  return why.Fail(Error::kIo, "FUSE can't be mounted on '", point.path, "' (", std::strerror(error),
                  "): choose another path");
}

void UnmountAndRemove(const MountPoint& point) {
  // Not where somebody has unmounted it already: what is there then is not ours.
  if (MountedAt(point.path) == kMountSource) {
    Unmount(point.path);
  }
  RemoveMountPoint(point);
}

void RemoveMountPoint(const MountPoint& point) {
  struct stat found{};
  if (point.made_file && ::lstat(point.path.c_str(), &found) == 0 && S_ISREG(found.st_mode) &&
      found.st_size == 0) {
    ::unlink(point.path.c_str());
  }
  if (point.made_folder) {
    ::rmdir(point.path.substr(0, point.path.rfind('/')).c_str());  // where nobody else uses it
  }
}

}  // namespace pinhole::outside::i2cdev
