// SPDX-License-Identifier: Apache-2.0
#pragma once

// For tests only: the built command, run as a user would, and a folder of its own for each test.

#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstddef>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <span>
#include <string>

namespace pinhole::host {

inline std::string ReadText(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

inline void WriteText(const std::filesystem::path& path, std::string_view text) {
  std::ofstream(path, std::ios::binary) << text;
}

inline std::string Text(std::span<const std::byte> bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

// A folder that is there as long as the object.
class TestFolder {
 public:
  TestFolder() {
    std::string name = (std::filesystem::temp_directory_path() / "pinhole-test-XXXXXX").string();
    path_ = ::mkdtemp(name.data());
  }
  ~TestFolder() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  TestFolder(const TestFolder&) = delete;
  TestFolder& operator=(const TestFolder&) = delete;

  [[nodiscard]] std::filesystem::path operator/(const std::string& name) const {
    return path_ / name;
  }
  [[nodiscard]] const std::filesystem::path& path() const { return path_; }
  [[nodiscard]] std::size_t entries() const {
    return static_cast<std::size_t>(std::distance(std::filesystem::directory_iterator(path_), {}));
  }

 private:
  std::filesystem::path path_;
};

struct Ran {
  int code = -1;  // -1: ended by a signal
  std::string out, err;

  [[nodiscard]] bool says_one_line() const {
    return err.starts_with("pinhole: ") && err.find('\n') == err.size() - 1;
  }
};

// `pinhole ARGUMENTS` by the shell, in the folder `in`, nothing on standard input unless ARGUMENTS
// say so.
inline Ran RunPinhole(const std::string& arguments, const std::filesystem::path& in = ".") {
  const TestFolder folder;
  // Our redirections first: those of ARGUMENTS then have the last word.
  const std::string line = "cd '" + in.string() + "' && >'" + (folder / "out").string() + "' 2>'" +
                           (folder / "err").string() + "' '" PINHOLE_COMMAND "' " + arguments;
  const int status = std::system(("exec </dev/null; " + line).c_str());
  return {WIFEXITED(status) ? WEXITSTATUS(status) : -1, ReadText(folder / "out"),
          ReadText(folder / "err")};
}

}  // namespace pinhole::host
