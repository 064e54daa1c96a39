// SPDX-License-Identifier: Apache-2.0
#include "outside/i2cdev/file_server.h"

#define FUSE_USE_VERSION 35
#include <fcntl.h>
#include <fuse_lowlevel.h>
#include <grp.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <chrono>
#include <condition_variable>
#include <cstdlib>
#include <cstring>
#include <deque>
#include <functional>
#include <mutex>
#include <optional>
#include <utility>

#include "outside/i2cdev/fuse_operations.h"
#include "system/no_signals.h"

namespace pinhole::outside::i2cdev {

using base::Diagnosis;
using base::Error;

namespace {

constexpr int kIoctlThreads = 4;
constexpr std::size_t kMaxWaiting = 64;       // ioctls
constexpr std::chrono::seconds kPatience{3};  // with our threads, and with who makes device nodes

void Close(int& fd) {
  if (fd >= 0) {
    ::close(fd);
    fd = -1;
  }
}

FileRights RightsFor(unsigned mode) {
  FileRights rights{.mode = mode & 0777, .user = ::geteuid(), .group = ::getegid()};
  std::array<char, 4096> storage;
  group found{};
  group* result = nullptr;
  if (rights.user == 0 &&
      ::getgrnam_r("i2c", &found, storage.data(), storage.size(), &result) == 0 &&
      result != nullptr) {
    rights.group = result->gr_gid;
  }
  return rights;
}

}  // namespace

// What the threads share. The last of them, or the server, takes it away.
struct FileServer::Core {
  Core(std::shared_ptr<I2cBus> served_bus, outlet::Notices told)
      : bus(std::move(served_bus)),
        notices(std::move(told)),
        served{.bus = *bus,
               .notice = [this](const std::string& sentence) { Notice(sentence); },
               .later = [this](std::function<void(bool)> work) { return Later(std::move(work)); }} {
  }
  ~Core() {
    if (session != nullptr) {
      fuse_session_destroy(session);  // closes the kernel's end: programs get errors from now on
    }
    Close(wake);
  }
  Core(const Core&) = delete;
  Core& operator=(const Core&) = delete;

  void Notice(const std::string& sentence) {
    const std::scoped_lock lock(notices_mutex);
    if (notices) {
      notices(sentence);
    }
  }

  bool Later(std::function<void(bool)> work) {
    const std::scoped_lock lock(mutex);
    if (unmounted || waiting.size() >= kMaxWaiting) {
      return false;
    }
    waiting.push_back(std::move(work));
    changed.notify_all();
    return true;
  }

  const std::shared_ptr<I2cBus> bus;
  std::mutex notices_mutex;
  outlet::Notices notices;  // empty once the server is gone
  Served served;
  fuse_session* session = nullptr;
  std::string path;
  std::optional<MountPoint> mount;  // to be unmounted in the end
  int wake = -1;                    // readable: serving ends

  std::mutex mutex;
  std::condition_variable changed;
  bool ending = false;                            // asked for
  bool unmounted = false;                         // no more requests come
  int running = 0;                                // threads
  std::deque<std::function<void(bool)>> waiting;  // ioctls
};

void FileServer::TakeRequests(const std::shared_ptr<Core>& core) {
  fuse_buf buffer{};
  std::array<pollfd, 2> waits{
      {{fuse_session_fd(core->session), POLLIN, 0}, {core->wake, POLLIN, 0}}};
  while (true) {
    if (::poll(waits.data(), waits.size(), -1) < 0 && errno != EINTR) {
      break;
    }
    if (waits[1].revents != 0) {
      break;
    }
    const int got = fuse_session_receive_buf(core->session, &buffer);
    if (got == -EINTR || got == -EAGAIN) {
      continue;
    }
    if (got <= 0) {
      break;  // unmounted
    }
    fuse_session_process_buf(core->session, &buffer);
  }
  std::free(buffer.mem);

  std::unique_lock lock(core->mutex);
  core->unmounted = true;
  core->changed.notify_all();
  if (!core->ending) {
    lock.unlock();
    core->Notice("the I2C file '" + core->path +
                 "' was unmounted by somebody and is no longer served: start the sensor again to "
                 "serve it anew");
  }
}

void FileServer::CarryOutIoctls(const std::shared_ptr<Core>& core) {
  std::unique_lock lock(core->mutex);
  while (true) {
    core->changed.wait(lock, [&] { return core->unmounted || !core->waiting.empty(); });
    if (core->waiting.empty()) {
      return;
    }
    const std::function<void(bool)> work = std::move(core->waiting.front());
    core->waiting.pop_front();
    const bool served = !core->unmounted && !core->ending;
    lock.unlock();
    work(served);
    lock.lock();
  }
}

void FileServer::KeepUntilTheEnd(const std::shared_ptr<Core>& core) {
  {
    std::unique_lock lock(core->mutex);
    core->changed.wait(lock, [&] { return core->ending; });
  }
  // While the others still serve: whoever unmounts may ask the file for its attributes.
  if (core->mount) {
    UnmountAndRemove(*core->mount);
  }
  const std::uint64_t one = 1;
  static_cast<void>(!::write(core->wake, &one, sizeof one));
}

void FileServer::StartThreads() {
  const system::NoSignals inherited;
  const auto start = [this](auto work) {
    ++core_->running;
    threads_.emplace_back([core = core_, work] {
      work(core);
      const std::scoped_lock lock(core->mutex);
      --core->running;
      core->changed.notify_all();
    });
  };
  const std::scoped_lock lock(core_->mutex);
  start(TakeRequests);
  start(KeepUntilTheEnd);
  for (int i = 0; i < kIoctlThreads; ++i) {
    start(CarryOutIoctls);
  }
}

FileServer::~FileServer() {
  bool all_ended = true;
  {
    std::unique_lock lock(core_->mutex);
    core_->ending = true;
    core_->changed.notify_all();
    all_ended = core_->changed.wait_for(lock, kPatience, [&] { return core_->running == 0; });
  }
  {
    const std::scoped_lock lock(core_->notices_mutex);
    core_->notices = nullptr;
  }
  for (std::thread& thread : threads_) {
    if (all_ended) {
      thread.join();
    } else {
      thread.detach();
    }
  }
}

namespace {

// Mounts `session` on `point`. The mount is there, or `why` says why not.
base::Status Mount(fuse_session* session, const MountPoint& point, Diagnosis& why) {
  const auto fd = MountAsRoot(point, why);
  if (!fd) {
    return base::Unexpected(fd.error());
  }
  if (*fd >= 0) {
    // A path of this form hands an open /dev/fuse to libfuse.
    if (fuse_session_mount(session, ("/dev/fd/" + std::to_string(*fd)).c_str()) == 0) {
      return {};
    }
    ::close(*fd);
    return why.Fail(Error::kInternal,
                    "libfuse does not take an open /dev/fuse: version 3.3 or "
                    "newer is expected");
  }
  if (point.device) {
    return why.Fail(Error::kIo, "'", point.path,
                    "' is a device, and only root may serve a file in its place: run as root, or "
                    "choose a path that is not there yet");
  }
  if (fuse_session_mount(session, point.path.c_str()) != 0) {
    return why.Fail(Error::kIo, "fusermount3 can't mount on '", point.path,
                    "': install fuse3, choose a path in a folder of yours, or run as root");
  }
  const int flags = ::fcntl(fuse_session_fd(session), F_GETFL);
  ::fcntl(fuse_session_fd(session), F_SETFL, flags | O_NONBLOCK);
  return {};
}

base::Status OpenCuse(fuse_session* session, Diagnosis& why) {
  int fd = ::open("/dev/cuse", O_RDWR | O_CLOEXEC | O_NONBLOCK);
  if (fd < 0) {
    return why.Fail(Error::kNotFound, "/dev/cuse can't be opened (", std::strerror(errno),
                    "): as root, modprobe cuse, or choose how = file");
  }
  if (fuse_session_mount(session, ("/dev/fd/" + std::to_string(fd)).c_str()) != 0) {
    Close(fd);
    return why.Fail(Error::kInternal,
                    "libfuse does not take an open /dev/cuse: version 3.3 or "
                    "newer is expected");
  }
  return {};
}

// The kernel, and udev where there is one, make the node in their own time.
base::Status AwaitDevice(const std::string& path, const FileRights& rights, Diagnosis& why) {
  const auto deadline = std::chrono::steady_clock::now() + kPatience;
  struct stat found{};
  while (::stat(path.c_str(), &found) != 0 || !S_ISCHR(found.st_mode)) {
    if (std::chrono::steady_clock::now() > deadline) {
      return why.Fail(Error::kIo, "the device '", path,
                      "' was made and does not appear in /dev: choose how = file");
    }
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  }
  if (::chown(path.c_str(), rights.user, rights.group) != 0 ||
      ::chmod(path.c_str(), rights.mode) != 0) {
    return why.Fail(Error::kIo, "the rights of '", path, "' can't be set: ", std::strerror(errno));
  }
  return {};
}

base::Status AwaitFile(const std::string& path, Diagnosis& why) {
  struct stat found{};
  if (::stat(path.c_str(), &found) != 0) {
    return why.Fail(Error::kIo, "the I2C file '", path,
                    "' does not answer: ", std::strerror(errno));
  }
  return {};
}

}  // namespace

base::Result<std::unique_ptr<FileServer>> FileServer::Open(const Options& options,
                                                           std::shared_ptr<I2cBus> bus,
                                                           outlet::Notices notices,
                                                           Diagnosis& why) {
  const auto core = std::make_shared<Core>(std::move(bus), std::move(notices));
  const bool device = options.how == How::kDevice;
  core->path = options.path;
  core->served.rights = RightsFor(options.mode);
  core->wake = ::eventfd(0, EFD_CLOEXEC);
  core->session =
      device ? NewDeviceSession(core->served, options.path.substr(options.path.rfind('/') + 1))
             : NewFileSession(core->served);
  if (core->wake < 0 || core->session == nullptr) {
    return why.Fail(Error::kInternal, "libfuse can't start");
  }
  if (device) {
    PINHOLE_TRY(OpenCuse(core->session, why));
  } else {
    PINHOLE_ASSIGN(const MountPoint point, PrepareMountPoint(options.path, why));
    if (const base::Status mounted = Mount(core->session, point, why); !mounted) {
      RemoveMountPoint(point);
      return base::Unexpected(mounted.error());
    }
    core->mount = point;
    core->path = point.path;
  }
  std::unique_ptr<FileServer> server(new FileServer(core));
  server->StartThreads();
  const FileRights rights = core->served.rights;  // programs may chmod from now on
  PINHOLE_TRY(device ? AwaitDevice(options.path, rights, why) : AwaitFile(core->path, why));
  return server;
}

bool CuseIsToBeHad() { return ::access("/dev/cuse", R_OK | W_OK) == 0; }

}  // namespace pinhole::outside::i2cdev
