# SPDX-License-Identifier: Apache-2.0
"""Times of several engines on the same work, taken in turns, and what may be said of them.

A round is one burst of every engine, so that what changes slowly (the clock of the processor, its heat, its other
users) meets all of them alike; the ratio of two engines is taken inside each round and only then summed up. Each
round begins with another engine. Medians and quartiles throughout: one bad burst moves nothing.
"""

import statistics
from dataclasses import dataclass

BURST_NS = 10_000_000
MOST_RUNS = 100_000


@dataclass
class Spread:
    """Of a list of numbers: median, quartiles, least, and how many they are."""
    median: float
    low: float
    high: float
    least: float
    count: int


def spread(values):
    ordered = sorted(values)
    if len(ordered) == 1:
        return Spread(ordered[0], ordered[0], ordered[0], ordered[0], 1)
    low, middle, high = statistics.quantiles(ordered, n=4, method="inclusive")
    return Spread(middle, low, high, ordered[0], len(ordered))


def burst_length(nanoseconds, burst_ns=BURST_NS):
    """How many runs make a burst, of an engine that takes so long for one."""
    return int(min(max(burst_ns // max(nanoseconds, 1), 1), MOST_RUNS))


def round_count(wanted, round_ns, budget_ns):
    """Rounds that fit the time given, but at least three, or what is wanted where that is less."""
    return min(wanted, max(3, int(budget_ns // max(round_ns, 1))))


def order(names, turn):
    """The names, begun `turn` places later."""
    begin = turn % len(names) if names else 0
    return names[begin:] + names[:begin]


def ratios(theirs, ours):
    """How many times as long theirs took, round by round."""
    return [other / own for other, own in zip(theirs, ours, strict=True)]
