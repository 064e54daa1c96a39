// SPDX-License-Identifier: Apache-2.0
#pragma once

// What an inside that wants to talk would do: senders on every covert channel we know of, for
// audits to listen to. They run in the inside's place, behind its lock, see no camera and no
// picture, and send numbers that anybody can compute from the seed.
//
//   rss      resident memory, which /proc shows to all: pages touched, or (with the planted leak)
//   taken
//            and given back
//   cpu      processor time, which /proc shows to all: busy for a beat, or idle
//   timing   the moment at which a record is written: at once, or half a beat later
//   flood    how many records are written in a beat: one or eight
//   lsb      the lowest bits of the boxes' coordinates
//
// The beat comes from the audit: a word of shared memory that counts up, waited for as a new frame
// is.

#include <cstdint>
#include <string_view>

#include "base/diagnosis.h"
#include "base/result.h"
#include "inside/process/inside_process.h"

namespace pinhole::inside::process {

bool IsSender(std::string_view name);

// Locks the process and sends until the beat's word is kLastBeat. Does not come back but by an
// error before the lock.
base::Status Send(const InsideOptions& options, int facts_fd, base::Diagnosis& why);

}  // namespace pinhole::inside::process
