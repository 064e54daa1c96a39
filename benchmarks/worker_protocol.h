// SPDX-License-Identifier: Apache-2.0
#pragma once

// What the driver and its workers say to each other: one line asks, one line answers.
//
//   load PATH       -> ok {JSON}      ready; the JSON tells facts of engine and model
//   fill I PATH     -> ok             the file's bytes become input I
//   outputs PREFIX  -> ok COUNT       one run; outputs lie in PREFIX.out0, PREFIX.out1, ...
//   run COUNT       -> ok WALL CPU    nanoseconds that COUNT runs took: of the clock on the wall,
//                                     and of the thread's processor time
//   quit
//
// The answer to what can't be done is `no` and a sentence. A worker is one engine with one model,
// and is silent but for its answers, so that the driver can time engines in turn. The program gives
// an Engine; Serve does the talking. peers/worker.py is the same for Python.

#include <time.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <exception>
#include <fstream>
#include <iostream>
#include <span>
#include <sstream>
#include <stdexcept>
#include <string>
#include <vector>

namespace pinhole::benchmarks {

// What was asked and can't be done, in a sentence.
struct Refused : std::runtime_error {
  using std::runtime_error::runtime_error;
};

struct Duration {
  std::int64_t wall_ns = 0;
  std::int64_t processor_ns = 0;
};

inline std::int64_t Now(clockid_t clock) {
  timespec time{};
  clock_gettime(clock, &time);
  return std::int64_t{time.tv_sec} * 1'000'000'000 + time.tv_nsec;
}

class Engine {
 public:
  virtual ~Engine() = default;
  // Returns facts as a JSON object. Throws std::exception where the model can't be run.
  virtual std::string Load(const std::string& path) = 0;
  // The memory that input i is to be written to: of the engine, or a copy that Refill uses.
  virtual std::span<std::byte> Input(std::size_t i) = 0;
  virtual std::vector<std::span<const std::byte>> Outputs() = 0;
  // Whatever has to be done before each run and is not the engine's work.
  virtual void Refill() {}
  virtual void Run() = 0;
  // True where Refill does something: runs are then timed one by one.
  [[nodiscard]] virtual bool refills() const { return false; }
};

inline Duration Time(Engine& engine, std::int64_t count) {
  Duration sum;
  const std::int64_t processor = Now(CLOCK_PROCESS_CPUTIME_ID);
  const std::int64_t begin = Now(CLOCK_MONOTONIC);
  if (!engine.refills()) {
    for (std::int64_t i = 0; i < count; ++i) {
      engine.Run();
    }
    sum.wall_ns = Now(CLOCK_MONOTONIC) - begin;
    sum.processor_ns = Now(CLOCK_PROCESS_CPUTIME_ID) - processor;
    return sum;
  }
  std::int64_t filling = 0;
  for (std::int64_t i = 0; i < count; ++i) {
    const std::int64_t before = Now(CLOCK_MONOTONIC);
    engine.Refill();
    const std::int64_t after = Now(CLOCK_MONOTONIC);
    filling += after - before;
    engine.Run();
  }
  sum.wall_ns = Now(CLOCK_MONOTONIC) - begin - filling;
  sum.processor_ns = Now(CLOCK_PROCESS_CPUTIME_ID) - processor - filling;
  return sum;
}

inline std::vector<std::byte> ReadAll(const std::string& path) {
  std::ifstream file(path, std::ios::binary | std::ios::ate);
  std::vector<std::byte> bytes(file ? static_cast<std::size_t>(file.tellg()) : 0);
  file.seekg(0);
  if (!file.read(reinterpret_cast<char*>(bytes.data()),
                 static_cast<std::streamsize>(bytes.size()))) {
    throw Refused(path + " can't be read");
  }
  return bytes;
}

inline void WriteAll(const std::string& path, std::span<const std::byte> bytes) {
  std::ofstream file(path, std::ios::binary);
  if (!file.write(reinterpret_cast<const char*>(bytes.data()),
                  static_cast<std::streamsize>(bytes.size()))) {
    throw Refused(path + " can't be written");
  }
}

inline void Fill(Engine& engine, std::size_t index, const std::string& path) {
  const std::vector<std::byte> bytes = ReadAll(path);
  const std::span<std::byte> input = engine.Input(index);
  if (bytes.size() != input.size()) {
    throw Refused(path + " has " + std::to_string(bytes.size()) + " bytes, the input wants " +
                  std::to_string(input.size()));
  }
  std::copy(bytes.begin(), bytes.end(), input.begin());
}

inline std::string Answer(Engine& engine, const std::string& line) {
  std::istringstream words(line);
  std::string request, path;
  words >> request;
  if (request == "load") {
    std::getline(words >> std::ws, path);
    return engine.Load(path);
  }
  if (request == "fill") {
    std::size_t index = 0;
    std::getline(words >> index >> std::ws, path);
    Fill(engine, index, path);
    return "";
  }
  if (request == "outputs") {
    std::getline(words >> std::ws, path);
    engine.Refill();
    engine.Run();
    const std::vector<std::span<const std::byte>> outputs = engine.Outputs();
    for (std::size_t i = 0; i < outputs.size(); ++i) {
      WriteAll(path + ".out" + std::to_string(i), outputs[i]);
    }
    return std::to_string(outputs.size());
  }
  std::int64_t count = 0;
  if (request == "run" && words >> count) {
    const Duration taken = Time(engine, count);
    return std::to_string(taken.wall_ns) + " " + std::to_string(taken.processor_ns);
  }
  throw Refused("unknown request '" + line + "'");
}

// Answers standard input until it ends or says quit; what `main` returns.
inline int Serve(Engine& engine) {
  for (std::string line; std::getline(std::cin, line) && line != "quit";) {
    try {
      const std::string answer = Answer(engine, line);
      std::cout << "ok " << answer << std::endl;
    } catch (const std::exception& error) {
      std::cout << "no " << error.what() << std::endl;
    }
  }
  return 0;
}

}  // namespace pinhole::benchmarks
