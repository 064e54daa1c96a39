#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Emitted models on an emulated Cortex-M: instructions an inference, memory, and whether the outputs are the reference's.

  PINHOLE_DATA=DATA benchmarks/cortexm/run.py [--pinhole build/release/src/host/pinhole] [--models A,B] [--targets rp2040]

Needs Debian's gcc-arm-none-eabi, libstdc++-arm-none-eabi-newlib and qemu-system-arm. Each model is emitted by `pinhole model
emit`, compiled by gcc -O2 and run by QEMU with `-icount shift=0` on every step of its golden; a run whose output differs in
one byte fails. What it does not measure: cycles. An instruction is one, whether it waits for flash or not.

The peer's numbers stand in peers.json with how they came about; they are not measured here.
"""
import argparse
import json
import os
import pathlib
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).parent
TARGETS = {  # target: (processor, QEMU's board)
    "rp2040": ("cortex-m0plus", "mps2-an385"),
    "cortex-m4": ("cortex-m4", "mps2-an386"),
}
MODELS = {  # column of the table: file, golden
    "person_detect": ("person_detect", "person_detect/person"),
    "vww": ("mlperf_vww_96_int8", "mlperf_vww_96_int8/random"),
    "kws": ("mlperf_kws_ref_model", "mlperf_kws_ref_model/random"),
    "ic": ("mlperf_ic_resnet_quant", "mlperf_ic_resnet_quant/random"),
    "ad": ("mlperf_ad01_int8", "mlperf_ad01_int8/random"),
    "streaming ww": ("mlperf_str_ww_ref_model", "mlperf_str_ww_ref_model/random"),
    "okay_nabu": ("mww_v2_okay_nabu", "mww_v2_okay_nabu/random"),
}
FLAGS = ["-std=c++17", "-O2", "-mthumb", "-fno-exceptions", "-fno-rtti", "-ffunction-sections", "-fdata-sections", "-Wall",
         "-Wextra", "-Werror"]


def call(command, **options):
    done = subprocess.run([str(word) for word in command], capture_output=True, text=True, check=False, **options)
    if done.returncode != 0:
        sys.exit(f"{' '.join(str(word) for word in command)}: {done.stdout}{done.stderr}")
    return done.stdout + done.stderr


def golden_source(golden, folder):
    """The golden's steps as an assembly file: inputs and outputs, one behind the other."""
    steps = 0
    inputs = outputs = b""
    while (golden / f"step{steps}.in0.bin").exists():
        inputs += (golden / f"step{steps}.in0.bin").read_bytes()
        outputs += (golden / f"step{steps}.out0.bin").read_bytes()
        steps += 1
    (folder / "inputs.bin").write_bytes(inputs)
    (folder / "outputs.bin").write_bytes(outputs)
    source = folder / "golden.S"
    source.write_text(f"""
    .section .golden, "a"
    .global golden_inputs, golden_outputs, golden_steps
    .balign 4
golden_steps: .word {steps}
golden_inputs: .incbin "{folder}/inputs.bin"
golden_outputs: .incbin "{folder}/outputs.bin"
""")
    return source


def text_bytes(elf):
    """Bytes of the section .text: code and constants, without the golden."""
    for line in call(["arm-none-eabi-size", "-A", elf]).splitlines():
        if line.startswith(".text "):
            return int(line.split()[1])
    return 0


def measure(arguments, target, model, golden, folder):
    processor, board = TARGETS[target]
    emitted = json.loads(call([arguments.pinhole, "model", "emit", model, "--target", target, "-o", folder, "--json"]))
    sources = sorted(folder.glob("*.cc"))
    elf = folder / "model.elf"
    call(["arm-none-eabi-g++", f"-mcpu={processor}", *FLAGS, "-nostartfiles", "--specs=nano.specs", "--specs=nosys.specs",
          "-Wl,--gc-sections", "-I", folder, "-T", HERE / "board.ld", HERE / "harness.cc", *sources,
          golden_source(golden, folder), "-o", elf])
    said = call(["qemu-system-arm", "-M", board, "-icount", "shift=0", "-nographic", "-monitor", "none", "-serial", "none",
                 "-semihosting-config", "enable=on,target=native", "-kernel", elf], timeout=300)
    values = dict(line.split() for line in said.splitlines() if len(line.split()) == 2)
    if "instructions" not in values or "fault" in values:
        sys.exit(f"{model} for {target}: the emulated program did not get to its end: {said}")
    weights = emitted["weight_bytes"] + emitted["scale_bytes"]
    return {"instructions": int(values["instructions"]), "different": int(values["different"]),
            "ram": emitted["arena_bytes"] + int(values["stack"]), "stack": int(values["stack"]), "weights": weights,
            "code": text_bytes(elf) - weights}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--pinhole", default=HERE.parent.parent / "build/release/src/host/pinhole")
    parser.add_argument("--models", default=",".join(MODELS))
    parser.add_argument("--targets", default=",".join(TARGETS))
    parser.add_argument("--json", action="store_true", help="one line of JSON a row")
    arguments = parser.parse_args()
    data = pathlib.Path(os.environ.get("PINHOLE_DATA", HERE.parent.parent / "../shared/data"))
    peers = json.loads((HERE / "peers.json").read_text())
    wrong = 0
    print("| target | model | instructions | peer's | fewer | RAM (stack) | of the peer's | code and tables | weights |")
    print("|---|---|---|---|---|---|---|---|---|")
    for target in arguments.targets.split(","):
        for name in arguments.models.split(","):
            model, golden = MODELS[name]
            with tempfile.TemporaryDirectory() as folder:
                row = measure(arguments, target, data / "models" / f"{model}.tflite", data / "golden/engine" / golden,
                              pathlib.Path(folder))
            wrong += row["different"]
            peer = peers["instructions"][target].get(name, 0)
            ram = peers["ram"].get(name, 0)
            if arguments.json:
                print(json.dumps({"target": target, "model": name, **row}))
                continue
            print(f"| {target} | {name} | {row['instructions']:,} | {peer:,} | {peer / row['instructions']:.2f} | "
                  f"{row['ram']:,} ({row['stack']:,}) | {100 * row['ram'] / ram:.0f} % | {row['code']:,} | {row['weights']:,} |"
                  + (f" {row['different']} BYTES DIFFER" if row["different"] else ""), flush=True)
    if wrong:
        sys.exit(f"{wrong} bytes differ from the goldens")


main()
