// SPDX-License-Identifier: Apache-2.0
#include "wall/confine.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <cerrno>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>

#include "wall/in_child.h"
#include "wall/kernel.h"

namespace pinhole::wall {
namespace {

namespace fs = std::filesystem;

class ConfineTest : public testing::Test {
 protected:
  void SetUp() override {
    if (LandlockAbi() == 0) {
      GTEST_SKIP() << "this kernel has no Landlock";
    }
    std::string folder = (fs::temp_directory_path() / "pinhole-confine-XXXXXX").string();
    ASSERT_NE(::mkdtemp(folder.data()), nullptr);
    folder_ = folder;
    fs::create_directory(folder_ / "in");
    fs::create_directory(folder_ / "out");
    std::ofstream(folder_ / "in/file") << "seen";
    std::ofstream(folder_ / "secret") << "unseen";
  }
  void TearDown() override { fs::remove_all(folder_); }

  fs::path folder_;
};

int OpenError(const fs::path& path, int flags) {
  const int fd = ::open(path.c_str(), flags | O_CLOEXEC, 0600);
  return fd >= 0 ? 0 : errno;
}

int BindError(std::uint16_t port) {
  const int fd = ::socket(AF_INET, SOCK_STREAM, 0);
  if (fd < 0) {
    return errno;
  }
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  return ::bind(fd, reinterpret_cast<sockaddr*>(&address), sizeof address) == 0 ? 0 : errno;
}

TEST_F(ConfineTest, FilesAreWhatWasListed) {
  const ChildEnd end = InChild([&] {
    Confine({.read = {(folder_ / "in").string()},
             .write = {(folder_ / "out").string()},
             .execute = {},
             .network = true,
             .connect_tcp = {},
             .bind_tcp = {}});
    return OpenError(folder_ / "in/file", O_RDONLY) == 0 &&
                   OpenError(folder_ / "in/file", O_RDWR) == EACCES &&
                   OpenError(folder_ / "in/new", O_CREAT | O_WRONLY) == EACCES &&
                   OpenError(folder_ / "out/new", O_CREAT | O_RDWR) == 0 &&
                   OpenError(folder_ / "secret", O_RDONLY) == EACCES &&
                   OpenError("/proc/self/status", O_RDONLY) == EACCES
               ? 0
               : 1;
  });
  EXPECT_EQ(end, (ChildEnd{0, 0}));
}

TEST_F(ConfineTest, WithoutANetworkThereIsNoSocket) {
  const ChildEnd end = InChild([] {
    const Confined got = Confine({});
    return ::socket(AF_INET, SOCK_STREAM, 0) < 0 && errno == EACCES &&
                   ::socket(AF_UNIX, SOCK_STREAM, 0) < 0 && errno == EACCES && got.landlock_abi > 0
               ? 0
               : 1;
  });
  EXPECT_EQ(end, (ChildEnd{0, 0}));
}

TEST_F(ConfineTest, PortsAreWhatWasListed) {
  if (LandlockAbi() < 4) {
    GTEST_SKIP() << "this kernel's Landlock knows no ports";
  }
  const ChildEnd none = InChild([] {
    Confinement wanted;
    wanted.network = true;
    wanted.bind_tcp.emplace();
    Confine(wanted);
    return BindError(0);
  });
  EXPECT_EQ(none, (ChildEnd{0, EACCES}));
  const ChildEnd any = InChild([] {
    Confinement wanted;
    wanted.network = true;
    Confine(wanted);
    return BindError(0);
  });
  EXPECT_EQ(any, (ChildEnd{0, 0}));
  const ChildEnd zero = InChild([] {
    Confinement wanted;
    wanted.network = true;
    wanted.bind_tcp.emplace(1, std::uint16_t{0});
    Confine(wanted);
    return BindError(0);
  });
  EXPECT_EQ(zero, (ChildEnd{0, 0}));
}

}  // namespace
}  // namespace pinhole::wall
