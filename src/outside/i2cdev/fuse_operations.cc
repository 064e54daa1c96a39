// SPDX-License-Identifier: Apache-2.0
#include "outside/i2cdev/fuse_operations.h"

#define FUSE_USE_VERSION 35
#include <cuse_lowlevel.h>
#include <fuse_lowlevel.h>
#include <sys/stat.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <memory>
#include <new>
#include <utility>

#include "outside/i2cdev/mount_point.h"
#include "outside/i2cdev/process_memory.h"

namespace pinhole::outside::i2cdev {

namespace {

constexpr double kAttributesHoldSeconds = 1;
// A flag of the kernel's that libfuse has no name for: the caller's longs and pointers are of 32
// bits, because the caller is or the whole machine.
constexpr unsigned kIoctl32Bit = 1U << 3;

Served& ServedBy(fuse_req_t request) { return *static_cast<Served*>(fuse_req_userdata(request)); }

I2cDevFile& OpenFile(const fuse_file_info* file) {
  return *reinterpret_cast<I2cDevFile*>(static_cast<std::uintptr_t>(file->fh));
}

// What `work` returns; -ENOMEM where memory is short. Nothing may be thrown through C.
template <typename Work>
int Caught(Work work) {
  try {
    return work();
  } catch (const std::bad_alloc&) {
    return -ENOMEM;
  }
}

void Init(void*, fuse_conn_info* connection) {
  // Plain reads and writes: the calls are small, and need no pipes.
  connection->want &=
      ~static_cast<unsigned>(FUSE_CAP_SPLICE_READ | FUSE_CAP_SPLICE_WRITE | FUSE_CAP_SPLICE_MOVE);
}

void Open(fuse_req_t request, fuse_file_info* file) {
  Served& served = ServedBy(request);
  const I2cDevFile* opened = nullptr;
  const int result = Caught([&] {
    auto made = std::make_unique<I2cDevFile>(served.bus);
    opened = made.get();
    const std::scoped_lock lock(served.mutex);
    served.files.emplace(opened, std::move(made));
    return 0;
  });
  if (result < 0) {
    fuse_reply_err(request, -result);
    return;
  }
  file->fh = reinterpret_cast<std::uintptr_t>(opened);
  file->direct_io = 1;
  file->nonseekable = 1;
  if (fuse_reply_open(request, file) != 0) {  // the program was killed: there will be no release
    const std::scoped_lock lock(served.mutex);
    served.files.erase(opened);
  }
}

void Release(fuse_req_t request, fuse_file_info* file) {
  Served& served = ServedBy(request);
  {
    const std::scoped_lock lock(served.mutex);
    served.files.erase(&OpenFile(file));
  }
  fuse_reply_err(request, 0);
}

void Read(fuse_req_t request, std::size_t size, off_t, fuse_file_info* file) {
  std::array<std::uint8_t, I2cDevFile::kMaxBytes> bytes;
  const int result = OpenFile(file).Read(std::span(bytes).first(std::min(size, bytes.size())));
  if (result < 0) {
    fuse_reply_err(request, -result);
  } else {
    fuse_reply_buf(request, reinterpret_cast<const char*>(bytes.data()),
                   static_cast<std::size_t>(result));
  }
}

void Write(fuse_req_t request, const char* data, std::size_t size, off_t, fuse_file_info* file) {
  const auto* bytes = reinterpret_cast<const std::uint8_t*>(data);
  const int result = Caught([&] { return OpenFile(file).Write({bytes, size}); });
  if (result < 0) {
    fuse_reply_err(request, -result);
  } else {
    fuse_reply_write(request, static_cast<std::size_t>(result));
  }
}

void TellOutOfReach(Served& served) {
  if (!served.told_out_of_reach.exchange(true)) {
    served.notice(
        "a program's call on the I2C file failed, since its memory may not be read from here: run "
        "the sensor as root, and the program outside of containers; read() and write() work "
        "nevertheless");
  }
}

// What a program asked for in an ioctl, and who.
struct IoctlCall {
  fuse_req_t request;
  I2cDevFile* file;  // open at least until the request is answered
  pid_t thread;      // waits for the answer, in the kernel and not to be interrupted
  std::uint32_t number;
  std::uint64_t argument;
  PointerSize pointers;
};

void Answer(const IoctlCall& call, bool served) {
  if (!served) {  // nobody waits for it any more, and `thread` may be another's number
    fuse_reply_err(call.request, ENODEV);
    return;
  }
  ProcessMemory memory(call.thread);
  const int result =
      Caught([&] { return call.file->Ioctl(call.number, call.argument, call.pointers, memory); });
  if (memory.out_of_reach()) {
    TellOutOfReach(ServedBy(call.request));
  }
  if (result < 0) {
    fuse_reply_err(call.request, -result);
  } else {
    fuse_reply_ioctl(call.request, result, nullptr, 0);
  }
}

void Ioctl(fuse_req_t request, unsigned number, void* argument, fuse_file_info* file,
           unsigned flags) {
  const bool narrow = (flags & (FUSE_IOCTL_COMPAT | kIoctl32Bit)) != 0;
  if (!narrow && sizeof(void*) < 8) {
    fuse_reply_err(request, EOPNOTSUPP);  // its pointers do not fit into ours
    return;
  }
  const IoctlCall call{request,
                       &OpenFile(file),
                       fuse_req_ctx(request)->pid,
                       number,
                       reinterpret_cast<std::uintptr_t>(argument),
                       narrow ? PointerSize::k4 : PointerSize::k8};
  const int result = Caught([&] {
    return ServedBy(request).later([call](bool served) { Answer(call, served); }) ? 0 : -EBUSY;
  });
  if (result < 0) {
    fuse_reply_err(request, -result);
  }
}

void ReplyAttributes(fuse_req_t request, const FileRights& rights) {
  struct stat attributes{};
  attributes.st_ino = FUSE_ROOT_ID;
  attributes.st_mode = S_IFREG | rights.mode;
  attributes.st_nlink = 1;
  attributes.st_uid = rights.user;
  attributes.st_gid = rights.group;
  fuse_reply_attr(request, &attributes, kAttributesHoldSeconds);
}

void GetAttributes(fuse_req_t request, fuse_ino_t, fuse_file_info*) {
  Served& served = ServedBy(request);
  const std::scoped_lock lock(served.mutex);
  ReplyAttributes(request, served.rights);
}

// chmod and chown work; a new size (open with O_TRUNC) and new times are taken and mean nothing.
void SetAttributes(fuse_req_t request, fuse_ino_t, struct stat* wanted, int which,
                   fuse_file_info*) {
  Served& served = ServedBy(request);
  const std::scoped_lock lock(served.mutex);
  if ((which & FUSE_SET_ATTR_MODE) != 0) {
    served.rights.mode = wanted->st_mode & 0777;
  }
  if ((which & FUSE_SET_ATTR_UID) != 0) {
    served.rights.user = wanted->st_uid;
  }
  if ((which & FUSE_SET_ATTR_GID) != 0) {
    served.rights.group = wanted->st_gid;
  }
  ReplyAttributes(request, served.rights);
}

fuse_lowlevel_ops FileOperations() {
  fuse_lowlevel_ops operations{};
  operations.init = Init;
  operations.getattr = GetAttributes;
  operations.setattr = SetAttributes;
  operations.open = [](fuse_req_t request, fuse_ino_t, fuse_file_info* file) {
    Open(request, file);
  };
  operations.release = [](fuse_req_t request, fuse_ino_t, fuse_file_info* file) {
    Release(request, file);
  };
  operations.read = [](fuse_req_t request, fuse_ino_t, std::size_t size, off_t offset,
                       fuse_file_info* file) { Read(request, size, offset, file); };
  operations.write = [](fuse_req_t request, fuse_ino_t, const char* data, std::size_t size,
                        off_t offset,
                        fuse_file_info* file) { Write(request, data, size, offset, file); };
  operations.ioctl = [](fuse_req_t request, fuse_ino_t, unsigned number, void* argument,
                        fuse_file_info* file, unsigned flags, const void*, std::size_t,
                        std::size_t) { Ioctl(request, number, argument, file, flags); };
  return operations;
}

cuse_lowlevel_ops DeviceOperations() {
  cuse_lowlevel_ops operations{};
  operations.init = Init;
  operations.open = Open;
  operations.release = Release;
  operations.read = Read;
  operations.write = Write;
  operations.ioctl = [](fuse_req_t request, int number, void* argument, fuse_file_info* file,
                        unsigned flags, const void*, std::size_t, std::size_t) {
    Ioctl(request, static_cast<unsigned>(number), argument, file, flags);
  };
  return operations;
}

void SayNothing(fuse_log_level, const char*, va_list) {}

}  // namespace

fuse_session* NewFileSession(Served& served) {
  fuse_set_log_func(SayNothing);
  // The options are fusermount3's, where it mounts.
  std::string program = "pinhole", option = "-o",
              options = std::string("default_permissions,nosuid,nodev,fsname=") + kMountSource;
  char* words[] = {program.data(), option.data(), options.data(), nullptr};
  fuse_args arguments = FUSE_ARGS_INIT(3, words);
  static const fuse_lowlevel_ops kOperations = FileOperations();
  fuse_session* session = fuse_session_new(&arguments, &kOperations, sizeof kOperations, &served);
  fuse_opt_free_args(&arguments);
  return session;
}

fuse_session* NewDeviceSession(Served& served, const std::string& name) {
  fuse_set_log_func(SayNothing);
  std::string program = "pinhole";
  char* words[] = {program.data(), nullptr};
  fuse_args arguments = FUSE_ARGS_INIT(1, words);
  const std::string variable = "DEVNAME=" + name;
  const char* variables[] = {variable.c_str()};
  cuse_info info{};
  info.dev_info_argc = 1;
  info.dev_info_argv = variables;
  info.flags = CUSE_UNRESTRICTED_IOCTL;  // ours carry no size in their number
  static const cuse_lowlevel_ops kOperations = DeviceOperations();
  fuse_session* session = cuse_lowlevel_new(&arguments, &info, &kOperations, &served);
  fuse_opt_free_args(&arguments);
  return session;
}

}  // namespace pinhole::outside::i2cdev
