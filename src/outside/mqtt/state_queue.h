// SPDX-License-Identifier: Apache-2.0
#pragma once

// States on their way to a broker: in order, bounded, and kept until they are acknowledged.
//
//   Push ─► waiting ─► NextToSend, Sent ─► on their way ─► Acknowledged ─► gone
//              ▲                               │
//              └──────── ConnectionLost ───────┘
//
// The law of it: whatever the connection does, each state that was pushed and not counted as
// dropped is sent again until it is acknowledged, and first sendings are in the order of pushing.
// Of waiting states there are at most `most`; a further one drops the oldest of them. On their way
// are at most kWindow. Not for several threads at once.

#include <cstddef>
#include <cstdint>
#include <deque>
#include <string>

namespace pinhole::outside::mqtt {

class StateQueue {
 public:
  // What brokers take without complaint: mosquitto's own limit for a client.
  static constexpr std::size_t kWindow = 20;

  // `most` is at least 1, so that the newest state is never lost.
  explicit StateQueue(std::size_t most) : most_(most) {}

  void Push(std::string state);
  // The oldest waiting state, valid until the next call of anything else; null where none waits, or
  // enough are on their way.
  [[nodiscard]] const std::string* NextToSend() const;
  // What NextToSend gave went out as message `id`.
  void Sent(int id);
  // False where no state on its way has this id.
  bool Acknowledged(int id);
  // What was on its way waits again.
  void ConnectionLost();

  [[nodiscard]] bool empty() const { return states_.empty(); }
  [[nodiscard]] std::size_t size() const { return states_.size(); }
  [[nodiscard]] std::size_t on_their_way() const { return sent_; }
  // Since it was last asked.
  std::uint64_t TakeDropped();

 private:
  struct State {
    std::string text;
    int id = 0;
  };

  void DropOverflow();

  std::size_t most_;
  std::deque<State> states_;  // the first `sent_` are on their way
  std::size_t sent_ = 0;
  std::uint64_t dropped_ = 0;
};

}  // namespace pinhole::outside::mqtt
