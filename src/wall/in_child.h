// SPDX-License-Identifier: Apache-2.0
#pragma once

// Locks hold for ever, so each is tested in a child that ends with it.

#include <sys/wait.h>
#include <unistd.h>

namespace pinhole::wall {

struct ChildEnd {
  int signal = 0;
  int code = 0;

  friend bool operator==(const ChildEnd&, const ChildEnd&) = default;
};

// `body` answers an exit code.
template <typename Body>
ChildEnd InChild(const Body& body) {
  const pid_t pid = ::fork();
  if (pid == 0) {
    ::_exit(body());
  }
  int status = 0;
  ::waitpid(pid, &status, 0);
  return WIFSIGNALED(status) ? ChildEnd{WTERMSIG(status), 0} : ChildEnd{0, WEXITSTATUS(status)};
}

}  // namespace pinhole::wall
