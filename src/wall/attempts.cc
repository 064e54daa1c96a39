// SPDX-License-Identifier: Apache-2.0
#include "wall/attempts.h"

#include <fcntl.h>
#include <linux/futex.h>
#include <netinet/in.h>
#include <sched.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/ipc.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include <array>
#include <cstdint>

#ifdef __x86_64__
#include <x86intrin.h>
#endif

namespace pinhole::wall {

namespace {

using Context = AttemptContext;

// System calls by number: the C library's wrappers do more than the call, and headers are older
// than kernels. Numbers above 423 are the same on every processor.
constexpr long kPidfdSendSignal = 424, kIoUringSetup = 425, kClone3 = 435, kOpenat2 = 437,
               kPidfdGetfd = 438, kPidfdOpen = 434, kMemfdSecret = 447, kMountSetattr = 442,
               kOpenTree = 428, kFsopen = 430, kProcessMadvise = 440, kLandlockCreate = 444,
               kFutexWaitv = 449;

char g_secret[] = "what the camera saw";
constexpr std::size_t kSecretBytes = sizeof g_secret;

iovec Secret() { return {g_secret, kSecretBytes}; }

sockaddr_in Loopback() {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = 0x5000;             // 80
  address.sin_addr.s_addr = 0x0100007F;  // 127.0.0.1
  return address;
}

long Socket(int family, int type) { return ::syscall(SYS_socket, family, type, 0); }

long Open(const char* path, int flags) {
  return ::syscall(SYS_openat, AT_FDCWD, path, flags, 0600);
}

template <long number, int family>
long SocketOf(const Context&) {
  return Socket(family, static_cast<int>(number));
}

std::uintptr_t PageOf(const Context& context) {
  return reinterpret_cast<std::uintptr_t>(context.page);
}

long SendDescriptor(const Context& context) {
  iovec io = Secret();
  msghdr message{};
  message.msg_iov = &io;
  message.msg_iovlen = 1;
  return ::syscall(SYS_sendmsg, context.facts_fd, &message, 0);
}

long ConnectAbstract(const Context&) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  const long fd = Socket(AF_UNIX, SOCK_STREAM);
  if (fd < 0) {
    return fd;
  }
  const char name[] = "\0pinhole-audit";
  __builtin_memcpy(address.sun_path, name, sizeof name);
  return ::syscall(SYS_bind, fd, &address, sizeof address);
}

long SendUdp(const Context&) {
  const sockaddr_in address = Loopback();
  const long fd = Socket(AF_INET, SOCK_DGRAM);
  if (fd < 0) {
    return fd;
  }
  return ::syscall(SYS_sendto, fd, g_secret, kSecretBytes, 0, &address, sizeof address);
}

long WaitWithTimeout(const Context& context) {
  const timespec soon{0, 1000};
  return ::syscall(SYS_futex, context.page, FUTEX_WAIT, 0, &soon, nullptr, 0);
}

long ReadCounter(const Context&) {
#ifdef __x86_64__
  return static_cast<long>(__rdtsc() >> 1);
#elif defined(__aarch64__)
  std::uint64_t ticks = 0;
  asm volatile("mrs %0, cntvct_el0" : "=r"(ticks));
  return static_cast<long>(ticks >> 1);
#else
  return -1;
#endif
}

long ReadCounterAndProcessor(const Context&) {
#ifdef __x86_64__
  unsigned processor = 0;
  return static_cast<long>(__rdtscp(&processor) >> 1);
#else
  return -1;
#endif
}

long ClockThroughLibrary(clockid_t clock) {
  timespec now{};
  return ::clock_gettime(clock, &now);
}

long GrowStackTo(std::size_t bytes) {
  volatile unsigned char* const here = static_cast<unsigned char*>(__builtin_frame_address(0));
  for (std::size_t down = 0; down < bytes; down += 4096) {
    *(here - down) = 1;
  }
  return 0;
}

#define PINHOLE_CALL(...)          \
  [](const Context& c) -> long {   \
    static_cast<void>(c);          \
    return ::syscall(__VA_ARGS__); \
  }

constexpr bool kOnlyBehindSeccomp = true;

const Attempt kAttempts[] = {
    // Files.
    {"open-read", "files", "read a file (/etc/hostname)",
     [](const Context&) { return Open("/etc/hostname", O_RDONLY); }},
    {"open-create", "files", "make a file in /tmp",
     [](const Context&) { return Open("/tmp/pinhole-audit-leak", O_CREAT | O_WRONLY); }},
    {"openat2", "files", "the newer open",
     [](const Context&) {
       const std::array<std::uint64_t, 3> how{};
       return ::syscall(kOpenat2, AT_FDCWD, "/tmp", how.data(), sizeof how);
     }},
    {"open-tmpfile", "files", "a file without a name",
     [](const Context&) { return Open("/dev/shm", O_TMPFILE | O_RDWR); }},
    {"open-own-memory", "files", "/proc/self/mem",
     [](const Context&) { return Open("/proc/self/mem", O_RDWR); }},
    {"open-terminal", "files", "the terminal",
     [](const Context&) { return Open("/dev/tty", O_RDWR); }},
    {"open-camera", "files", "a camera or other device",
     [](const Context&) { return Open("/dev/null", O_RDWR); }},
    {"mkdir", "files", "make a folder",
     PINHOLE_CALL(SYS_mkdirat, AT_FDCWD, "/tmp/pinhole-audit-leak.d", 0700)},
    {"symlink", "files", "make a link whose target is the message",
     PINHOLE_CALL(SYS_symlinkat, g_secret, AT_FDCWD, "/tmp/pinhole-audit-leak.l")},
    {"unlink", "files", "remove a file",
     PINHOLE_CALL(SYS_unlinkat, AT_FDCWD, "/tmp/pinhole-audit-none", 0)},
    {"rename", "files", "rename a file",
     PINHOLE_CALL(SYS_renameat2, AT_FDCWD, "/tmp/a-none", AT_FDCWD, "/tmp/b-none", 0)},
    {"chmod", "files", "change a file's rights",
     PINHOLE_CALL(SYS_fchmodat, AT_FDCWD, "/tmp/pinhole-audit-none", 0600)},
    {"stat", "files", "ask whether a file exists",
     PINHOLE_CALL(SYS_faccessat, AT_FDCWD, "/etc/hostname", 0)},
    {"utimes", "files", "set a file's times",
     PINHOLE_CALL(SYS_utimensat, AT_FDCWD, "/tmp", nullptr, 0)},
    {"inotify", "files", "watch files", PINHOLE_CALL(SYS_inotify_init1, 0)},
    {"chroot", "files", "change the root", PINHOLE_CALL(SYS_chroot, "/")},
    {"mount", "files", "mount something",
     PINHOLE_CALL(SYS_mount, "none", "/mnt", "tmpfs", 0, nullptr), kOnlyBehindSeccomp},
    {"fsopen", "files", "the newer mount", PINHOLE_CALL(kFsopen, "tmpfs", 0)},
    {"open-tree", "files", "copy a mount",
     PINHOLE_CALL(kOpenTree, AT_FDCWD, "/", 1U /* OPEN_TREE_CLONE */)},
    // Network.
    {"socket-inet", "network", "a TCP socket", SocketOf<SOCK_STREAM, AF_INET>},
    {"socket-inet6", "network", "a TCP socket, IPv6", SocketOf<SOCK_STREAM, AF_INET6>},
    {"send-udp", "network", "a UDP datagram to this machine", SendUdp},
    {"socket-raw", "network", "a raw socket", SocketOf<SOCK_RAW, AF_INET>},
    {"socket-unix", "network", "a socket in the file system", SocketOf<SOCK_STREAM, AF_UNIX>},
    {"socket-abstract", "network", "a socket with a name of no file", ConnectAbstract},
    {"socket-netlink", "network", "a socket to the kernel", SocketOf<SOCK_RAW, AF_NETLINK>},
    {"socket-packet", "network", "raw Ethernet frames", SocketOf<SOCK_RAW, AF_PACKET>},
    {"socket-vsock", "network", "a socket to a virtual machine's host",
     SocketOf<SOCK_STREAM, AF_VSOCK>},
    {"socket-bluetooth", "network", "Bluetooth", SocketOf<SOCK_RAW, AF_BLUETOOTH>},
    {"socket-alg", "network", "the kernel's ciphers", SocketOf<SOCK_SEQPACKET, AF_ALG>},
    {"socketpair", "network", "a pair of sockets",
     [](const Context&) {
       std::array<int, 2> pair{};
       return ::syscall(SYS_socketpair, AF_UNIX, SOCK_STREAM, 0, pair.data());
     }},
    {"sendmsg", "network", "send a descriptor through the facts pipe", SendDescriptor},
    // Processes.
    {"fork", "processes", "another process",
     PINHOLE_CALL(SYS_clone, SIGCHLD, 0, 0, 0, 0), kOnlyBehindSeccomp},
    {"clone3", "processes", "another process, the newer call",
     [](const Context& c) { return ::syscall(kClone3, c.page, 88); }, kOnlyBehindSeccomp},
    {"execve", "processes", "become another program",
     [](const Context&) {
       const char* const none[] = {nullptr};
       return ::syscall(SYS_execve, "/bin/true", none, none);
     },
     kOnlyBehindSeccomp},
    {"execveat", "processes", "become a program by its descriptor",
     PINHOLE_CALL(SYS_execveat, 0, "", nullptr, nullptr, 0x1000)},
    {"ptrace", "processes", "control the parent",
     PINHOLE_CALL(SYS_ptrace, PTRACE_SEIZE, c.parent, 0, 0)},
    {"vm-read", "processes", "read the parent's memory",
     [](const Context& c) {
       iovec mine = Secret();
       return ::syscall(SYS_process_vm_readv, c.parent, &mine, 1, &mine, 1, 0);
     }},
    {"vm-write", "processes", "write to the parent's memory",
     [](const Context& c) {
       iovec mine = Secret();
       const iovec theirs{c.page, 0};
       return ::syscall(SYS_process_vm_writev, c.parent, &mine, 1, &theirs, 1, 0);
     }},
    {"process-madvise", "processes", "advise another's memory",
     PINHOLE_CALL(kProcessMadvise, 0, nullptr, 0, 0, 0)},
    {"pidfd-open", "processes", "a handle on the parent", PINHOLE_CALL(kPidfdOpen, c.parent, 0)},
    {"pidfd-getfd", "processes", "take a descriptor from another process",
     PINHOLE_CALL(kPidfdGetfd, c.facts_fd, 0, 0)},
    {"pidfd-signal", "processes", "a signal through a handle",
     PINHOLE_CALL(kPidfdSendSignal, c.facts_fd, 0, nullptr, 0)},
    {"kill", "processes", "a signal to the parent", PINHOLE_CALL(SYS_kill, c.parent, 0)},
    {"sigqueue", "processes", "a signal with a value to the parent",
     [](const Context& c) {
       siginfo_t info{};
       info.si_code = SI_QUEUE;
       return ::syscall(SYS_rt_sigqueueinfo, c.parent, 0, &info);
     }},
    {"setpriority", "processes", "a priority that others see",
     PINHOLE_CALL(SYS_setpriority, PRIO_PROCESS, 0, 5)},
    {"set-name", "processes", "a name that ps shows", PINHOLE_CALL(SYS_prctl, PR_SET_NAME, g_secret)},
    {"affinity", "processes", "a processor set that others see",
     [](const Context&) {
       const std::array<std::uint64_t, 16> all{1};
       return ::syscall(SYS_sched_setaffinity, 0, sizeof all, all.data());
     }},
    {"setrlimit", "processes", "limits that others see",
     [](const Context&) {
       const rlimit limit{10, 10};
       return ::syscall(SYS_prlimit64, 0, RLIMIT_NICE, &limit, nullptr);
     }},
    {"setsid", "processes", "a session that others see", PINHOLE_CALL(SYS_setpgid, 0, 0)},
    {"unshare", "processes", "new namespaces",
     PINHOLE_CALL(SYS_unshare, CLONE_NEWUSER)},
    {"setns", "processes", "another's namespaces", PINHOLE_CALL(SYS_setns, c.facts_fd, 0)},
    {"getpid", "processes", "ask for one's number (harmless, and refused)", PINHOLE_CALL(SYS_getpid)},
    // Memory.
    {"mmap", "memory", "more memory, which others see in /proc",
     PINHOLE_CALL(SYS_mmap, 0, 1 << 20, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0)},
    {"mmap-shared", "memory", "memory to share",
     PINHOLE_CALL(SYS_mmap, 0, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0)},
    {"mmap-code", "memory", "memory to run new code in",
     PINHOLE_CALL(SYS_mmap, 0, 4096, 7, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0)},
    {"munmap", "memory", "give memory back", PINHOLE_CALL(SYS_munmap, PageOf(c), 4096)},
    {"madvise", "memory", "give pages back",
     PINHOLE_CALL(SYS_madvise, PageOf(c), 4096, MADV_DONTNEED)},
    {"brk", "memory", "a larger heap", PINHOLE_CALL(SYS_brk, 0)},
    {"mremap", "memory", "move memory",
     PINHOLE_CALL(SYS_mremap, PageOf(c), 4096, 8192, MREMAP_MAYMOVE)},
    {"mprotect", "memory", "run data as code",
     PINHOLE_CALL(SYS_mprotect, PageOf(c), 4096, 5)},
    {"mlock", "memory", "pin memory, which others see", PINHOLE_CALL(SYS_mlock, PageOf(c), 4096)},
    {"grow-stack", "memory", "touch pages that were not there (4 MiB of stack)",
     [](const Context&) { return GrowStackTo(std::size_t{4} << 20); }},
    {"memfd", "memory", "a file in memory", PINHOLE_CALL(SYS_memfd_create, "audit", 0)},
    {"memfd-secret", "memory", "secret memory", PINHOLE_CALL(kMemfdSecret, 0)},
    {"userfaultfd", "memory", "handle page faults", PINHOLE_CALL(SYS_userfaultfd, 0)},
    // Channels between processes.
    {"shmget", "channels", "System V shared memory",
     PINHOLE_CALL(SYS_shmget, IPC_PRIVATE, 4096, 01600)},
    {"msgget", "channels", "System V messages", PINHOLE_CALL(SYS_msgget, IPC_PRIVATE, 01600)},
    {"semget", "channels", "System V semaphores", PINHOLE_CALL(SYS_semget, IPC_PRIVATE, 1, 01600)},
    {"mq-open", "channels", "POSIX messages",
     PINHOLE_CALL(SYS_mq_open, "audit", O_CREAT | O_RDWR, 0600, nullptr)},
    {"pipe", "channels", "another pipe",
     [](const Context&) {
       std::array<int, 2> ends{};
       return ::syscall(SYS_pipe2, ends.data(), 0);
     }},
    {"eventfd", "channels", "an event counter", PINHOLE_CALL(SYS_eventfd2, 0, 0)},
    {"futex-wake-shared", "channels", "wake another process",
     PINHOLE_CALL(SYS_futex, PageOf(c), FUTEX_WAKE, 1, nullptr, nullptr, 0)},
    {"flock", "channels", "a lock that others see", PINHOLE_CALL(SYS_flock, c.facts_fd, 2)},
    {"keyctl", "channels", "a key in the kernel",
     PINHOLE_CALL(SYS_add_key, "user", "audit", g_secret, kSecretBytes, -3)},
    // Descriptors that are there.
    {"write-short", "descriptors", "a part of a record to the facts pipe",
     PINHOLE_CALL(SYS_write, c.facts_fd, g_secret, 5)},
    {"write-long", "descriptors", "more than a record to the facts pipe",
     PINHOLE_CALL(SYS_write, c.facts_fd, c.page, 4096)},
    {"write-other", "descriptors", "a record to standard output",
     PINHOLE_CALL(SYS_write, 1, c.page, 37)},
    {"writev", "descriptors", "writev to the facts pipe",
     [](const Context& c) {
       iovec io = Secret();
       return ::syscall(SYS_writev, c.facts_fd, &io, 1);
     }},
    {"vmsplice", "descriptors", "pages into the facts pipe",
     [](const Context& c) {
       iovec io = Secret();
       return ::syscall(SYS_vmsplice, c.facts_fd, &io, 1, 0);
     }},
    {"read-back", "descriptors", "read from the facts pipe",
     PINHOLE_CALL(SYS_read, c.facts_fd, c.page, 1)},
    {"dup", "descriptors", "another number for the pipe", PINHOLE_CALL(SYS_dup, c.facts_fd)},
    {"close", "descriptors", "close the pipe, which its reader sees",
     PINHOLE_CALL(SYS_close, c.facts_fd), kOnlyBehindSeccomp},
    {"pipe-size", "descriptors", "another size of the pipe",
     PINHOLE_CALL(SYS_fcntl, c.facts_fd, F_SETPIPE_SZ, 8192)},
    {"pipe-fill", "descriptors", "see how much the reader has read",
     [](const Context& c) {
       int waiting = 0;
       return ::syscall(SYS_ioctl, c.facts_fd, FIONREAD, &waiting);
     }},
    {"device-control", "descriptors", "a camera control (brightness, LED) or another device call",
     [](const Context& c) {
       std::array<std::uint32_t, 2> control{0x00980900, 200};  // V4L2_CID_BRIGHTNESS
       return ::syscall(SYS_ioctl, c.other_fd, 0xC008561CUL /* VIDIOC_S_CTRL */, control.data());
     }},
    {"terminal-input", "descriptors", "type into the terminal",
     PINHOLE_CALL(SYS_ioctl, 0, TIOCSTI, "x")},
    // The kernel.
    {"io-uring", "kernel", "calls through a ring in memory",
     [](const Context& c) { return ::syscall(kIoUringSetup, 4, c.page); }},
    {"bpf", "kernel", "a program in the kernel", PINHOLE_CALL(SYS_bpf, 0, c.page, 64)},
    {"perf", "kernel", "performance counters",
     PINHOLE_CALL(SYS_perf_event_open, c.page, 0, -1, -1, 0)},
    {"seccomp-notify", "kernel", "a new filter that asks somebody",
     PINHOLE_CALL(SYS_seccomp, 1, 8, c.page)},
    {"landlock", "kernel", "new Landlock rules", PINHOLE_CALL(kLandlockCreate, nullptr, 0, 1)},
    {"prctl-tsc", "kernel", "allow the time-stamp counter again",
     PINHOLE_CALL(SYS_prctl, PR_SET_TSC, PR_TSC_ENABLE)},
    {"personality", "kernel", "another personality", PINHOLE_CALL(SYS_personality, 0xFFFFFFFFUL)},
    {"reboot", "kernel", "reboot (with a wrong key)", PINHOLE_CALL(SYS_reboot, 0, 0, 0, nullptr),
     kOnlyBehindSeccomp},
    // Clocks and waiting: what times others' doings, or one's own for others to see.
    {"clock", "clocks", "the time, by a call",
     [](const Context&) {
       timespec now{};
       return ::syscall(SYS_clock_gettime, CLOCK_MONOTONIC, &now);
     }},
    {"clock-vdso", "clocks", "the time, without a call",
     [](const Context&) { return ClockThroughLibrary(CLOCK_MONOTONIC); }},
    {"clock-coarse", "clocks", "the coarse time, without a call",
     [](const Context&) { return ClockThroughLibrary(CLOCK_REALTIME_COARSE); }},
    {"counter", "clocks", "the processor's time-stamp counter", ReadCounter},
    {"counter-and-core", "clocks", "the counter and the core's number", ReadCounterAndProcessor},
    {"nanosleep", "clocks", "sleep for a chosen time",
     [](const Context&) {
       const timespec soon{0, 1000};
       return ::syscall(SYS_clock_nanosleep, CLOCK_MONOTONIC, 0, &soon, nullptr);
     }},
    {"futex-timeout", "clocks", "wait for a chosen time", WaitWithTimeout},
    {"futex-waitv", "clocks", "wait for several things",
     PINHOLE_CALL(kFutexWaitv, c.page, 1, 0, nullptr, 0)},
    {"timerfd", "clocks", "a timer", PINHOLE_CALL(SYS_timerfd_create, CLOCK_MONOTONIC, 0)},
    {"times", "clocks", "one's own processor time",
     [](const Context&) {
       rusage usage{};
       return ::syscall(SYS_getrusage, RUSAGE_SELF, &usage);
     }},
    {"yield", "clocks", "give the processor away", PINHOLE_CALL(SYS_sched_yield)},
    {"mount-setattr", "files", "change a mount", PINHOLE_CALL(kMountSetattr, AT_FDCWD, "/", 0, c.page, 32)},
};

#undef PINHOLE_CALL

}  // namespace

std::span<const Attempt> AllAttempts() { return kAttempts; }

const Attempt* AttemptNamed(std::string_view name) {
  for (const Attempt& attempt : kAttempts) {
    if (attempt.name == name) {
      return &attempt;
    }
  }
  return nullptr;
}

}  // namespace pinhole::wall
