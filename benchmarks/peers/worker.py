# SPDX-License-Identifier: Apache-2.0
"""The worker's half of the protocol, for peers that are reached through Python (worker_protocol.h has the words).

A peer is a class with load(path) -> facts, fill(index, bytes), run() and outputs() -> [bytes]; `serve` does the talking.
Unsupported, raised in load, becomes the answer `no`: the peer can't do this model, which is a result and no failure.
"""

import json
import sys
import time


class Unsupported(Exception):
    """The peer can't do what it was asked; the message is one sentence for the table."""


def timed(run, count):
    """(wall, processor) nanoseconds of `count` calls."""
    wall, processor = time.perf_counter_ns(), time.process_time_ns()
    for _ in range(count):
        run()
    processor = time.process_time_ns() - processor
    return time.perf_counter_ns() - wall, processor


def answer(peer, words):
    if words[0] == "load":
        return json.dumps(peer.load(words[1]))
    if words[0] == "fill":
        with open(words[2], "rb") as file:
            peer.fill(int(words[1]), file.read())
        return ""
    if words[0] == "outputs":
        peer.run()
        found = peer.outputs()
        for index, data in enumerate(found):
            with open(f"{words[1]}.out{index}", "wb") as file:
                file.write(data)
        return str(len(found))
    if words[0] == "run":
        return "%d %d" % timed(peer.run, int(words[1]))
    raise Unsupported(f"unknown request '{words[0]}'")


def serve(peer):
    for line in sys.stdin:
        words = line.rstrip("\n").split(" ", 2)
        if words[0] == "quit":
            return
        try:
            print("ok", answer(peer, words), flush=True)
        except Exception as error:  # whatever a peer's library throws is its answer
            print("no", " ".join(str(error).split())[:300] or type(error).__name__, flush=True)
