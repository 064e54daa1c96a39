// SPDX-License-Identifier: Apache-2.0
// Operators that only move bytes (PAD, CONCATENATION, STRIDED_SLICE, TRANSPOSE and others), as the
// emitter has worked them out.
#include <cstring>

#include "pinhole_nn_math.h"

namespace pinhole_nn {

namespace {

void MoveRun(const Move& move, std::int8_t* out, const std::int8_t* in) {
  if (move.fill >= 0) {
    std::memset(out, move.fill, static_cast<std::size_t>(move.bytes));
  } else if (move.bytes == 1) {
    *out = *in;
  } else {
    std::memmove(out, in, static_cast<std::size_t>(move.bytes));
  }
}

}  // namespace

void MoveBytes(const Move* moves, int count) {
  for (const Move* move = moves; move != moves + count; ++move) {
    for (int i = 0; i < move->count[0]; ++i) {
      for (int j = 0; j < move->count[1]; ++j) {
        std::int8_t* out = move->out + i * move->out_step[0] + j * move->out_step[1];
        const std::int8_t* in = move->in + i * move->in_step[0] + j * move->in_step[1];
        for (int k = 0; k < move->count[2]; ++k) {
          MoveRun(*move, out, in);
          out += move->out_step[2];
          in += move->in_step[2];
        }
      }
    }
  }
}

}  // namespace pinhole_nn
