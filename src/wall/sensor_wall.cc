// SPDX-License-Identifier: Apache-2.0
#include "wall/sensor_wall.h"

#include <fcntl.h>
#include <linux/capability.h>
#include <linux/futex.h>
#include <sched.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cerrno>
#include <cstring>

#include "base/sanitized.h"
#include "wall/filter.h"
#include "wall/kernel.h"
#include "wall/leak_check.h"

namespace pinhole::wall {

namespace {

constexpr int kSetMdwe = 65;  // PR_SET_MDWE, from Linux 6.3: no page both writable and executable
// More than the sensor's deepest call; the stack is faulted in and limited to about this.
constexpr std::size_t kStackBytes = std::size_t{512} << 10;
constexpr std::size_t kPage = 4096;  // the smallest there is: touching more often does no harm

void Note(std::string& missing, const std::string& sentence) {
  missing += (missing.empty() ? "" : "; ") + sentence;
}

std::string Reason(int error) { return std::strerror(error); }

void Limit(int resource, rlim_t value) {
  const rlimit limit{value, value};
  ::setrlimit(static_cast<__rlimit_resource>(resource), &limit);
}

void DropCapabilities() {
  ::prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0);
  __user_cap_header_struct header{_LINUX_CAPABILITY_VERSION_3, 0};
  const std::array<__user_cap_data_struct, 2> none{};
  ::syscall(SYS_capset, &header, none.data());
}

void EnterNamespaces(Standing& standing) {
  // No process namespace: it would hold for children only, which there will be none of, and it
  // forbids threads.
  constexpr int kSpaces =
      CLONE_NEWNET | CLONE_NEWNS | CLONE_NEWIPC | CLONE_NEWUTS | CLONE_NEWCGROUP;
  // With a user namespace where that is allowed (it also takes root's rights over the rest away),
  // else as root without.
  if (::unshare(CLONE_NEWUSER | kSpaces) == 0 || ::unshare(kSpaces) == 0) {
    standing.namespaces = true;
  } else {
    Note(standing.missing,
         "namespaces: " + Reason(errno) + "; allow unprivileged user namespaces, or start as root");
  }
}

void DenyFiles(Standing& standing) {
  const int abi = LandlockAbi();
  LandlockRuleset rules;
  rules.handled_access_fs = AllFileAccess(abi);
  rules.handled_access_net = abi >= 4 ? 3 : 0;
  rules.scoped = abi >= 6 ? 3 : 0;
  const int ruleset = abi == 0 ? -1 : LandlockCreate(rules, abi);
  if (ruleset >= 0 && LandlockRestrict(ruleset) == 0) {
    standing.landlock_abi = abi;
  } else {
    Note(standing.missing, "Landlock: " + (abi == 0 ? "this kernel has none" : Reason(errno)) +
                               "; use Linux 5.13 or newer with landlock in its lsm= list");
  }
  if (ruleset >= 0) {
    ::close(ruleset);
  }
}

// One line of /proc/self/maps.
struct Mapping {
  std::uintptr_t begin = 0, end = 0;
  bool readable = false, writable = false, shared = false;
  bool kernels_clock = false;  // [vvar] and its kin, [vdso]
  bool other_kernels = false;  // [vsyscall]
};

Mapping Parse(const char* line) {
  Mapping mapping;
  const auto hex = [&line] {
    std::uintptr_t value = 0;
    for (; *line != '\0' && *line != '-' && *line != ' '; ++line) {
      const int digit = *line <= '9' ? *line - '0' : *line - 'a' + 10;
      value = value * 16 + static_cast<std::uintptr_t>(digit);
    }
    line += *line != '\0' ? 1 : 0;
    return value;
  };
  mapping.begin = hex();
  mapping.end = hex();
  if (std::strlen(line) < 4) {
    return {};
  }
  mapping.readable = line[0] == 'r';
  mapping.writable = line[1] == 'w';
  mapping.shared = line[3] == 's';
  mapping.kernels_clock =
      std::strstr(line, "[vvar") != nullptr || std::strstr(line, "[vdso]") != nullptr;
  mapping.other_kernels = std::strstr(line, "[vsyscall]") != nullptr;
  return mapping;
}

// Each page read once, or where it is our own and writable, written as it is: so that neither a
// first touch nor a first write changes what is resident. Not for tools: they have shadow memory,
// terabytes of it.
constexpr bool kTouch = PINHOLE_SANITIZED == 0;

void Touch(const Mapping& mapping) {
  for (std::uintptr_t at = mapping.begin; at < mapping.end; at += kPage) {
    auto* const byte = reinterpret_cast<unsigned char*>(at);  // NOLINT(performance-no-int-to-ptr)
    if (mapping.writable && !mapping.shared) {
      __atomic_fetch_or(byte, 0, __ATOMIC_RELAXED);  // other threads may be writing there
    } else {
      static_cast<void>(*static_cast<volatile unsigned char*>(byte));
    }
  }
}

using Table = std::array<Mapping, 4096>;

// Into static memory: taking memory for it would change what is being read.
std::size_t ReadMaps(int fd, Table& table) {
  static std::array<char, 8192> text;
  std::size_t count = 0;
  std::size_t filled = 0;
  ::lseek(fd, 0, SEEK_SET);
  for (;;) {
    const ssize_t n = ::read(fd, text.data() + filled, text.size() - 1 - filled);
    if (n <= 0) {
      return count;
    }
    filled += static_cast<std::size_t>(n);
    text[filled] = '\0';
    char* line = text.data();
    for (char* feed = std::strchr(line, '\n'); feed != nullptr; feed = std::strchr(line, '\n')) {
      *feed = '\0';
      if (count < table.size()) {
        table[count++] = Parse(line);
      }
      line = feed + 1;
    }
    filled -= static_cast<std::size_t>(line - text.data());
    std::memmove(text.data(), line, filled);
  }
}

[[gnu::noinline]] void GrowStack() {
  std::array<volatile unsigned char, kStackBytes> deep;
  for (std::size_t i = 0; i < deep.size(); i += kPage) {
    deep[i] = 0;
  }
}

// Everything that is mapped becomes present and stays so; the kernel's clock page goes.
void SettleMemory(Standing& standing) {
  static Table table;
  ::prctl(PR_SET_THP_DISABLE, 1, 0, 0, 0);  // pages do not become large ones behind our back
  GrowStack();
  Limit(RLIMIT_STACK, kStackBytes + (std::size_t{256} << 10));
  if (!kTouch) {
    return;
  }
  std::size_t count = ReadMaps(standing.maps_fd, table);
  for (std::size_t i = 0; i < count; ++i) {
    if (table[i].kernels_clock) {
      ::munmap(reinterpret_cast<void*>(table[i].begin),  // NOLINT(performance-no-int-to-ptr)
               table[i].end - table[i].begin);
    }
  }
  ::mlockall(MCL_CURRENT);  // where the limit allows it the kernel takes no page back either
  count = ReadMaps(standing.maps_fd, table);
  for (std::size_t i = 0; i < count; ++i) {
    if (table[i].readable && !table[i].kernels_clock && !table[i].other_kernels) {
      Touch(table[i]);
    }
  }
}

void CloseAllBut(std::array<int, 2> kept) {
  std::sort(kept.begin(), kept.end());
  unsigned from = 0;
  for (const int fd : kept) {
    if (fd < 0) {
      continue;
    }
    if (static_cast<unsigned>(fd) > from) {
      ::syscall(436 /* close_range */, from, static_cast<unsigned>(fd) - 1, 0);
    }
    from = static_cast<unsigned>(fd) + 1;
  }
  ::syscall(436, from, ~0U, 0);
}

// All that is not a system call.
void GiveUpTheRest(const Doorway& doorway, Standing& standing) {
  SettleMemory(standing);
  DropCapabilities();
  Limit(RLIMIT_FSIZE, 0);  // what it had to say to a file was said before
  CloseAllBut({doorway.facts_fd, doorway.device_fd});
}

void AllowDoorway(Filter& filter, const Doorway& doorway) {
  const auto fd = [](int number) { return static_cast<std::uint64_t>(number); };
  filter.Allow(SYS_write, {{0, fd(doorway.facts_fd)}, {2, doorway.record_bytes, Width::k64}});
  if (doorway.device_fd >= 0) {
    for (const unsigned long request : doorway.device_requests) {
      filter.Allow(SYS_ioctl, {{0, fd(doorway.device_fd)}, {1, request}});
    }
  }
  constexpr int kOp = 1;
  constexpr int kTimeout = 3;
  if (doorway.shared_frames) {
    filter.Allow(SYS_futex, {{kOp, FUTEX_WAIT}, {kTimeout, 0, Width::k64}});
  }
  if (doorway.threads) {
    filter.Allow(SYS_futex, {{kOp, FUTEX_WAIT_PRIVATE}, {kTimeout, 0, Width::k64}});
    filter.Allow(SYS_futex, {{kOp, FUTEX_WAKE_PRIVATE}});
  }
  filter.Allow(SYS_exit_group);
}

base::Status Install(Filter& filter, Standing& standing, base::Diagnosis& why) {
  if (!Filter::KnowsThisProcessor()) {
    return why.Fail(base::Error::kUnsupported,
                    "the wall does not know this processor's system calls; x86-64, ARM and ARM64 "
                    "are known");
  }
  const base::Status installed = filter.Install(Otherwise::kKill, why);
  standing.seccomp = installed.has_value();
  return installed;
}

}  // namespace

Grade GradeOf(const Standing& standing, bool owns_camera) {
  if (!standing.namespaces || standing.landlock_abi == 0) {
    return Grade::kC;
  }
  return owns_camera ? Grade::kA : Grade::kB;
}

Standing Separate(const Layers& layers) {
  ForgoLeakCheck();
  Standing standing;
  standing.maps_fd = ::open("/proc/self/maps", O_RDONLY | O_CLOEXEC);
  ::prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
  if (layers.namespaces) {
    EnterNamespaces(standing);
  }
  ::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
  ::prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
  ::prctl(kSetMdwe, 1, 0, 0, 0);
  if (layers.landlock) {
    DenyFiles(standing);
  }
  Limit(RLIMIT_CORE, 0);
#ifdef __x86_64__
  standing.clock = !kTouch || ::prctl(PR_SET_TSC, PR_TSC_SIGSEGV, 0, 0, 0) != 0;
#endif
  return standing;
}

base::Status Seal(const Doorway& doorway, const Layers& layers, Standing& standing,
                  base::Diagnosis& why) {
  Filter filter;
  AllowDoorway(filter, doorway);
  GiveUpTheRest(doorway, standing);
  if (!layers.seccomp) {
    return {};
  }
  return Install(filter, standing, why);
}

base::Status SealWithMemoryCalls(const Doorway& doorway, Standing& standing, base::Diagnosis& why) {
  Filter filter;
  AllowDoorway(filter, doorway);
  filter.Allow(SYS_mmap);
  filter.Allow(SYS_munmap);
  filter.Allow(SYS_madvise);
  GiveUpTheRest(doorway, standing);
  return Install(filter, standing, why);
}

}  // namespace pinhole::wall
