# SPDX-License-Identifier: Apache-2.0
"""Non-max suppression on boxes made here: the same boxes, the same thresholds, and what is kept compared."""

import array
import os
import random
import struct
from contextlib import ExitStack
from dataclasses import dataclass

import engines
from measurement import Measurement, summarise

OVERLAP = 0.3
SHORT = 10_000  # boxes that an implementation which compares every pair does in a second or so


@dataclass
class Case:
    name: str
    count: int
    objects: int  # places that the boxes lie around; 0: each anywhere
    side: float
    min_score: float = 0.0


CASES = [Case("2304 boxes, ten objects, scores from 0.6", 2304, 10, 0.1, 0.6),
         Case("2304 boxes, ten objects", 2304, 10, 0.1),
         Case("2304 boxes, few overlaps", 2304, 0, 0.01),
         Case("{} boxes, a thousand objects", 100_000, 1000, 0.02),
         Case("{} boxes, hardly an overlap", 100_000, 0, 0.0005)]


def cases(options):
    """Those of a thousand objects and of no overlap shrink where nobody asked to wait for them; the name says how many."""
    made = []
    for case in CASES[:3] if options.quick else CASES:
        count = case.count
        if case.objects == 0 and count > SHORT and not options.long:
            count = SHORT
        made.append(Case(case.name.format(f"{count:,}"), count, case.objects, case.side, case.min_score))
    return made


def boxes(case):
    """float32 rows: left, top, right, bottom, score; in front of them the two thresholds."""
    generator = random.Random(2)

    def square():
        x, y, side = generator.random(), generator.random(), case.side * (0.5 + generator.random())
        return x, y, side

    places = [square() for _ in range(case.objects)]
    rows = array.array("f", [OVERLAP, case.min_score])
    for i in range(case.count):
        x, y, side = places[i % len(places)] if places else square()
        if places:
            x, y = x + side * generator.gauss(0, 0.1), y + side * generator.gauss(0, 0.1)
        rows.extend((x, y, x + side, y + side, generator.random()))
    return rows.tobytes()


def measure(case, taking_part, options, cpu, log):
    work = os.path.join(engines.BUILD, "work")
    os.makedirs(work, exist_ok=True)
    path = os.path.join(work, f"boxes{case.count}-{case.objects}-{case.min_score}")
    with open(path, "wb") as file:
        file.write(boxes(case))
    measurement = Measurement(case.name, options, cpu, log)
    entries = measurement.result["engines"]
    with ExitStack() as stack:
        running = {engine.name: worker for engine in taking_part
                   if (worker := measurement.start(engine, stack, path, [], path))}
        kept = {name: kept_boxes(entries[name]["outputs"][0]) for name in running}
        own = next((kept[name] for name in running if entries[name]["ours"]), None)
        for name in running:
            entries[name]["kept"] = len(kept[name])
            entries[name]["kept_otherwise"] = len(kept[name] ^ own) if own is not None else None
        if running:
            measurement.take_turns(running)
    summarise(measurement.result, options)
    return measurement.result


def kept_boxes(data):
    return set(struct.unpack(f"<{len(data) // 4}I", data))
