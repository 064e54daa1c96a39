# SPDX-License-Identifier: Apache-2.0
"""What is measured on: processor, system, load; and what that processor can do at most."""

import datetime
import json
import os
import platform
import re
import subprocess

INTERESTING = re.compile(r"^(sse4_2|avx2?|fma|f16c|avx512\w*|avx_\w+|amx_\w+|asimd\w*|sve2?|i8mm|bf16)$")


def processor():
    name, flags = platform.processor() or platform.machine(), []
    try:
        with open("/proc/cpuinfo", encoding="utf-8") as file:
            text = file.read()
    except OSError:
        return name, flags
    if match := re.search(r"^model name\s*:\s*(.+)$", text, re.MULTILINE):
        name = match.group(1)
    if match := re.search(r"^(?:flags|Features)\s*:\s*(.+)$", text, re.MULTILINE):
        flags = [flag for flag in match.group(1).split() if INTERESTING.match(flag)]
    return name, flags


def revision(root):
    done = subprocess.run(["git", "-C", root, "describe", "--always", "--dirty"], capture_output=True, text=True,
                          check=False)
    return done.stdout.strip() or "unknown"


def facts(root, cpu):
    name, flags = processor()
    return {"processor": name, "flags": flags, "processors": os.cpu_count(), "pinned_to": cpu,
            "system": platform.platform(), "date": datetime.datetime.now(datetime.timezone.utc).isoformat("T", "seconds"),
            "load_at_begin": os.getloadavg(), "revision": revision(root), "python": platform.python_version()}


def peaks(program, cpu):
    """What peaks.cc found: {"fp32_macs": {set: a second}, "int8_macs": ..., "load_bytes": {block: a second}}."""
    pin = None if cpu is None else (lambda: os.sched_setaffinity(0, {cpu}))
    done = subprocess.run([program], capture_output=True, text=True, check=True, preexec_fn=pin)
    return json.loads(done.stdout)


def better(one, other):
    """Of two measurements of peaks the higher, number by number."""
    return {kind: {name: max(rate, other[kind][name]) for name, rate in rates.items()} for kind, rates in one.items()}


# Operators that need not move a byte.
VIEWS = {"RESHAPE", "EXPAND_DIMS", "SQUEEZE", "VAR_HANDLE", "READ_VARIABLE", "CALL_ONCE"}


def roofline_seconds(facts_of_model, peak):
    """Each operator needs the time of its multiply-adds at the peak of its type, or of its bytes (inputs, weights, outputs)
    at the rate of the level of cache that holds the model, whichever is more. Who fuses operators can be faster where
    bytes are what is waited for. None where a peak is not known."""
    integer = max(peak["int8_macs"].values(), default=0)
    real = max(peak["fp32_macs"].values(), default=0)
    if not integer or not real:
        return None
    footprint = facts_of_model["activation_bytes"] + facts_of_model["weight_bytes"]
    blocks = sorted((int(name.split("_")[0]) * 1024, rate) for name, rate in peak["load_bytes"].items())
    load = next((rate for size, rate in blocks if footprint <= 2 * size), blocks[-1][1])
    return sum(max(macs / (integer if is_int8 else real), moved / load)
               for name, macs, moved, is_int8 in facts_of_model["operators"] if name not in VIEWS)
