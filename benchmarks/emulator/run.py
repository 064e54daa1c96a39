#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Our RP2040 emulator beside npm's rp2040js, on the same programs in the same run; ./bench emulator builds what this needs.

Writes build/bench/emulator.json and a table in Markdown on standard output. Each program is one ELF file that both run to its
end, in a process of its own, in turns; a round in which the two did not execute the same number of instructions fails. A
speed is instructions by processor time, the median over the rounds; a ratio is the median of the rounds' ratios. What it
does not measure: devices, two cores, sleeping, and in a browser.
"""
import argparse
import json
import os
import pathlib
import re
import shutil
import statistics
import subprocess
import sys

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))

# pylint: disable=wrong-import-position
import machine

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parent.parent
BUILD = ROOT / "build" / "bench"
PEER = BUILD / "npm-emulator"
WORKS = {"crc": (0, 200), "sort": (1, 400), "dot": (2, 500), "copy": (3, 1500)}  # value of WORK, rounds in the program
FLAGS = ["-mcpu=cortex-m0plus", "-mthumb", "-O2", "-nostdlib", "-ffreestanding", "-fno-tree-loop-distribute-patterns",
         "-fno-common", "-ffunction-sections", "-Wall", "-Werror"]


def arguments():
    parser = argparse.ArgumentParser(prog="./bench emulator", description="Times our RP2040 emulator beside npm's rp2040js.")
    parser.add_argument("--get-peers", action="store_true", help="get rp2040js from npm")
    parser.add_argument("--rounds", type=int, default=9, help="rounds of each program (9)")
    parser.add_argument("--works", metavar="A,B", default=",".join(WORKS), help=f"of {', '.join(WORKS)} (all)")
    parser.add_argument("--quick", action="store_true", help="three rounds")
    parser.add_argument("--cpu", type=int, default=os.cpu_count() - 1, help="the processor to stay on (the last)")
    parser.add_argument("--output", metavar="FILE", default=str(BUILD / "emulator.json"),
                        help="where the JSON goes (build/bench/emulator.json)")
    found = parser.parse_args()
    found.works = found.works.split(",")
    for work in found.works:
        if work not in WORKS:
            parser.error(f"--works: {work} found, some of {', '.join(WORKS)} expected")
    found.rounds = 3 if found.quick else found.rounds
    return found


def build(work):
    number, rounds = WORKS[work]
    program = BUILD / f"emulator-{work}.elf"
    command = ["arm-none-eabi-gcc", *FLAGS, f"-DWORK={number}", f"-DROUNDS={rounds}", "-T", HERE / "work.ld", "-o", program,
               HERE / "work.c", "-lgcc"]
    done = subprocess.run([str(word) for word in command], capture_output=True, text=True, check=False)
    if done.returncode != 0:
        sys.exit(f"./bench emulator: {work} could not be built:\n{done.stderr}")
    return program


def pinned(command, cpu):
    return subprocess.run([str(word) for word in command], capture_output=True, text=True, check=False,
                          preexec_fn=lambda: os.sched_setaffinity(0, {cpu}))


def ours(program, cpu):
    done = pinned([BUILD / "src" / "emulator" / "emulator_run", program, 10**11], cpu)
    found = re.search(r"(\d+) instructions, ([\d.]+) s", done.stderr)
    if done.returncode != 0 or not found:
        sys.exit(f"./bench emulator: ours failed on {program.name}: {done.stderr}")
    return {"instructions": int(found.group(1)), "seconds": float(found.group(2))}


def peer(program, cpu):
    done = pinned(["node", HERE / "rp2040js_worker.cjs", PEER, program], cpu)
    if done.returncode != 0:
        sys.exit(f"./bench emulator: rp2040js failed on {program.name}: {done.stderr}")
    return json.loads(done.stdout)


def measure(work, options, engines):
    program = build(work)
    rounds = []
    for turn in range(options.rounds):
        order = list(engines) if turn % 2 == 0 else list(reversed(engines))
        rounds.append({name: engines[name](program, options.cpu) for name in order})
        counts = {found["instructions"] for found in rounds[-1].values()}
        if len(counts) != 1:
            sys.exit(f"./bench emulator: {work}: {sorted(counts)} instructions found, one number expected")
        print(f"{work}: round {turn + 1} of {options.rounds}", file=sys.stderr, flush=True)
    speeds = {name: [one[name]["instructions"] / one[name]["seconds"] / 1e6 for one in rounds] for name in engines}
    result = {"instructions": rounds[0]["pinhole"]["instructions"],
              "mips": {name: {"median": statistics.median(values), "all": values} for name, values in speeds.items()}}
    if "rp2040js" in engines:
        result["ratio"] = statistics.median(a / b for a, b in zip(speeds["pinhole"], speeds["rp2040js"]))
        result["rp2040js_version"] = rounds[0]["rp2040js"]["version"]
    return result


def main():
    options = arguments()
    if shutil.which("arm-none-eabi-gcc") is None:
        sys.exit("./bench emulator: no arm-none-eabi-gcc found; install Debian's gcc-arm-none-eabi")
    engines = {"pinhole": ours}
    if (PEER / "node_modules" / "rp2040js").exists() and shutil.which("node"):
        engines["rp2040js"] = peer
    else:
        print("./bench emulator: no rp2040js or no node; --get-peers gets the first", file=sys.stderr)
    results = {"machine": machine.facts(str(ROOT), options.cpu),
               "works": {work: measure(work, options, engines) for work in options.works}}
    pathlib.Path(options.output).write_text(json.dumps(results, indent=1) + "\n", encoding="utf-8")
    names = list(engines)
    heads = [f"{name}, MIPS" for name in names] + (["ratio"] if len(names) > 1 else [])
    print(f"| program | million instructions | {' | '.join(heads)} |")
    print(f"|---|---|{'---|' * len(heads)}")
    for work, result in results["works"].items():
        cells = [f"{result['mips'][name]['median']:.0f}" for name in names]
        cells += [f"{result['ratio']:.1f}"] if len(names) > 1 else []
        print(f"| {work} | {result['instructions'] / 1e6:.1f} | {' | '.join(cells)} |")


if __name__ == "__main__":
    main()
