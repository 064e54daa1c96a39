# SPDX-License-Identifier: Apache-2.0
"""Instructions that shortened work takes, counted by valgrind: numbers that no other program on the machine moves.

Valgrind has no AVX-512, so that both sides are held to AVX2: ours by PINHOLE_ISA, whisper.cpp by a build of its own. An
instruction of AVX2 does half as much or less than one of AVX-512, and no instruction says how long it takes.
"""

import os
import re
import shutil
import subprocess

import engines
from report import table

WORK = {"encode": ("encode 2 s", 100), "tokens": ("decode a token, after 2 s of sound", 100)}
STEPS = {"encode": 1, "tokens": 64}
AVX2_WORKER = os.path.join(engines.BUILD, "avx2", "whisper_cpp_worker")


def count_of(command, environment, requests):
    """Instructions of a worker that answers these requests and ends."""
    done = subprocess.run(["valgrind", "--tool=none", "--log-fd=2", "true"], capture_output=True, check=False)
    if done.returncode != 0:
        return None
    done = subprocess.run(["valgrind", "--tool=callgrind", "--callgrind-out-file=/dev/null", *command],
                          input="\n".join([*requests, "quit", ""]), capture_output=True, text=True, check=False,
                          env=dict(os.environ, **environment))
    found = re.search(r"Collected : (\d+)", done.stderr)
    return int(found.group(1)) if found and " no " not in f" {done.stdout} " else None


def of_a_run(command, environment, path, sound, prefix):
    """Loading and one run are counted with and without a second one."""
    begin = [f"load {path}", f"fill 0 {sound}", f"outputs {prefix}"]
    once = count_of(command, environment, begin)
    twice = count_of(command, environment, [*begin, "run 1"])
    return twice - once if once and twice else None


def count(size, model_file, sound, options):
    """{"size", "works": {work: {who: instructions, or None where it could not be counted}}}."""
    works = {}
    for work, (_, positions) in WORK.items() if shutil.which("valgrind") else ():
        found = works[work] = {}
        prefix = os.path.join(engines.BUILD, "work", "counted")
        command = [engines.program("pinhole_speech_worker"), work, "1", str(positions)]
        found["ours"] = of_a_run(command, {"PINHOLE_ISA": "avx2"}, model_file(size, "f16"), sound, prefix)
        for kind in options.types if os.path.exists(AVX2_WORKER) else ():
            command = [AVX2_WORKER, work, "1", str(positions)]
            found[kind] = of_a_run(command, {}, model_file(size, kind), sound, prefix)
        found.update({who: value / STEPS[work] for who, value in found.items() if value})
    return {"size": size, "works": works}


def as_table(results):
    rows = []
    for result in results:
        for work, found in result["works"].items():
            own = found.get("ours")
            peers = {who: value for who, value in found.items() if who != "ours" and value}
            best = min(peers, key=peers.get, default="")
            rows.append([f"{result['size']}, {WORK[work][0]}", f"{own / 1e6:,.1f}" if own else "no",
                         "; ".join(f"{who} {value / 1e6:,.1f}" for who, value in peers.items()),
                         f"{peers[best] / own:.2f}" if best and own else ""])
    if not rows:
        return "Instructions were not counted: there is no valgrind (Debian's package `valgrind`)."
    return table(["work, AVX2 on both sides", "ours, 10^6 instructions", "whisper.cpp", "its least / ours"], rows)
