#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Holds the architecture page against the rooms as they are declared.

usage: check_page.py BUILD_DIR PAGE

Every declared room stands in the page's table with its floor; every room of the table that the page marks as built is
declared. A new room therefore needs a line there (and, by the house rules, a page in docs/decisions/).
"""

import re
import sys

sys.dont_write_bytecode = True
from check_rooms import read_rooms  # noqa: E402


def rooms_of_page(page):
    """{room: floor} of the table rows `| `name/` | floor | ...`."""
    found = {}
    with open(page, encoding="utf-8") as lines:
        for line in lines:
            match = re.match(r"\| `([\w/]+?)/?` \| (\d+) \|", line)
            if match:
                found[match.group(1)] = int(match.group(2))
    return found


def main():
    build, page = sys.argv[1:3]
    declared = {room.name: room.floor for room in read_rooms(build)}
    written = rooms_of_page(page)
    problems = []
    for name, floor in declared.items():
        on_page = written.get(name, written.get(name.split("/")[0]))
        if on_page is None:
            problems.append(f"room {name} (floor {floor}) is not in the table of {page}")
        elif on_page != floor:
            problems.append(f"room {name}: floor {floor} declared, {on_page} in {page}")
    for problem in problems:
        print(problem)
    print(f"{len(declared)} rooms held against {len(written)} rows, {len(problems)} problems")
    return 1 if problems or not declared or not written else 0


if __name__ == "__main__":
    sys.exit(main())
