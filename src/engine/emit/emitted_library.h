// SPDX-License-Identifier: Apache-2.0
#pragma once

// For tests only: an emitted model compiled by this machine's compiler and loaded.
//
// The runtime's files are compiled once a process, the model's own file for each model, into a
// shared object in a folder that goes with the test program.
//
//   EmittedLibrary library(emitted, "model");   // ASSERT_EQ(library.problem(), "")
//   memcpy(library.input(0), ...); library.Run(); memcmp(library.output(0), ...)

#include <dlfcn.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "engine/emit/emit.h"
#include "engine/emit/runtime_files.h"

namespace pinhole::engine::emit {

class EmittedLibrary {
 public:
  // `cores`: as it was emitted. The second one is a thread. `streams`: its Run takes what fetches.
  EmittedLibrary(const Emitted& emitted, std::size_t inputs, std::size_t outputs, int cores = 1,
                 bool streams = false) {
    static int number = 0;
    const std::filesystem::path folder = Folder() / std::to_string(number++);
    std::filesystem::create_directories(folder);
    std::string sources;
    for (const EmittedFile& file : emitted.files) {
      Write(folder / file.name, file.text);
      if (file.name.ends_with(".cc")) {
        sources += " " + (file.name.starts_with("pinhole_nn") ? RuntimeObject(file.name)
                                                              : (folder / file.name).string());
      }
    }
    Write(folder / "shim.cc", Shim(inputs, outputs, cores, streams));
    const std::filesystem::path library = folder / "model.so";
    problem_ = Shell(Compiler() + " -shared -I " + folder.string() + sources + " " +
                     (folder / "shim.cc").string() + " -o " + library.string());
    if (!problem_.empty()) {
      return;
    }
    handle_ = dlopen(library.c_str(), RTLD_NOW | RTLD_LOCAL);
    if (handle_ == nullptr) {
      problem_ = dlerror();
    }
  }
  ~EmittedLibrary() {
    if (handle_ != nullptr) {
      dlclose(handle_);
    }
  }
  EmittedLibrary(const EmittedLibrary&) = delete;
  EmittedLibrary& operator=(const EmittedLibrary&) = delete;

  // Empty, or what the compiler said.
  [[nodiscard]] const std::string& problem() const { return problem_; }
  [[nodiscard]] void* input(std::size_t i) const {
    return Find<void* (*)()>("shim_input" + std::to_string(i))();
  }
  [[nodiscard]] const void* output(std::size_t i) const {
    return Find<const void* (*)()>("shim_output" + std::to_string(i))();
  }
  void Reset() const { Find<void (*)()>("shim_reset")(); }
  void Run() const { Find<void (*)()>("shim_run")(); }
  // With a fetcher that spoils the place when a copy is queued and makes the copy when it is waited
  // for, not earlier.
  void RunFetchingLate() const { Find<void (*)()>("shim_run_late")(); }

 private:
  static std::filesystem::path Folder() {
    static const std::filesystem::path folder = [] {
      std::string path = (std::filesystem::temp_directory_path() / "pinhole-emit-XXXXXX").string();
      if (mkdtemp(path.data()) == nullptr) {
        path = ".";
      }
      static const struct Remover {
        std::filesystem::path path;
        ~Remover() { std::filesystem::remove_all(path); }
      } remover{path};
      return std::filesystem::path(path);
    }();
    return folder;
  }

  // Warnings are errors: emitted code is said to have none.
  static std::string Compiler() {
    return "c++ -std=c++17 -O1 -pthread -fPIC -ffp-contract=off -Wall -Wextra -Werror";
  }

  static void Write(const std::filesystem::path& path, const std::string& text) {
    std::ofstream(path, std::ios::binary) << text;
  }

  static std::string Shell(const std::string& command) {
    const std::filesystem::path log = Folder() / "log";
    if (std::system((command + " >" + log.string() + " 2>&1").c_str()) == 0) {
      return "";
    }
    std::ifstream said(log);
    std::string text((std::istreambuf_iterator<char>(said)), std::istreambuf_iterator<char>());
    return command + "\n" + text.substr(0, 4000);
  }

  static std::string RuntimeObject(const std::string& name) {
    const std::filesystem::path folder = Folder() / "runtime";
    const std::filesystem::path object = folder / (name + ".o");
    if (!std::filesystem::exists(object)) {
      std::filesystem::create_directories(folder);
      for (const RuntimeFile& file : RuntimeFiles()) {
        Write(folder / file.name, std::string(file.text));
      }
      EXPECT_EQ(Shell(Compiler() + " -c " + (folder / name).string() + " -o " + object.string()),
                "");
    }
    return object.string();
  }

  static std::string Shim(std::size_t inputs, std::size_t outputs, int cores, bool streams) {
    std::string text =
        "#include <cstring>\n#include <deque>\n#include <thread>\n#include \"model.h\"\n#include "
        "\"pinhole_nn.h\"\n"
        "static std::thread second;\n"
        "[[maybe_unused]] static const pinhole_nn::SecondCore kSecond = {\n"
        "    [](void (*job)(void*), void* context) { second = std::thread(job, context); },\n"
        "    [] { second.join(); }};\n"
        "struct Copy { void* to; const void* from; std::size_t bytes; };\n"
        "static std::deque<Copy> copies;\n"
        "[[maybe_unused]] static const pinhole_nn::Fetcher kLate = {\n"
        "    [](void* to, const void* from, std::size_t bytes) {\n"
        "      std::memset(to, 0x55, bytes); copies.push_back({to, from, bytes}); },\n"
        "    [](int left) { for (; copies.size() > std::size_t(left); copies.pop_front())\n"
        "      std::memcpy(copies.front().to, copies.front().from, copies.front().bytes); }};\n"
        "extern \"C\" {\n";
    for (std::size_t i = 0; i < inputs; ++i) {
      const std::string n = std::to_string(i);
      text += "void* shim_input" + n + "() { return model::Input" + n + "(); }\n";
    }
    for (std::size_t i = 0; i < outputs; ++i) {
      const std::string n = std::to_string(i);
      text += "const void* shim_output" + n + "() { return model::Output" + n + "(); }\n";
    }
    const std::string second = cores > 1 ? "&kSecond" : "";
    const std::string fetcher = streams ? (cores > 1 ? ", &kLate" : "&kLate") : "";
    return text + "void shim_reset() { model::Reset(); }\nvoid shim_run() { model::Run(" + second +
           "); }\nvoid shim_run_late() { model::Run(" + second + fetcher + "); }\n}\n";
  }

  template <typename Function>
  [[nodiscard]] Function Find(const std::string& name) const {
    return reinterpret_cast<Function>(dlsym(handle_, name.c_str()));
  }

  void* handle_ = nullptr;
  std::string problem_;
};

}  // namespace pinhole::engine::emit
