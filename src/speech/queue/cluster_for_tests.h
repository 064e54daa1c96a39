// SPDX-License-Identifier: Apache-2.0
#pragma once

// For tests only: three nats-servers on loopback with JetStream, one cluster, in a folder that goes
// away with the object.

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "system/child_process.h"

namespace pinhole::speech::queue {

class ClusterForTests {
 public:
  static constexpr int kServers = 3;

  // "" where none is installed.
  static std::string Program() {
    for (const char* path :
         {"/usr/sbin/nats-server", "/usr/bin/nats-server", "/usr/local/bin/nats-server"}) {
      if (::access(path, X_OK) == 0) {
        return path;
      }
    }
    return "";
  }

  ClusterForTests() {
    std::string name = (std::filesystem::temp_directory_path() / "pinhole-nats-XXXXXX").string();
    folder_ = ::mkdtemp(name.data());
    const std::vector<int> ports = FreePorts(2 * kServers);
    std::string routes;
    for (int i = 0; i < kServers; ++i) {
      const std::string route = "nats-route://127.0.0.1:" + std::to_string(ports[kServers + i]);
      routes += (i == 0 ? "" : ", ") + ("\"" + route + "\"");
      addresses_ += (i == 0 ? "nats://127.0.0.1:" : ",nats://127.0.0.1:") +
                    std::to_string(ports[static_cast<std::size_t>(i)]);
    }
    for (int i = 0; i < kServers; ++i) {
      const std::string number = std::to_string(i);
      const std::string config = folder_ + "/" + number + ".conf";
      std::ofstream(config) << "server_name: s" << number
                            << "\nlisten: \"127.0.0.1:" << ports[static_cast<std::size_t>(i)]
                            << "\"\nlog_file: \"" << folder_ << "/" << number
                            << ".log\"\njetstream { store_dir: \"" << folder_ << "/store" << number
                            << "\" }\ncluster { name: tests, listen: "
                            << "\"127.0.0.1:" << ports[static_cast<std::size_t>(kServers + i)]
                            << "\", routes: [" << routes << "] }\n";
      servers_[static_cast<std::size_t>(i)] = system::Child::Start({Program(), "-c", config});
    }
  }

  ~ClusterForTests() {
    for (system::Child& server : servers_) {
      server = {};
    }
    std::error_code ignored;
    std::filesystem::remove_all(folder_, ignored);
  }

  ClusterForTests(const ClusterForTests&) = delete;
  ClusterForTests& operator=(const ClusterForTests&) = delete;

  [[nodiscard]] const std::string& addresses() const { return addresses_; }
  [[nodiscard]] const std::string& folder() const { return folder_; }
  void Kill(int server) { servers_[static_cast<std::size_t>(server)] = {}; }

 private:
  // All at once, so that no two are the same.
  static std::vector<int> FreePorts(int count) {
    std::vector<int> sockets;
    std::vector<int> ports;
    for (int i = 0; i < count; ++i) {
      const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
      sockaddr_in address = {};
      address.sin_family = AF_INET;
      address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
      ::bind(fd, reinterpret_cast<sockaddr*>(&address), sizeof address);
      socklen_t size = sizeof address;
      ::getsockname(fd, reinterpret_cast<sockaddr*>(&address), &size);
      sockets.push_back(fd);
      ports.push_back(ntohs(address.sin_port));
    }
    for (const int fd : sockets) {
      ::close(fd);
    }
    return ports;
  }

  std::string folder_, addresses_;
  std::array<system::Child, kServers> servers_;
};

}  // namespace pinhole::speech::queue
