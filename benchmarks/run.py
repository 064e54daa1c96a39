#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Our engine beside its peers, on the same work in the same run; ./bench builds what this needs and calls it.

Writes build/bench/results.json and a table in Markdown on standard output; progress goes to standard error.
docs/how-to/measure-speed.md says how to read both.
"""

import argparse
import json
import os
import sys
from contextlib import ExitStack

import engines
import machine
import outputs
import operators
import report
import suppression
from measurement import Measurement, summarise

MODELS = ["person_detect", "mlperf_kws_ref_model", "mlperf_vww_96_int8", "mlperf_ic_resnet_quant", "mlperf_ad01_int8",
          "mlperf_str_ww_ref_model", "mww_v2_okay_nabu", "mcunet_vww", "mobilenet_v2_quantized_1x3x224x224",
          "mlperf_vww_96_float", "mlperf_ic_resnet_float", "mlperf_ad01_fp32", "mp_face_detection_short_range",
          "mp_face_detection_full_range_sparse"]
WASM_MODELS = ["mlperf_kws_ref_model", "mlperf_vww_96_int8", "mlperf_ic_resnet_quant", "mlperf_ad01_int8",
               "mlperf_vww_96_float", "mobilenet_v2_quantized_1x3x224x224", "mp_face_detection_full_range_sparse",
               "mww_v2_okay_nabu", "person_detect"]
QUICK = ["person_detect", "mlperf_kws_ref_model", "mlperf_vww_96_int8", "mlperf_ic_resnet_quant", "mlperf_vww_96_float"]


def say(text):
    print(text, file=sys.stderr, flush=True)


def arguments():
    parser = argparse.ArgumentParser(
        prog="./bench", description="Times our engine beside its peers on the same work, in turns.",
        epilog="Models lie in PINHOLE_DATA (default ../shared/data). Peers that are missing are named and left out; "
               "./bench --get-peers gets those that Debian and PyPI have.")
    parser.add_argument("--models", metavar="A,B", help="only these models, or `all` in the folder, or `none`")
    parser.add_argument("--peers", metavar="A,B", help="only these peers: litert, litert-builtin, onnxruntime, xnnpack, "
                                                       "tflm, opencv, torchvision, litertjs, litertjs-compat; or "
                                                       "`none`")
    parser.add_argument("--quick", action="store_true", help="fewer models and rounds: about a minute")
    parser.add_argument("--rounds", type=int, default=30, help="rounds a model (30)")
    parser.add_argument("--seconds", type=float, default=20, help="most time a model, in seconds (20)")
    parser.add_argument("--threads", type=int, default=1, help="threads of every engine that can have several (1)")
    parser.add_argument("--cpu", type=int, help="the processor to run on, at one thread (the last one)")
    parser.add_argument("--isa", metavar="A,B", help="instruction sets to hold our engine to, each a column (its choice)")
    parser.add_argument("--no-suppression", action="store_true", help="leave non-max suppression out")
    parser.add_argument("--wasm", choices=("no", "too", "only"), default="too",
                        help="whether to measure WebAssembly in node beside LiteRT.js, or nothing else (too)")
    parser.add_argument("--long", action="store_true", help="suppression: 100,000 boxes for every peer, minutes for some")
    parser.add_argument("--profile", metavar="MODEL", help="instead: what each operator of one model takes in our engine")
    parser.add_argument("--output", metavar="FILE", default=os.path.join(engines.BUILD, "results.json"),
                        help="where the JSON goes (build/bench/results.json)")
    for name, help_text in (("--get-peers", "get the peers that Debian and PyPI have, into build/bench, then go on"),
                            ("--xnnpack", "a built XNNPACK to measure, instead of Debian's"),
                            ("--tflm", "a copy of TensorFlow Lite Micro to build and measure")):
        # Done by ./bench before this program is called; here for --help.
        parser.add_argument(name, help=help_text, **({"action": "store_true"} if name == "--get-peers" else
                                                     {"metavar": "FOLDER"}))
    found = parser.parse_args()
    if found.rounds < 1 or not 1 <= found.threads <= 256 or found.seconds <= 0:
        parser.error("--rounds and --seconds must be above 0, --threads from 1 to 256")
    if found.quick:
        found.rounds, found.seconds = min(found.rounds, 11), min(found.seconds, 5)
    return found


def data_folder():
    return os.path.realpath(os.environ.get("PINHOLE_DATA") or os.path.join(engines.ROOT, "..", "shared", "data"))


def model_paths(options, usual=None):
    """[(name, path)] of what is there; what is missing is said by name."""
    folder = os.path.join(data_folder(), "models")
    wanted = QUICK if options.quick else usual or MODELS
    if options.models == "none":
        return []
    if options.models == "all":
        wanted = sorted(file[:-7] for file in os.listdir(folder) if file.endswith(".tflite"))
    elif options.models:
        wanted = options.models.split(",")
    found = []
    for name in wanted:
        path = name if name.endswith(".tflite") else os.path.join(folder, name + ".tflite")
        if os.path.exists(path):
            found.append((os.path.basename(path)[:-7], os.path.abspath(path)))
        else:
            say(f"model {name}: {path} is missing (set PINHOLE_DATA), left out")
    return found


def chosen(all_engines, options):
    """Ours and the peers asked for that are present."""
    wanted = None if options.peers is None else set(options.peers.split(",")) - {"none"}
    taking_part = []
    for engine in all_engines:
        if not engine.ours and wanted is not None and engine.name not in wanted:
            continue
        if engine.missing:
            say(f"{engine.name}: {engine.missing}; left out")
            continue
        taking_part.append(engine)
    return taking_part


def measure_model(name, path, taking_part, options, cpu, log):
    work = os.path.join(engines.BUILD, "work")
    os.makedirs(work, exist_ok=True)
    measurement = Measurement(name, options, cpu, log)
    files = []

    def inputs(facts):  # ours comes first and says what they are
        if not files and "inputs" in facts:
            for index, data in enumerate(outputs.random_inputs(facts["inputs"])):
                files.append(os.path.join(work, f"{name}.in{index}"))
                with open(files[-1], "wb") as file:
                    file.write(data)
        return files

    with ExitStack() as stack:
        running = {}
        for engine in taking_part:
            worker = measurement.start(engine, stack, path, inputs, os.path.join(work, name))
            if worker:
                running[engine.name] = worker
        compare_outputs(measurement.result)
        if running:
            measurement.take_turns(running)
    summarise(measurement.result, options)
    return measurement.result


def compare_outputs(result):
    """Everyone's outputs against the test data's reference outputs, or against ours where it has none."""
    entries = result["engines"]
    own = next((entry for entry in entries.values() if entry["ours"] and "outputs" in entry), None)
    if own is None:
        return
    tensors = own["facts"]["outputs"]
    expected = outputs.golden(data_folder(), result["name"], len(tensors))
    result["outputs_against"] = "reference outputs of the test data" if expected else "ours"
    for entry in entries.values():
        if "outputs" in entry:
            entry["difference"] = outputs.difference(entry["outputs"], expected or own["outputs"], tensors)


def main():
    options = arguments()
    cpus = sorted(os.sched_getaffinity(0))
    if options.cpu is not None and options.cpu not in cpus:
        sys.exit(f"--cpu {options.cpu}: this process may use {cpus}; name one of them")
    cpu = (cpus[-1] if options.cpu is None else options.cpu) if options.threads == 1 else None
    isas = options.isa.split(",") if options.isa else []
    if options.profile:
        sys.exit(operators.show(options, model_paths(argparse.Namespace(models=options.profile, quick=False)), cpu, isas))
    results = {"machine": machine.facts(engines.ROOT, cpu), "threads": options.threads, "rounds": options.rounds,
               "models": [], "suppression": [], "webassembly": []}
    try:
        run_all(options, cpu, isas, results)
    except KeyboardInterrupt:
        say("stopped: what was measured until now is told")
        results["stopped"] = True
    results["machine"]["load_at_end"] = os.getloadavg()
    for model in results["models"]:
        report.add_roofline(model, results["peaks"])
    for model in results["webassembly"]:
        report.add_wasm_ratios(model)
    with open(options.output, "w", encoding="utf-8") as file:
        json.dump(results, file, indent=1)
    print(report.markdown(results))
    say(f"all numbers: {options.output}")
    sys.exit(130 if results.get("stopped") else 0)


def run_all(options, cpu, isas, results):
    if cpu is not None and len(os.sched_getaffinity(0)) > 1:
        os.sched_setaffinity(0, os.sched_getaffinity(0) - {cpu})
    peaks_program = engines.program("peaks")
    results["peaks"] = machine.peaks(peaks_program, cpu)
    with open(os.path.join(engines.BUILD, "workers.log"), "wb") as log:
        if options.wasm != "only":
            taking_part = chosen(engines.for_models(options.threads, isas), options)
            for name, path in model_paths(options):
                say(f"{name} ...")
                results["models"].append(measure_model(name, path, taking_part, options, cpu, log))
        if options.wasm != "no":
            measure_wasm(options, cpu, results, log)
        if not options.no_suppression and options.wasm != "only":
            taking_part = chosen(engines.for_suppression(), options)
            for case in suppression.cases(options):
                say(f"{case.name} ...")
                results["suppression"].append(suppression.measure(case, taking_part, options, cpu, log))
    results["peaks"] = machine.better(results["peaks"], machine.peaks(peaks_program, cpu))


def measure_wasm(options, cpu, results, log):
    """Always with one thread: that is what pages have unless their server sends certain headers."""
    options = argparse.Namespace(**dict(vars(options), threads=1))
    taking_part = [engine for engine in engines.for_wasm() if engine.name == "native" or chosen([engine], options)]
    if not any(engine.ours for engine in taking_part):
        return
    for name, path in model_paths(options, WASM_MODELS):
        say(f"{name} as WebAssembly ...")
        results["webassembly"].append(measure_model(name, path, taking_part, options, cpu, log))


if __name__ == "__main__":
    main()
