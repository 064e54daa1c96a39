# SPDX-License-Identifier: Apache-2.0
"""One piece of work on several engines: workers started, bursts in turns, and what comes of them."""

import statistics

import paired
from workers import Refused, Worker


class Measurement:
    """One model (or one set of boxes) on all engines."""

    def __init__(self, name, options, cpu, log):
        self.name, self.options, self.cpu, self.log = name, options, cpu, log
        self.result = {"name": name, "engines": {}}

    def start(self, engine, stack, path, inputs, prefix):
        """A worker that is loaded, filled and has given its outputs; what it can't do goes into the result."""
        entry = self.result["engines"][engine.name] = {"ours": engine.ours}
        worker = stack.enter_context(Worker(engine.command, self.cpu, engine.environment, self.log))
        try:
            entry["facts"] = worker.load(path)
            given = inputs(entry["facts"]) if callable(inputs) else inputs
            for index, file in enumerate(given):
                worker.ask(f"fill {index} {file}")
            entry["outputs"] = worker.outputs(f"{prefix}.{engine.name.replace(':', '-')}")
        except Refused as refusal:
            entry["refused"] = str(refusal)
            worker.__exit__()
            return None
        return worker

    def take_turns(self, running):
        """Rounds of bursts; running is {name: worker}."""
        entries = self.result["engines"]
        one = {name: worker.run(1)[0] for name, worker in running.items()}
        length = {name: paired.burst_length(taken) for name, taken in one.items()}
        for name, worker in running.items():
            if length[name] > 1:  # a first run is cold, and says too much
                length[name] = paired.burst_length(worker.run(length[name])[0])
        whole = sum(max(one[name], length[name] * one[name]) for name in running)
        rounds = paired.round_count(self.options.rounds, whole, self.options.seconds * 1e9)
        for name in running:
            entries[name].update(wall_ns=[], processor_ns=[], runs_per_burst=length[name])
        for turn in range(rounds):
            for name in paired.order(list(running), turn):
                wall, processor = running[name].run(length[name])
                entries[name]["wall_ns"].append(wall)
                entries[name]["processor_ns"].append(processor)


def time_key(options):
    """At one thread the time is the processor's, which other programs' turns are no part of; else the wall's."""
    return "processor_ns" if options.threads == 1 else "wall_ns"


def fastest_of_ours(entries, key):
    """The entry of our engine, of the fastest where several instruction sets ran; None where none did."""
    ran = [entry for entry in entries.values() if entry["ours"] and entry.get(key)]
    return min(ran, key=lambda entry: statistics.median(entry[key]), default=None)


def summarise(result, options):
    """Medians and ratios, from the bursts."""
    entries = result["engines"]
    key = time_key(options)
    own = fastest_of_ours(entries, key)
    for entry in entries.values():
        entry.pop("outputs", None)
        if not entry.get(key):
            continue
        entry["us"] = vars(paired.spread([value / 1e3 for value in entry[key]]))
        entry["wall_us"] = vars(paired.spread([value / 1e3 for value in entry["wall_ns"]]))
        if own:
            entry["ratio_to_ours"] = vars(paired.spread(paired.ratios(entry[key], own[key])))
            entry["fastest_of_ours"] = entry is own
