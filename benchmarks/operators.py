# SPDX-License-Identifier: Apache-2.0
"""./bench --profile MODEL: what each operator takes in our engine, and what share of the processor's peak it reaches."""

import json
import os
import subprocess
import sys

import engines
import machine
import report


def measure(path, isa, options, cpu):
    pin = None if cpu is None else (lambda: os.sched_setaffinity(0, {cpu}))
    environment = dict(os.environ, **({"PINHOLE_ISA": isa} if isa else {}))
    done = subprocess.run([engines.program("profile"), str(options.threads), path, str(min(options.seconds, 10))],
                          capture_output=True, text=True, check=False, preexec_fn=pin, env=environment)
    if done.returncode != 0:
        sys.exit(done.stderr.strip())
    return json.loads(done.stdout)


def table(found, peaks):
    rows = []
    whole = sum(op["median_ns"] for op in found["operators"]) or 1
    for place, op in enumerate(found["operators"]):
        rate = op["multiply_adds"] / op["median_ns"] if op["median_ns"] else 0.0  # 10^9 a second
        peak = max(peaks["int8_macs" if op["int8"] else "fp32_macs"].values(), default=0) / 1e9
        share = f"{rate / peak:.0%}" if peak and rate else ""
        rows.append([f"{place} {op['kind']}", "x".join(map(str, op["output"])), f"{op['multiply_adds'] / 1e3:,.0f}",
                     report.number(op["median_ns"] / 1e3), report.number(op["least_ns"] / 1e3),
                     f"{op['median_ns'] / whole:.1%}", f"{rate:.1f}" if rate else "", share])
    return report.table(["operator", "output", "k multiply-adds", "us", "least us", "of all", "10^9 a second", "of peak"],
                        rows)


def show(options, models, cpu, isas):
    """Prints a table for each model and instruction set; the exit status."""
    if not models:
        return 1
    peaks = machine.peaks(engines.program("peaks"), cpu)
    for name, path in models:
        for isa in isas or [""]:
            found = measure(path, isa, options, cpu)
            wrapped = sum(op["median_ns"] for op in found["operators"]) / 1e3
            print(f"{name}{', ' + isa if isa else ''}: {report.number(found['whole_ns'] / 1e3)} us whole, "
                  f"{report.number(wrapped)} us as the sum of its operators; medians of {found['runs']} runs, "
                  f"{found['version']}, {found['compiler']}\n")
            print(table(found, peaks) + "\n")
    return 0
