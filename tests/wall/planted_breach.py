#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Shows each lock of the house catching a breach that was planted for it.

usage: planted_breach.py SOURCE_DIR COMPILER

Builds the small house in tests/wall/planted with cmake/Room.cmake as it stands: once as it should be, which every lock
must let pass, and once for each breach, which exactly the named lock must catch with the named words.
"""

import os
import subprocess
import sys
import tempfile

# plant: (the lock that must catch it, words it must say)
BREACHES = {
    "none": (None, "0 breaches"),
    "arrow_up": ("cmake", "arrows go down only"),
    "arrow_across": ("cmake", "wall: outside room outside/pin may not include inside room inside/capture"),
    "relative_include": ("check", "of outside room outside/pin was compiled from src/inside/capture/frame.h"),
    "absolute_include": ("check", "of outside room outside/pin was compiled from src/inside/capture/frame.h"),
    "undeclared_room": ("check", "of room facts was compiled from src/signal/signal.h of room signal"),
    "forward_declaration": ("check", "libpinhole_outside_pin.a of outside room outside/pin refers to "
                                     "pinhole::inside::capture::Peek()"),
    "test_of_outside": ("check", "wall: "),
}


def run(command):
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)
    return done.returncode, " ".join(done.stdout.split())


def try_breach(plant, source, compiler, build):
    """Returns (the lock that caught it or None, what it said)."""
    here = os.path.join(source, "tests", "wall")
    code, said = run(["cmake", "-G", "Ninja", "-S", os.path.join(here, "planted"), "-B", build,
                      f"-DCMAKE_CXX_COMPILER={compiler}", f"-DROOM_CMAKE={source}/cmake/Room.cmake",
                      f"-DPLANT={plant}"])
    if code != 0:
        return "cmake", said
    code, said = run(["cmake", "--build", build])
    if code != 0:
        return "compiler", said
    code, said = run([sys.executable, os.path.join(here, "check_rooms.py"), build, os.path.join(here, "planted")])
    return ("check" if code != 0 else None), said


def main():
    source, compiler = sys.argv[1:3]
    wrong = 0
    for plant, (lock, words) in BREACHES.items():
        with tempfile.TemporaryDirectory() as build:
            caught_by, said = try_breach(plant, source, compiler, build)
        fine = caught_by == lock and words in said
        wrong += not fine
        print(f"{'ok  ' if fine else 'FAIL'} {plant}: caught by {caught_by}, expected {lock}"
              + ("" if fine else f": {said[-2000:]}"))
    print(f"{len(BREACHES) - wrong} of {len(BREACHES)} plants judged rightly")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
