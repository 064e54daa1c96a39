#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Our Whisper beside whisper.cpp, on the same work in the same run; ./bench speech builds what this needs and calls it.

Writes build/bench/speech.json and tables in Markdown on standard output; progress goes to standard error.
docs/how-to/measure-speed.md says how to read both.
"""

import argparse
import array
import json
import math
import os
import random
import subprocess
import sys
from contextlib import ExitStack

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))

# pylint: disable=wrong-import-position
import engines
import instructions
import machine
import paired
from measurement import Measurement, summarise
from report import number, ratio, table
from workers import Refused, Worker

WORK = os.path.join(engines.BUILD, "work")
WHISPER_CPP = os.path.join(engines.BUILD, "whisper.cpp")
RATE = 16000
WHOLE, CLIP = 1500, 600  # positions: 30 s, and 11 s of sound with a second of silence
WORKS = {"encode": "encode 30 s", "tokens": "decode a token", "clip": "an 11 s clip, 32 tokens"}
STEPS = {"encode": 1, "tokens": 64, "clip": 1}  # of a run


def say(text):
    print(text, file=sys.stderr, flush=True)


def arguments():
    parser = argparse.ArgumentParser(
        prog="./bench speech", description="Times our Whisper beside whisper.cpp on random weights of the true shapes, in turns.")
    parser.add_argument("--whisper-cpp", metavar="FOLDER", help="a copy of ggml-org/whisper.cpp to build and measure; "
                                                                "without it ours runs alone")
    parser.add_argument("--sizes", metavar="A,B", default="tiny,base", help="of tiny, base, small, medium (tiny,base)")
    parser.add_argument("--threads", metavar="A,B", default="1,2", help="numbers of threads (1,2)")
    parser.add_argument("--works", metavar="A,B", default="encode,tokens,clip,load",
                        help="of encode, tokens, clip, load (all)")
    parser.add_argument("--types", metavar="A,B", default="f16,q8_0,q5_0", help="whisper.cpp's weights (f16,q8_0,q5_0)")
    parser.add_argument("--isa", metavar="A,B", help="instruction sets to hold ours to, each a column (its choice)")
    parser.add_argument("--rounds", type=int, default=15, help="rounds of each work (15)")
    parser.add_argument("--seconds", type=float, default=30, help="most time of each work, in seconds (30)")
    parser.add_argument("--quick", action="store_true", help="tiny, one thread, five rounds: about a minute")
    parser.add_argument("--instructions", action="store_true",
                        help="count instructions too, under valgrind, on shortened work")
    parser.add_argument("--output", metavar="FILE", default=os.path.join(engines.BUILD, "speech.json"),
                        help="where the JSON goes (build/bench/speech.json)")
    found = parser.parse_args()
    if found.quick:
        found.sizes, found.threads, found.rounds, found.seconds = "tiny", "1", 5, 8
    found.sizes, found.works, found.types = (value.split(",") for value in (found.sizes, found.works, found.types))
    found.threads = [int(value) for value in found.threads.split(",")]
    if set(found.works) - set(WORKS) - {"load"} or min(found.threads) < 1 or found.rounds < 1:
        parser.error("--works are encode, tokens, clip, load; --threads and --rounds are above 0")
    return found


def model_file(size, kind):
    """Random weights of that size, as whisper.cpp keeps them; made once. None where there is no tool to make it."""
    path = os.path.join(WORK, f"whisper-{size}-{kind}.bin")
    if os.path.exists(path):
        return path
    os.makedirs(WORK, exist_ok=True)
    if kind == "f16":
        command = [engines.program("random_model"), size, path]
    else:
        tool = os.path.join(WHISPER_CPP, "bin", "whisper-quantize")
        if not os.path.exists(tool):
            return None
        command = [tool, model_file(size, "f16"), path, kind]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        sys.exit(f"{' '.join(command)}: {done.stderr or done.stdout}")
    return path


def sound_file(seconds):
    """Noise that swells and fades four times a second, as speech does; the same each time."""
    path = os.path.join(WORK, f"sound{seconds}")
    if not os.path.exists(path):
        os.makedirs(WORK, exist_ok=True)
        noise = random.Random(1)
        samples = array.array("f", (0.1 * noise.uniform(-1, 1) * (1 + math.sin(8 * math.pi * i / RATE))
                                    for i in range(seconds * RATE)))
        with open(path, "wb") as file:
            samples.tofile(file)
    return path


def ours(work, threads, positions, isas):
    return engines.ours("pinhole_speech_worker", [work, str(threads), str(positions)], isas)


def peer(name, work, threads, positions, flash=True):
    return engines.Engine(name, [engines.program("whisper_cpp_worker"), work, str(threads), str(positions),
                                 "flash" if flash else "plain"])


def taking_part(work, threads, options):
    """[(engine, type of weights)] of one work. Ours reads float16 and makes int8 of it."""
    isas = options.isa.split(",") if options.isa else []
    positions = CLIP if work == "clip" else WHOLE
    found = [(engine, "f16") for engine in ours(work, threads, positions, isas)]
    if not options.whisper_cpp:
        return found
    for kind in options.types:
        if work == "clip":
            found.append((peer(f"{kind}, whole window", work, threads, WHOLE), kind))
            found.append((peer(f"{kind}, audio_ctx", work, threads, CLIP), kind))
        else:
            found.append((peer(kind, work, threads, WHOLE), kind))
            if kind != "q5_0":
                found.append((peer(f"{kind}, no flash", work, threads, WHOLE, flash=False), kind))
    return found


def correlation(one, other):
    """Of two lists of logits: 1 where they say the same."""
    a, b = array.array("f", one), array.array("f", other)
    if len(a) != len(b):
        return None
    mean_a, mean_b = sum(a) / len(a), sum(b) / len(b)
    both = sum((x - mean_a) * (y - mean_b) for x, y in zip(a, b))
    return both / math.sqrt(sum((x - mean_a) ** 2 for x in a) * sum((y - mean_b) ** 2 for y in b))


def measure(work, size, threads, options, log):
    """One work at one size by all; times are of a run, or of a token."""
    cpu = max(os.sched_getaffinity(0)) if threads == 1 else None
    settings = argparse.Namespace(threads=threads, rounds=options.rounds, seconds=options.seconds)
    measurement = Measurement(f"{size}, {WORKS[work]}", settings, cpu, log)
    entries = measurement.result["engines"]
    sound = sound_file(11 if work == "clip" else 30)
    with ExitStack() as stack:
        running = {}
        for engine, kind in taking_part(work, threads, options):
            path = model_file(size, kind)
            worker = path and measurement.start(engine, stack, path, [sound], os.path.join(WORK, f"{size}-{work}"))
            if worker:
                running[engine.name] = worker
        own = next((entry["outputs"][0] for entry in entries.values() if entry["ours"] and "outputs" in entry), None)
        for entry in entries.values():
            if own is not None and "outputs" in entry:
                entry["correlation"] = correlation(entry["outputs"][0], own)
        if running:
            measurement.take_turns(running)
    for entry in entries.values():
        for key in ("wall_ns", "processor_ns"):
            entry[key] = [value / STEPS[work] for value in entry.get(key, [])]
    summarise(measurement.result, settings)
    measurement.result.update(size=size, work=work, threads=threads)
    return measurement.result


def most_memory(worker):
    """What the process held at most, in bytes, mapped files included."""
    with open(f"/proc/{worker.process.pid}/status", encoding="ascii") as file:
        line = next(line for line in file if line.startswith("VmHWM:"))
    return int(line.split()[1]) * 1024


def measure_loading(size, options, log):
    """Load times in turns, each in a new process, and the peak of one that has transcribed a window."""
    cpu = max(os.sched_getaffinity(0))
    who = [(f"pinhole, {kind} file", ours("transcribe", 1, WHOLE, [])[0], kind)
           for kind in options.types if kind != "q5_0"]
    if options.whisper_cpp:
        who += [(kind, peer(kind, "transcribe", 1, WHOLE), kind) for kind in options.types]
    found = {name: {"ours": name.startswith("pinhole"), "load_ns": []} for name, _, _ in who}
    for turn in range(options.rounds):
        for name, engine, kind in paired.order(who, turn):
            path = model_file(size, kind)
            if path is None:
                continue
            with Worker(engine.command, cpu, engine.environment, log) as worker:
                try:
                    found[name]["load_ns"].append(worker.load(path)["load_ns"])
                    if "peak_bytes" not in found[name]:
                        worker.ask(f"fill 0 {sound_file(30)}")
                        found[name]["tokens"] = len(worker.outputs(os.path.join(WORK, "transcribed"))[0]) // 4
                        found[name]["peak_bytes"] = most_memory(worker)
                except Refused as refusal:
                    found[name]["refused"] = str(refusal)
    return {"size": size, "engines": found}


def milliseconds(entry):
    if "us" not in entry:
        return "no"
    mark = "" if entry.get("correlation", 1) is not None and entry.get("correlation", 1) > 0.9 else " (!)"
    return number(entry["us"]["median"] / 1e3) + mark


def times_table(results):
    rows = []
    for result in results:
        entries = result["engines"]
        own = next((entry for entry in entries.values() if entry.get("fastest_of_ours")), {"no": 1})
        rows.append(row_of(result, own, {name: entry for name, entry in entries.items() if not entry["ours"]}))
    return table(["work", "threads", "ours, ms", "whisper.cpp, ms", "its best", "its time / ours", "logits agree"], rows)


def row_of(result, own, peers):
    ran = {name: entry for name, entry in peers.items() if "us" in entry}
    best = min(ran, key=lambda name: ran[name]["us"]["median"], default="")
    agree = ran[best].get("correlation") if best else None
    cells = [result["name"], str(result["threads"]), milliseconds(own),
             "; ".join(f"{name} {milliseconds(entry)}" for name, entry in peers.items()), best,
             ratio(ran[best]) if best else "", f"{agree:.4f}" if agree is not None else ""]
    if result["work"] == "clip" and best:  # the window whole, too, which is what it does unless it is told otherwise
        whole = {name: entry for name, entry in ran.items() if name.endswith("whole window")}
        name = min(whole, key=lambda name: whole[name]["us"]["median"])
        cells[5] += f"; whole window {ratio(whole[name])}"
    return cells


def loading_table(results):
    rows = []
    for result in results:
        for name, entry in result["engines"].items():
            if entry["load_ns"]:
                taken = paired.spread(entry["load_ns"])
                rows.append([result["size"], name if entry["ours"] else f"whisper.cpp, {name}",
                             f"{taken.median / 1e6:.1f} [{taken.low / 1e6:.1f}, {taken.high / 1e6:.1f}]",
                             f"{entry.get('peak_bytes', 0) / 1e6:.1f}", str(entry.get("tokens", ""))])
    return table(["model", "who", "load, ms", "peak memory, MB", "tokens found"], rows)


def versions(results):
    found = {}
    for result in results:
        for name, entry in result["engines"].items():
            facts = entry.get("facts", {})
            if "version" in facts:
                found.setdefault("ours" if entry["ours"] else "whisper.cpp", f"{facts['version']} ({facts['compiler']})")
            if "refused" in entry:
                found[f"{name} on {result['name']}"] = entry["refused"]
    return [f"- {name}: {text}" for name, text in found.items()]


def markdown(results):
    facts = results["machine"]
    parts = []
    if results["times"]:
        parts.append(times_table(results["times"]))
    if results["loading"]:
        parts.append(loading_table(results["loading"]))
    if results["instructions"]:
        parts.append(instructions.as_table(results["instructions"]))
    parts.append(f"Medians; processor time at one thread, time on the wall at more; up to {results['rounds']} rounds in turns; "
                 f"[quartiles of the ratio in a round]. Random weights; logits of all are compared, and (!) marks a "
                 f"correlation with ours below 0.9.\n{facts['processor']}, {facts['system']}, {facts['date']}, revision "
                 f"{facts['revision']}, load {facts['load_at_begin'][0]:.1f} to {facts['load_at_end'][0]:.1f}.")
    parts.append("\n".join(versions(results["times"])))
    return "\n\n".join(parts)


def main():
    options = arguments()
    results = {"machine": machine.facts(engines.ROOT, None), "rounds": options.rounds, "times": [], "loading": [],
               "instructions": []}
    with open(os.path.join(engines.BUILD, "workers.log"), "wb") as log:
        for size in options.sizes:
            for work in WORKS:
                for threads in options.threads if work in options.works else []:
                    say(f"{size}, {WORKS[work]}, {threads} thread(s) ...")
                    results["times"].append(measure(work, size, threads, options, log))
            if "load" in options.works:
                say(f"{size}, loading and memory ...")
                results["loading"].append(measure_loading(size, options, log))
            if options.instructions:
                say(f"{size}, instructions ...")
                results["instructions"].append(instructions.count(size, model_file, sound_file(30), options))
    results["machine"]["load_at_end"] = os.getloadavg()
    with open(options.output, "w", encoding="utf-8") as file:
        json.dump(results, file, indent=1)
    print(markdown(results))
    say(f"all numbers: {options.output}")


if __name__ == "__main__":
    main()
