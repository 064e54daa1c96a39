// SPDX-License-Identifier: Apache-2.0
#pragma once

// Work split among the threads that the host lends (engine/kernels/kernel.h: Workers).
//
//   team.ForPieces(40, [&](int thread, int piece) { ... });    // one piece of work
//   team.Together([&](const Team& crew) {                      // many short ones, one after
//   another
//     crew.ForPieces(8, ...);
//     crew.ForPieces(6, ...);
//   });
//
// Waking a thread that sleeps takes as long as some of a token's products. Inside Together the
// others are woken once and look for pieces until the end, on their processors all the while.

#include <atomic>
#include <cstdint>

#if defined(__x86_64__)
#include <immintrin.h>
#endif

#include "engine/kernels/kernel.h"

namespace pinhole::speech {

// Threads that look for work. One of them, the leader, gives out jobs; whoever is there takes
// pieces, and a thread that is late, or never comes, takes none: nobody waits for it.
class Crew {
 public:
  // The leader's: body(thread, piece) for every piece; returns when all are done.
  void Lead(int pieces, void (*run)(const void* body, int thread, int piece), const void* body) {
    const auto count = static_cast<std::uint32_t>(pieces);
    run_.store(run, std::memory_order_relaxed);
    body_.store(body, std::memory_order_relaxed);
    done_.store(0, std::memory_order_relaxed);
    pieces_.store(count, std::memory_order_release);
    const std::uint64_t job = (next_.load(std::memory_order_relaxed) >> 32) + 1;
    next_.store(job << 32, std::memory_order_release);
    Take(job, 0);
    while (done_.load(std::memory_order_acquire) < count) {
      Pause();
    }
    next_.store(job << 32 | kNoPiece, std::memory_order_release);
  }
  // The leader's: nothing comes any more.
  void End() { next_.store(kEnded << 32, std::memory_order_release); }

  // Another thread's: takes pieces until the end. Returns early where no job comes for long.
  void Follow(int thread) {
    std::uint64_t seen = 0;
    for (int idle = 0; idle < kPatience; ++idle) {
      const std::uint64_t job = next_.load(std::memory_order_acquire) >> 32;
      if (job == kEnded) {
        return;
      }
      if (job != seen) {
        seen = job;
        idle = 0;
        Take(job, thread);
      }
      Pause();
    }
  }

 private:
  static constexpr std::uint64_t kEnded = 0xFFFFFFFF;
  static constexpr std::uint64_t kNoPiece = 0xFFFFFFFF;
  static constexpr int kPatience = 1 << 16;  // a millisecond or some

  // The job's number and its next piece are one number, so that a piece is taken of this job or not
  // at all: who comes when it is done finds no piece, before the leader writes what the next one
  // is. As long as it is not done, the leader leaves what says what to do as it is.
  void Take(std::uint64_t job, int thread) {
    std::uint64_t next = next_.load(std::memory_order_acquire);
    for (;;) {
      const auto piece = static_cast<std::uint32_t>(next);
      if (next >> 32 != job || piece >= pieces_.load(std::memory_order_acquire)) {
        return;
      }
      if (next_.compare_exchange_weak(next, next + 1, std::memory_order_acq_rel)) {
        run_.load(std::memory_order_relaxed)(body_.load(std::memory_order_relaxed), thread,
                                             static_cast<int>(piece));
        done_.fetch_add(1, std::memory_order_release);
        ++next;
      }
    }
  }

  static void Pause() {
#if defined(__x86_64__)
    _mm_pause();
#elif defined(__aarch64__)
    asm volatile("yield");
#endif
  }

  alignas(64) std::atomic<std::uint64_t> next_ = 0;  // job << 32 | piece
  alignas(64) std::atomic<std::uint32_t> done_ = 0;
  // Atomic since a thread that comes late may read them while they are written; what it reads then
  // is not used.
  alignas(64) std::atomic<std::uint32_t> pieces_ = 0;
  std::atomic<void (*)(const void*, int, int)> run_ = nullptr;
  std::atomic<const void*> body_ = nullptr;
};

struct Team {
  const engine::kernels::Workers* workers = nullptr;  // null: the caller alone
  int threads = 1;                                    // as many as the workers have
  Crew* crew = nullptr;                               // inside Together

  // body(thread, piece) for every piece of [0, pieces); `thread` is below `threads` and no two
  // pieces run at once with the same one. Who is late takes fewer pieces, so that a thread which
  // the system holds up does not hold up the others.
  template <typename Body>
  void ForPieces(int pieces, const Body& body) const {
    if (workers == nullptr || threads <= 1 || pieces <= 1) {
      for (int piece = 0; piece < pieces; ++piece) {
        body(0, piece);
      }
      return;
    }
    if (crew != nullptr) {
      crew->Lead(
          pieces,
          [](const void* self, int thread, int piece) {
            (*static_cast<const Body*>(self))(thread, piece);
          },
          &body);
      return;
    }
    Job<Body> job{body, pieces};
    workers->for_ranges(workers->self, threads, &Job<Body>::Run, &job);
  }

  // body(team) on the caller's thread, with a team whose ForPieces is quick. What the threads wait
  // between two pieces is lost to others.
  template <typename Body>
  void Together(const Body& body) const {
    if (workers == nullptr || threads <= 1 || crew != nullptr) {
      body(*this);
      return;
    }
    Crew made;
    const Team inside = {workers, threads, &made};
    Shift<Body> shift{body, inside};
    workers->for_ranges(workers->self, threads, &Shift<Body>::Run, &shift);
  }

 private:
  template <typename Body>
  struct Job {
    const Body& body;
    int pieces;
    std::atomic<int> next = 0;

    static void Run(void* self, int begin, int /*end*/) {
      Job& job = *static_cast<Job*>(self);
      for (int piece = job.next++; piece < job.pieces; piece = job.next++) {
        job.body(begin, piece);
      }
    }
  };

  template <typename Body>
  struct Shift {
    const Body& body;
    const Team& inside;

    static void Run(void* self, int begin, int /*end*/) {
      const Shift& shift = *static_cast<const Shift*>(self);
      if (begin > 0) {
        shift.inside.crew->Follow(begin);
        return;
      }
      shift.body(shift.inside);
      shift.inside.crew->End();
    }
  };
};

}  // namespace pinhole::speech
