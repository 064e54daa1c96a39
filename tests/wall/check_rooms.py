#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Holds what was really compiled and linked against what the rooms declare.

usage: check_rooms.py BUILD_DIR SOURCE_DIR

Reads BUILD_DIR/rooms.txt (written by cmake/Room.cmake), then
  1. the compiler's own dependency records (`ninja -t deps`): an object of room A that was compiled from a file of room
     B needs B in A's MAY_INCLUDE, whatever the spelling of the #include;
  2. the same records for the wall: no object of an outside or audit room was compiled from a path with /inside/ in it;
  3. `nm` over the libraries of outside and audit rooms: none refers to a symbol of the `inside` namespace.
Prints one line a breach and exits 1; prints what was checked and exits 0.
"""

import os
import re
import subprocess
import sys
from dataclasses import dataclass


@dataclass
class Room:
    name: str
    folder: str
    floor: int
    side: str
    may: set
    test_may: set
    target: str


def read_rooms(build):
    rooms = []
    with open(os.path.join(build, "rooms.txt"), encoding="utf-8") as lines:
        for line in lines:
            if not line.strip():
                continue
            name, folder, floor, side, may, test_may, target = line.rstrip("\n").split("|")
            rooms.append(Room(name, folder, int(floor), side, set(filter(None, may.split(","))),
                              set(filter(None, test_may.split(","))), target))
    return rooms


def room_of(path, rooms):
    """The room whose folder is the longest prefix of `path`, both relative to the source tree."""
    best = None
    for room in rooms:
        if path.startswith(room.folder + "/") and (best is None or len(room.folder) > len(best.folder)):
            best = room
    return best


def dependencies(build):
    """Yields (object, [absolute real paths it was compiled from])."""
    text = subprocess.run(["ninja", "-C", build, "-t", "deps"], check=True, capture_output=True, text=True).stdout
    current, files = None, []
    for line in text.splitlines():
        if line and not line[0].isspace():
            if current:
                yield current, files
            current, files = line.split(":")[0], []
        elif line.strip():
            files.append(os.path.realpath(os.path.join(build, line.strip())))
    if current:
        yield current, files


def check_dependencies(build, source, rooms):
    breaches, objects = [], 0
    by_target = {room.target: room for room in rooms}
    for obj, files in dependencies(build):
        match = re.search(r"CMakeFiles/([^/]+)\.dir/", obj)
        target = match.group(1) if match else ""
        is_test = target not in by_target
        room = by_target.get(target) or by_target.get(re.sub(r"_(test|bench)$", "", target))
        if room is None:
            room = room_of(obj, rooms)  # programs and fuzz targets: by the folder they are built in
        if room is None or not os.path.exists(os.path.join(build, obj)):
            continue
        objects += 1
        for file in files:
            relative = os.path.relpath(file, os.path.realpath(source))
            if relative.startswith(".."):
                continue
            if is_wall_side(room) and "/inside/" in "/" + relative:
                breaches.append(f"wall: {obj} of {room.side} room {room.name} was compiled from {relative}")
            other = room_of(relative, rooms)
            if other is None or other.name == room.name:
                continue
            allowed = room.may | (room.test_may if is_test else set())
            if other.name not in allowed:
                breaches.append(f"house: {obj} of room {room.name} was compiled from {relative} of room {other.name}, "
                                f"which it may not include")
    return breaches, objects


def is_wall_side(room):
    return room.side == "outside" or room.name == "audit"


def check_symbols(build, rooms):
    breaches, libraries = [], 0
    for room in filter(is_wall_side, rooms):
        library = os.path.join(build, room.folder, f"lib{room.target}.a")
        if not os.path.exists(library):
            continue
        libraries += 1
        names = subprocess.run(["nm", "-C", "--undefined-only", library], check=True, capture_output=True,
                               text=True).stdout
        for line in names.splitlines():
            if re.search(r"\bpinhole::inside::", line):
                breaches.append(f"wall: lib{room.target}.a of {room.side} room {room.name} refers to "
                                f"{line.strip().removeprefix('U').strip()}")
    return breaches, libraries


def main():
    build, source = sys.argv[1:3]
    rooms = read_rooms(build)
    breaches, objects = check_dependencies(build, source, rooms)
    more, libraries = check_symbols(build, rooms)
    breaches = sorted(set(breaches + more))
    for breach in breaches:
        print(breach)
    print(f"{len(rooms)} rooms, {objects} objects and {libraries} libraries outside the wall checked, "
          f"{len(breaches)} breaches")
    if objects == 0:
        print("nothing was compiled yet: build first")
        return 1
    return 1 if breaches else 0


if __name__ == "__main__":
    sys.exit(main())
