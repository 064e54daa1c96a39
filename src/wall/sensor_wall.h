// SPDX-License-Identifier: Apache-2.0
#pragma once

// The lock around the process that sees raw data. What it may still do afterwards is one short
// list: take the next frame, write one record of a fixed size to one pipe, end.
//
//   open the camera, read the model                  as any program
//   Standing standing = Separate({});                namespaces, Landlock, no clock; one thread so
//   far start threads, make buffers Seal(doorway, standing, why);                    memory faulted
//   in, then seccomp: for ever for (;;) { look; write(facts_fd, record, size); }
//
// After Seal the process lives by this table and is killed by the kernel at anything else:
//
//   write(facts_fd, any, record_bytes)         one whole record
//   ioctl(device_fd, one of device_requests)   a camera's queue and dequeue; only where it owns one
//   futex(any, WAIT, any, no time-out)         a new frame in shared memory; only where one is used
//   futex(any, WAIT|WAKE private)              its own threads; only where it has some
//   exit_group(any)
//
// So there is no call for a clock, for memory, for files, sockets, processes or signals, and none
// to close or duplicate what is open. What is no call is closed before: the time-stamp counter
// traps, the page with the kernel's clock is unmapped, every page is there already (so that
// resident memory, which all can see in /proc, never changes), and the stack can't grow. Where a
// processor lets every program read its counter (ARM), `Standing::clock` says so.
//
// There is no option to leave a layer out of a sensor. `Layers` is for the audit, which has nothing
// to hide and wants to see what each layer stops by itself.

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "base/diagnosis.h"
#include "base/result.h"

namespace pinhole::wall {

struct Layers {
  bool namespaces = true, landlock = true, seccomp = true;
};

// What the process is separated by; the rest of it is said at start-up.
struct Standing {
  bool namespaces = false;  // no network, no other processes' IPC, no mounts to change
  int landlock_abi = 0;     // 0: no file is out of reach but by its owner's rights
  bool seccomp = false;     // without it nothing runs
  bool clock = true;        // a counter that tells the time can be read
  std::string missing;      // what could not be had and why, for a person; empty: nothing

  int maps_fd = -1;  // from Separate to Seal
};

enum class Grade : char {
  kA = 'A',  // owns its camera, all layers
  kB = 'B',  // gets frames from a source process, all layers
  kC = 'C',  // a layer other than seccomp is missing
};

// What stays possible.
struct Doorway {
  int facts_fd = -1;
  std::size_t record_bytes = 0;
  int device_fd = -1;  // below 0: none
  std::vector<unsigned long> device_requests;
  bool shared_frames = false;
  bool threads = false;  // more than the one that calls Seal
};

Grade GradeOf(const Standing& standing, bool owns_camera);

// Namespaces, Landlock (nothing at all is allowed: what is open stays open), no new privileges or
// capabilities, no core dumps, no time-stamp counter. Call it with one thread, after everything
// that needs a name has been opened. What the kernel does not give is in Standing::missing.
Standing Separate(const Layers& layers);

// Closes all descriptors but the doorway's, makes every page of memory present, unmaps the kernel's
// clock page, and installs the filter for all threads. From here on the caller allocates nothing.
// With layers.seccomp false (the audit) all but the filter is done. Error: kUnsupported (no
// seccomp, or a processor whose calls are not known): the caller must end.
base::Status Seal(const Doorway& doorway, const Layers& layers, Standing& standing,
                  base::Diagnosis& why);

// For the audit's planted leak: as Seal, but memory calls stay possible, as before the wall closed
// that channel.
base::Status SealWithMemoryCalls(const Doorway& doorway, Standing& standing, base::Diagnosis& why);

}  // namespace pinhole::wall
