// SPDX-License-Identifier: Apache-2.0
#include "wall/confine.h"

#include <fcntl.h>
#include <sched.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "system/failure.h"
#include "wall/filter.h"
#include "wall/kernel.h"
#include "wall/leak_check.h"

namespace pinhole::wall {

namespace {

using namespace access;  // NOLINT(google-build-using-namespace): flags, of this room

constexpr std::uint64_t kReading = kReadFile | kReadDir;
constexpr std::uint64_t kExecuting = kReading | kExecute;
constexpr std::uint64_t kWriting = kReading | kWriteFile | kRemoveFile | kMakeReg | kTruncate |
                                   kRemoveDir | kMakeDir | kRefer | kIoctlDev;
// What can be allowed of a file that is no folder.
constexpr std::uint64_t kOfFiles = kExecute | kWriteFile | kReadFile | kTruncate | kIoctlDev;

void AllowPaths(int ruleset, const std::vector<std::string>& paths, std::uint64_t what) {
  for (const std::string& path : paths) {
    const int fd = ::open(path.c_str(), O_PATH | O_CLOEXEC);
    if (fd < 0) {
      continue;
    }
    struct stat info{};
    const bool is_folder = ::fstat(fd, &info) == 0 && S_ISDIR(info.st_mode);
    const LandlockPath rule{is_folder ? what : what & kOfFiles, fd};
    LandlockAdd(ruleset, kLandlockRulePath, &rule);
    ::close(fd);
  }
}

using Ports = std::vector<std::uint16_t>;

void AllowPorts(int ruleset, const Ports& ports, std::uint64_t what) {
  for (const std::uint16_t port : ports) {
    const LandlockPort rule{what, port};
    LandlockAdd(ruleset, kLandlockRulePort, &rule);
  }
}

void Note(std::string& missing, const std::string& sentence) {
  missing += (missing.empty() ? "" : "; ") + sentence;
}

std::string Reason(int error) { return std::strerror(error); }

void RestrictFiles(const Confinement& wanted, Confined& got) {
  const int abi = LandlockAbi();
  if (abi == 0) {
    Note(got.missing,
         "this kernel has no Landlock, so files are only guarded by their owner's rights");
    return;
  }
  LandlockRuleset rules;
  const std::uint64_t all = AllFileAccess(abi);
  rules.handled_access_fs = all;
  if (abi >= 4) {
    rules.handled_access_net |= wanted.network && !wanted.connect_tcp ? 0 : kConnectTcp;
    rules.handled_access_net |= wanted.network && !wanted.bind_tcp ? 0 : kBindTcp;
  }
  rules.scoped = abi >= 6 ? 3 : 0;  // abstract sockets of, and signals to, processes elsewhere
  const int ruleset = LandlockCreate(rules, abi);
  if (ruleset < 0) {
    Note(got.missing, "Landlock: " + Reason(errno));
    return;
  }
  AllowPaths(ruleset, wanted.read, kReading & all);
  AllowPaths(ruleset, wanted.execute, kExecuting & all);
  AllowPaths(ruleset, wanted.write, kWriting & all);
  if (abi >= 4) {
    AllowPorts(ruleset, wanted.connect_tcp.value_or(Ports{}), kConnectTcp);
    AllowPorts(ruleset, wanted.bind_tcp.value_or(Ports{}), kBindTcp);
  }
  if (LandlockRestrict(ruleset) == 0) {
    got.landlock_abi = abi;
  } else {
    Note(got.missing, "Landlock: " + Reason(errno));
  }
  ::close(ruleset);
}

void LeaveNetwork(Confined& got) {
  // A path socket is not the network's: no socket at all is what closes both.
  if (::unshare(CLONE_NEWNET | CLONE_NEWIPC) == 0 ||
      ::unshare(CLONE_NEWUSER | CLONE_NEWNET | CLONE_NEWIPC) == 0) {
    got.own_network = true;
  } else {
    Note(got.missing, "a network namespace of its own: " + Reason(errno));
  }
}

void RefuseSockets(Confined& got) {
  Filter filter;
  filter.Refuse(SYS_socket, EACCES);
  filter.Refuse(SYS_ptrace, EACCES);
  filter.Refuse(SYS_process_vm_readv, EACCES);
  filter.Refuse(SYS_process_vm_writev, EACCES);
  base::Diagnosis why;
  if (!filter.Install(Otherwise::kAllow, why)) {
    Note(got.missing, std::string(why.text()));
  }
}

}  // namespace

Confined Confine(const Confinement& confinement) {
  ForgoLeakCheck();
  if (::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) {
    throw system::Failure("no_new_privs can't be had: " + Reason(errno) +
                          "; this needs Linux 3.5 or newer");
  }
  const rlimit none{0, 0};
  ::setrlimit(RLIMIT_CORE, &none);
  Confined got;
  if (!confinement.network) {
    LeaveNetwork(got);
  }
  RestrictFiles(confinement, got);
  if (!confinement.network) {
    RefuseSockets(got);
  }
  // After Landlock, whose paths may lie in our own /proc.
  ::prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
  return got;
}

}  // namespace pinhole::wall
