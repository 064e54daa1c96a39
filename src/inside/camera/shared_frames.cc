// SPDX-License-Identifier: Apache-2.0
#include "inside/camera/shared_frames.h"

#include <fcntl.h>
#include <linux/futex.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <cerrno>
#include <climits>
#include <cstdio>
#include <cstring>
#include <new>
#include <utility>

#include "base/secure_wipe.h"
#include "inside/camera/shared_layout.h"

#ifndef F_SEAL_FUTURE_WRITE
#define F_SEAL_FUTURE_WRITE 0x0010
#endif

namespace pinhole::inside::camera {

namespace {

using base::Error;
using capture::Frame;
using capture::FrameShape;
using layout::Control;
using layout::Slot;
using layout::Word;

constexpr int kSeals = F_SEAL_GROW | F_SEAL_SHRINK | F_SEAL_FUTURE_WRITE | F_SEAL_SEAL;

#ifdef SYS_futex
constexpr long kFutex = SYS_futex;
#else
constexpr long kFutex = SYS_futex_time64;  // the only one on newer 32-bit machines
#endif

// What the memory's bytes are, for either end: `Byte` is std::byte or const std::byte.
template <typename Byte>
struct View {
  template <typename T>
  using Same = std::conditional_t<std::is_const_v<Byte>, const T, T>;

  std::span<Byte> memory;
  std::size_t capacity;

  [[nodiscard]] Same<Control>& control() const {
    return *reinterpret_cast<Same<Control>*>(memory.data());
  }
  [[nodiscard]] Byte* slot_begin(std::uint32_t event) const {
    const std::size_t slot_bytes = *layout::SlotBytes(capacity);
    return memory.data() + sizeof(Control) + (event % layout::kSlots) * slot_bytes;
  }
  [[nodiscard]] Same<Slot>& slot(std::uint32_t event) const {
    return *reinterpret_cast<Same<Slot>*>(slot_begin(event));
  }
  [[nodiscard]] std::span<Same<Word>> words(std::uint32_t event) const {
    return {reinterpret_cast<Same<Word>*>(slot_begin(event) + sizeof(Slot)),
            layout::WordsOf(capacity)};
  }
};

// Bytes into atomic words, in pieces of any length.
class WordSink {
 public:
  explicit WordSink(std::span<Word> words) : words_(words) {}

  void Write(std::span<const std::uint8_t> bytes) {
    while (!bytes.empty()) {
      if (filled_ == 0) {
        bytes = WriteWhole(bytes);
      }
      const std::size_t n = std::min(sizeof held_ - filled_, bytes.size());
      std::memcpy(reinterpret_cast<unsigned char*>(&held_) + filled_, bytes.data(), n);
      filled_ += n;
      bytes = bytes.subspan(n);
      if (filled_ == sizeof held_) {
        Flush();
      }
    }
  }
  // Hands on the last bytes.
  void Flush() {
    if (filled_ > 0) {
      words_[next_++].store(held_, std::memory_order_relaxed);
      held_ = 0;
      filled_ = 0;
    }
  }

 private:
  // As many whole words as there are; the rest comes back.
  std::span<const std::uint8_t> WriteWhole(std::span<const std::uint8_t> bytes) {
    const std::size_t count = bytes.size() / sizeof held_;
    for (std::size_t i = 0; i < count; ++i) {
      std::uint64_t word = 0;
      std::memcpy(&word, bytes.data() + i * sizeof word, sizeof word);
      words_[next_ + i].store(word, std::memory_order_relaxed);
    }
    next_ += count;
    return bytes.subspan(count * sizeof held_);
  }

  std::span<Word> words_;
  std::size_t next_ = 0;
  std::uint64_t held_ = 0;
  std::size_t filled_ = 0;
};

void Invalidate(Slot& slot) {
  // Released, so that who sees it sees the newer sequence word too; and fenced, so that who sees
  // anything of what is written next sees this.
  slot.event.store(layout::kNoEvent, std::memory_order_release);
  std::atomic_thread_fence(std::memory_order_release);
}

void WipeSlot(const View<std::byte>& view, std::uint32_t event, std::size_t bytes) {
  Invalidate(view.slot(event));
  const std::span<Word> words = view.words(event).first(layout::WordsOf(bytes));
  base::SecureWipe({reinterpret_cast<std::byte*>(words.data()), words.size_bytes()});
}

base::Result<std::size_t> RowBytes(const FrameShape& shape, std::size_t given, std::size_t capacity,
                                   base::Diagnosis& why) {
  if (shape.width < 1 || shape.height < 1 || (shape.channels != 1 && shape.channels != 3)) {
    return why.Fail(Error::kInvalidArgument, "frame of ", shape.width, " x ", shape.height,
                    " pixels, ", shape.channels,
                    " channels: sides from 1 and 1 or 3 channels are expected");
  }
  if (shape.width > FrameShape::kMaxSide || shape.height > FrameShape::kMaxSide) {
    return why.Fail(Error::kTooLarge, "frame of ", shape.width, " x ", shape.height,
                    " pixels: sides may be at most ", FrameShape::kMaxSide, "; make it smaller");
  }
  const auto row = static_cast<std::size_t>(shape.width) * static_cast<std::size_t>(shape.channels);
  const auto rows = static_cast<std::size_t>(shape.height);
  if (row > capacity / rows) {
    return why.Fail(Error::kTooLarge, "frame of ", shape.width, " x ", shape.height, " pixels, ",
                    shape.channels, " channels: at most ", capacity,
                    " bytes go over; make it smaller");
  }
  const std::size_t stride = shape.stride == 0 ? row : shape.stride;
  if (stride < row || given < row || (given - row) / stride < rows - 1) {
    return why.Fail(Error::kInvalidArgument, "rows of ", row, " bytes, ", stride,
                    " apart, don't fit the ", given, " bytes given");
  }
  return row;
}

}  // namespace

// ------------------------------------------------------------------------------------------ writer

base::Result<FrameWriter> FrameWriter::Create(std::size_t max_frame_bytes, base::Diagnosis& why) {
  if (max_frame_bytes == 0) {
    return why.Fail(Error::kInvalidArgument, "frames of 0 bytes: give at least 1");
  }
  if (max_frame_bytes > kMaxSharedFrameBytes) {
    return why.Fail(Error::kTooLarge, "frames of ", max_frame_bytes, " bytes: at most ",
                    kMaxSharedFrameBytes, " go over");
  }
  const std::size_t bytes = *layout::MemoryBytes(max_frame_bytes);
  const int fd = ::memfd_create("pinhole-frames", MFD_CLOEXEC | MFD_ALLOW_SEALING);
  // All pages at once: one that came when the reader first looks at it would tell the writer so.
  if (fd < 0 || ::ftruncate(fd, static_cast<off_t>(bytes)) != 0 ||
      ::fallocate(fd, 0, 0, static_cast<off_t>(bytes)) != 0) {
    const int reason = errno;
    ::close(fd);
    return why.Fail(Error::kOutOfMemory, "no shared memory of ", bytes,
                    " bytes: ", std::strerror(reason));
  }
  void* const memory = ::mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
  if (memory == MAP_FAILED) {
    const int reason = errno;
    ::close(fd);
    return why.Fail(Error::kOutOfMemory, "shared memory of ", bytes,
                    " bytes can't be mapped: ", std::strerror(reason));
  }
  ::madvise(memory, bytes, MADV_DONTDUMP);
  // After the mapping: from here on there is no other way to write.
  if (::fcntl(fd, F_ADD_SEALS, kSeals) != 0) {
    const int reason = errno;
    ::munmap(memory, bytes);
    ::close(fd);
    return why.Fail(Error::kIo, "shared memory can't be sealed: ", std::strerror(reason),
                    "; a kernel from 5.1 on is needed");
  }
  const View<std::byte> view{{static_cast<std::byte*>(memory), bytes}, max_frame_bytes};
  Control* const control = ::new (static_cast<void*>(&view.control())) Control{};
  control->capacity.store(max_frame_bytes);
  for (std::uint32_t i = 0; i < layout::kSlots; ++i) {
    Slot* const slot = ::new (static_cast<void*>(&view.slot(i))) Slot{};
    slot->event.store(layout::kNoEvent);
  }
  control->magic.store(layout::kMagic);
  return FrameWriter(fd, view.memory, max_frame_bytes);
}

FrameWriter::FrameWriter(FrameWriter&& other) noexcept
    : fd_(std::exchange(other.fd_, -1)),
      memory_(std::exchange(other.memory_, {})),
      capacity_(other.capacity_),
      newest_bytes_(other.newest_bytes_),
      ended_(other.ended_) {}

FrameWriter::~FrameWriter() {
  if (!memory_.empty()) {
    PublishEnd();
    ::munmap(memory_.data(), memory_.size());
  }
  if (fd_ >= 0) {
    ::close(fd_);
  }
}

base::Status FrameWriter::SendTo(int socket, base::Diagnosis& why) {
  std::array<char, 32> path{};
  std::snprintf(path.data(), path.size(), "/proc/self/fd/%d", fd_);
  const int read_only = ::open(path.data(), O_RDONLY | O_CLOEXEC);
  if (read_only < 0) {
    return why.Fail(Error::kIo, path.data(), " can't be opened: ", std::strerror(errno),
                    "; is /proc mounted?");
  }
  char mark = 'F';
  iovec piece{&mark, 1};
  alignas(cmsghdr) std::array<char, CMSG_SPACE(sizeof(int))> control{};
  msghdr message{};
  message.msg_iov = &piece;
  message.msg_iovlen = 1;
  message.msg_control = control.data();
  message.msg_controllen = control.size();
  cmsghdr* const header = CMSG_FIRSTHDR(&message);
  header->cmsg_level = SOL_SOCKET;
  header->cmsg_type = SCM_RIGHTS;
  header->cmsg_len = CMSG_LEN(sizeof(int));
  std::memcpy(CMSG_DATA(header), &read_only, sizeof read_only);
  ssize_t sent = -1;
  do {
    sent = ::sendmsg(socket, &message, MSG_NOSIGNAL);
  } while (sent < 0 && errno == EINTR);
  const int reason = errno;
  ::close(read_only);
  if (sent != 1) {
    return why.Fail(Error::kIo, "the frames' memory can't be handed over: ", std::strerror(reason),
                    "; the socket must be connected, and its other end open");
  }
  return {};
}

template <typename Fill>
void FrameWriter::PublishEvent(std::uint32_t kind, std::size_t bytes, Fill fill) {
  const View<std::byte> view{memory_, capacity_};
  std::atomic<std::uint32_t>& sequence = view.control().sequence;
  const std::uint32_t left = sequence.load(std::memory_order_relaxed);
  const std::uint32_t event = left + 1;
  Slot& slot = view.slot(event);
  Invalidate(slot);
  slot.kind.store(kind, std::memory_order_relaxed);
  fill(view, slot, event);
  slot.event.store(event, std::memory_order_release);
  sequence.store(event, std::memory_order_release);
  ::syscall(kFutex, &sequence, FUTEX_WAKE, INT_MAX, nullptr, nullptr, 0);
  WipeSlot(view, left, std::exchange(newest_bytes_, bytes));
}

base::Status FrameWriter::Publish(const FrameShape& shape, std::span<const std::uint8_t> pixels,
                                  base::Diagnosis& why) {
  if (ended_) {
    return why.Fail(Error::kNotReady, "the end was published; nothing can follow");
  }
  PINHOLE_ASSIGN(const std::size_t row, RowBytes(shape, pixels.size(), capacity_, why));
  const auto rows = static_cast<std::size_t>(shape.height);
  const std::size_t stride = shape.stride == 0 ? row : shape.stride;
  PublishEvent(layout::kFrame, row * rows,
               [&](const View<std::byte>& view, Slot& slot, std::uint32_t event) {
                 constexpr auto kRelaxed = std::memory_order_relaxed;
                 slot.width.store(static_cast<std::uint32_t>(shape.width), kRelaxed);
                 slot.height.store(static_cast<std::uint32_t>(shape.height), kRelaxed);
                 slot.channels.store(static_cast<std::uint32_t>(shape.channels), kRelaxed);
                 WordSink sink(view.words(event));
                 for (std::size_t y = 0; y < rows; ++y) {
                   sink.Write(pixels.subspan(y * stride, row));
                 }
                 sink.Flush();
               });
  return {};
}

void FrameWriter::PublishFailed() {
  if (!ended_) {
    PublishEvent(layout::kFailed, 0, [](const auto&...) {});
  }
}

void FrameWriter::PublishEnd() {
  if (!ended_) {
    PublishEvent(layout::kEnd, 0, [](const auto&...) {});
    ended_ = true;
  }
}

// ------------------------------------------------------------------------------------------ reader

namespace {

// The one descriptor that came with one byte; -1 and `why` otherwise.
base::Result<int> ReceiveDescriptor(int socket, base::Diagnosis& why) {
  char mark = 0;
  iovec piece{&mark, 1};
  alignas(cmsghdr) std::array<char, CMSG_SPACE(8 * sizeof(int))> control{};
  msghdr message{};
  message.msg_iov = &piece;
  message.msg_iovlen = 1;
  message.msg_control = control.data();
  message.msg_controllen = control.size();
  ssize_t received = -1;
  do {
    received = ::recvmsg(socket, &message, MSG_CMSG_CLOEXEC);
  } while (received < 0 && errno == EINTR);
  if (received < 0) {
    return why.Fail(Error::kIo, "the frames' memory can't be received: ", std::strerror(errno));
  }
  if (received == 0) {
    return why.Fail(Error::kIo,
                    "the source ended before it handed over its frames' memory; see what it said");
  }
  int first = -1;
  std::size_t count = 0;
  for (cmsghdr* header = CMSG_FIRSTHDR(&message); header != nullptr;
       header = CMSG_NXTHDR(&message, header)) {
    if (header->cmsg_level != SOL_SOCKET || header->cmsg_type != SCM_RIGHTS) {
      continue;
    }
    const std::size_t fds = (header->cmsg_len - CMSG_LEN(0)) / sizeof(int);
    for (std::size_t i = 0; i < fds; ++i, ++count) {
      int fd = -1;
      std::memcpy(&fd, CMSG_DATA(header) + i * sizeof fd, sizeof fd);
      if (count == 0) {
        first = fd;
      } else {
        ::close(fd);
      }
    }
  }
  if (count != 1 || mark != 'F' || (message.msg_flags & (MSG_TRUNC | MSG_CTRUNC)) != 0) {
    ::close(first);
    return why.Fail(Error::kMalformed, "the source handed over ", count,
                    " descriptors; one, of its frames' memory, was expected");
  }
  return first;
}

// Sealed, read-only, of a size that its seals fix.
base::Result<std::size_t> CheckDescriptor(int fd, base::Diagnosis& why) {
  struct stat status{};
  const int flags = ::fcntl(fd, F_GETFL);
  if (flags < 0 || (flags & O_ACCMODE) != O_RDONLY || (flags & O_PATH) != 0) {
    return why.Fail(Error::kMalformed,
                    "the source's memory came with a descriptor that is not read-only");
  }
  const int seals = ::fcntl(fd, F_GET_SEALS);
  if (seals < 0 || (seals & kSeals) != kSeals) {
    return why.Fail(Error::kMalformed, "the source's memory is not sealed: seals ",
                    seals < 0 ? 0 : seals, " found, all of ", kSeals, " expected");
  }
  constexpr std::size_t kMost = *layout::MemoryBytes(kMaxSharedFrameBytes);
  constexpr std::size_t kLeast = *layout::MemoryBytes(1);
  if (::fstat(fd, &status) != 0 || !S_ISREG(status.st_mode) ||
      status.st_size < static_cast<off_t>(kLeast) || status.st_size > static_cast<off_t>(kMost)) {
    return why.Fail(Error::kMalformed, "the source's memory has ",
                    static_cast<std::int64_t>(status.st_size), " bytes; ", kLeast, " to ", kMost,
                    " were expected");
  }
  const auto bytes = static_cast<std::size_t>(status.st_size);
  void* const writable = ::mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
  if (writable != MAP_FAILED) {
    ::munmap(writable, bytes);
    return why.Fail(Error::kMalformed, "the source's memory can be written from here");
  }
  return bytes;
}

}  // namespace

FrameReader::FrameReader(int fd, std::span<const std::byte> memory, std::size_t capacity)
    : fd_(fd), memory_(memory), capacity_(capacity) {}

FrameReader::~FrameReader() {
  base::SecureWipe(std::as_writable_bytes(pixels_));
  ::munmap(const_cast<std::byte*>(memory_.data()), memory_.size());
  CloseDescriptor();
}

void FrameReader::CloseDescriptor() {
  if (fd_ >= 0) {
    ::close(std::exchange(fd_, -1));
  }
}

base::Result<std::unique_ptr<FrameReader>> FrameReader::Receive(int socket, base::Diagnosis& why) {
  PINHOLE_ASSIGN(const int fd, ReceiveDescriptor(socket, why));
  const base::Result<std::size_t> bytes = CheckDescriptor(fd, why);
  if (!bytes) {
    ::close(fd);
    return base::Unexpected(bytes.error());
  }
  // With all its pages, before there is anything to tell: see FrameWriter::Create.
  void* const memory = ::mmap(nullptr, *bytes, PROT_READ, MAP_SHARED | MAP_POPULATE, fd, 0);
  if (memory == MAP_FAILED) {
    const int reason = errno;
    ::close(fd);
    return why.Fail(Error::kOutOfMemory, "the source's memory of ", *bytes,
                    " bytes can't be mapped: ", std::strerror(reason));
  }
  ::madvise(memory, *bytes, MADV_DONTDUMP);
  const View<const std::byte> view{{static_cast<const std::byte*>(memory), *bytes}, 0};
  const std::uint64_t magic = view.control().magic.load();
  const std::uint64_t capacity = view.control().capacity.load();
  // From here on both mapping and descriptor have an owner.
  std::unique_ptr<FrameReader> reader(
      new (std::nothrow) FrameReader(fd, view.memory, static_cast<std::size_t>(capacity)));
  if (reader == nullptr) {
    ::munmap(memory, *bytes);
    ::close(fd);
    return why.Fail(Error::kOutOfMemory, "no memory for a reader of frames");
  }
  if (magic != layout::kMagic || capacity == 0 || capacity > kMaxSharedFrameBytes ||
      layout::MemoryBytes(static_cast<std::size_t>(capacity)) != *bytes) {
    return why.Fail(Error::kMalformed,
                    "the source's memory is laid out otherwise than this build "
                    "expects; install source and inside from one release");
  }
  const std::size_t words = layout::WordsOf(reader->capacity_);
  reader->storage_.reset(new (std::nothrow) std::uint64_t[words]());
  if (reader->storage_ == nullptr) {
    return why.Fail(Error::kOutOfMemory, "no memory for a frame of ", capacity, " bytes");
  }
  reader->pixels_ = {reinterpret_cast<std::uint8_t*>(reader->storage_.get()), words * 8};
  return reader;
}

base::Result<Frame> FrameReader::Capture(base::Diagnosis& why) {
  const View<const std::byte> view{memory_, capacity_};
  const std::atomic<std::uint32_t>& sequence = view.control().sequence;
  while (!ended_) {
    const std::uint32_t event = sequence.load(std::memory_order_acquire);
    if (event == seen_) {
      const long waited = ::syscall(kFutex, &sequence, FUTEX_WAIT, event, nullptr, nullptr, 0);
      if (waited != 0 && errno != EAGAIN && errno != EINTR) {
        return why.Fail(Error::kIo, "waiting for the source failed: error ", errno);
      }
      continue;
    }
    bool overtaken = false;
    base::Result<Frame> frame = Take(event, overtaken, why);
    if (overtaken && sequence.load(std::memory_order_acquire) != event) {
      continue;
    }
    seen_ = event;
    if (overtaken) {
      return why.Fail(Error::kMalformed, "the source left its newest frame unfinished");
    }
    return frame;
  }
  return why.Fail(Error::kNotFound, "the source has no more frames");
}

// What lies in the event's slot, `overtaken` where that was not this event from begin to end.
base::Result<Frame> FrameReader::Take(std::uint32_t event, bool& overtaken, base::Diagnosis& why) {
  constexpr auto kRelaxed = std::memory_order_relaxed;
  const View<const std::byte> view{memory_, capacity_};
  const Slot& slot = view.slot(event);
  const auto still_there = [&] { return slot.event.load(std::memory_order_acquire) == event; };
  overtaken = !still_there();
  if (overtaken) {
    return base::Unexpected(Error::kNotReady);
  }
  const std::uint32_t kind = slot.kind.load(kRelaxed);
  const std::uint32_t width = slot.width.load(kRelaxed);
  const std::uint32_t height = slot.height.load(kRelaxed);
  const std::uint32_t channels = slot.channels.load(kRelaxed);
  constexpr auto kMaxSide = static_cast<std::uint32_t>(FrameShape::kMaxSide);
  const bool shaped = width >= 1 && height >= 1 && width <= kMaxSide && height <= kMaxSide &&
                      (channels == 1 || channels == 3) &&
                      std::uint64_t{width} * height * channels <= capacity_;
  const std::size_t bytes =
      kind == layout::kFrame && shaped ? std::size_t{width} * height * channels : 0;
  const std::span<const Word> from = view.words(event);
  for (std::size_t i = 0; i < layout::WordsOf(bytes); ++i) {
    storage_[i] = from[i].load(kRelaxed);
  }
  std::atomic_thread_fence(std::memory_order_acquire);
  const std::span<std::uint8_t> pixels = pixels_.first(layout::WordsOf(bytes) * 8);
  overtaken = !still_there();
  if (overtaken) {
    base::SecureWipe(std::as_writable_bytes(pixels));
    return base::Unexpected(Error::kNotReady);
  }
  if (kind == layout::kEnd) {
    ended_ = true;
    return why.Fail(Error::kNotFound, "the source has no more frames");
  }
  if (kind == layout::kFailed) {
    return why.Fail(Error::kMalformed, "the source could not capture this frame; see what it said");
  }
  if (bytes == 0) {
    return why.Fail(Error::kMalformed, "the source gave ",
                    kind == layout::kFrame ? "a frame" : "what is no frame", " of ", width, " x ",
                    height, " pixels, ", channels, " channels; at most ", capacity_,
                    " bytes were agreed on");
  }
  return Frame::Make(pixels,
                     {.width = static_cast<int>(width),
                      .height = static_cast<int>(height),
                      .channels = static_cast<int>(channels)},
                     why);
}

}  // namespace pinhole::inside::camera
