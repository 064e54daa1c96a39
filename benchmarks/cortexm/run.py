#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Emitted models on an emulated Cortex-M: instructions an inference, memory, and whether the outputs are the reference's.

  PINHOLE_DATA=DATA ./bench cortexm [--models A,B] [--targets rp2040] [--tflm FOLDER]

Needs Debian's gcc-arm-none-eabi, libstdc++-arm-none-eabi-newlib and qemu-system-arm. Each model is emitted by `pinhole model
emit`, compiled by gcc -O2 and run by QEMU with `-icount shift=0` on every step of its golden; a run whose output differs in
one byte fails. What it does not measure: cycles. An instruction is one, whether it waits for flash or not.

The peer is TensorFlow Lite Micro with CMSIS-NN. With --tflm, a copy of tensorflow/tflite-micro whose downloads are there
(flatbuffers, gemmlowp, ruy, cmsis_nn: `make -f tensorflow/lite/micro/tools/make/Makefile TARGET=cortex_m_generic
TARGET_ARCH=cortex-m4 OPTIMIZED_KERNEL_DIR=cmsis_nn third_party_downloads` gets them), it is compiled with the same flags and runs
the same steps in the same way. Without, its numbers are those of peers.json, which says how they came about.
"""
import argparse
import concurrent.futures
import hashlib
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
OTHERS = {  # by --models only: no peer is measured
    "lstm": ("trained_lstm_int8", "trained_lstm_int8/random"),
    "audio front end": ("audio_preprocessor_int8", "audio_preprocessor_int8/random"),
    "micro_speech": ("micro_speech_quantized", "micro_speech_quantized/random"),
    "hello_world": ("hello_world_int8", "hello_world_int8/random"),
    "hey_jarvis": ("mww_v2_hey_jarvis", "mww_v2_hey_jarvis/random"),
    "vad": ("mww_v2_vad", "mww_v2_vad/random"),
}
FLAGS = ["-std=c++17", "-O2", "-mthumb", "-fno-exceptions", "-fno-rtti", "-ffunction-sections", "-fdata-sections", "-Wall",
         "-Wextra", "-Werror"]


def call(command, **options):
    done = subprocess.run([str(word) for word in command], capture_output=True, text=True, check=False, **options)
    if done.returncode != 0:
        sys.exit(f"{' '.join(str(word) for word in command)}: {done.stdout}{done.stderr}")
    return done.stdout + done.stderr


def golden_source(golden, model, folder):
    """The golden's steps as an assembly file: inputs and outputs, one behind the other; and the model's file."""
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
    .section .golden_model, "a"
    .global golden_model
    .balign 16
golden_model: .incbin "{model}"
""")
    return source


def text_bytes(elf):
    """Bytes of the section .text: code and constants, without the golden."""
    for line in call(["arm-none-eabi-size", "-A", elf]).splitlines():
        if line.startswith(".text "):
            return int(line.split()[1])
    return 0


def run_program(target, folder, sources, flags, golden, model):
    """Links a subject and the harness, runs them; the values that the program says, and the program's file."""
    processor, board = TARGETS[target]
    elf = folder / "program.elf"
    call(["arm-none-eabi-g++", f"-mcpu={processor}", *FLAGS, "-nostartfiles", "--specs=nano.specs", "--specs=nosys.specs",
          "-Wl,--gc-sections", "-I", HERE, "-T", HERE / "board.ld", HERE / "harness.cc",
          golden_source(golden, model, folder), *flags, *sources, "-o", elf])
    said = call(["qemu-system-arm", "-M", board, "-icount", "shift=0", "-nographic", "-monitor", "none", "-serial", "none",
                 "-semihosting-config", "enable=on,target=native", "-kernel", elf], timeout=600)
    values = {line.split()[0]: int(line.split()[1]) for line in said.splitlines() if len(line.split()) == 2}
    if "stack" not in values or "fault" in values:
        sys.exit(f"{model} for {target}: the emulated program did not get to its end: {said}")
    return values, elf


def measure(arguments, target, model, golden, folder):
    emitted = json.loads(call([arguments.pinhole, "model", "emit", model, "--target", target, "-o", folder, "--json",
                               "--stream", str(arguments.stream)]))
    values, elf = run_program(target, folder, [HERE / "subject_emitted.cc", *sorted(folder.glob("*.cc"))], ["-I", folder],
                              golden, model)
    weights = emitted["weight_bytes"] + emitted["scale_bytes"]
    return {"instructions": values["instructions"], "different": values["different"],
            "ram": values["memory"] + emitted["stream_bytes"] + values["stack"], "stack": values["stack"], "weights": weights,
            "code": text_bytes(elf) - weights}


def build_tflm(tflm, target):
    """TensorFlow Lite Micro and CMSIS-NN as a library for the target, in build/bench; its path and its compiler flags."""
    micro = tflm / "tensorflow/lite/micro"
    downloads = micro / "tools/make/downloads"
    for wanted in (micro / "micro_interpreter.h", downloads / "flatbuffers/include", downloads / "gemmlowp", downloads / "ruy",
                   downloads / "cmsis_nn/Source"):
        if not wanted.exists():
            sys.exit(f"--tflm {tflm}: {wanted} is missing; see --help")
    optimised = {path.name for path in (micro / "kernels/cmsis_nn").glob("*.cc")}
    lite = tflm / "tensorflow/lite"
    sources = [path for folder in (micro, micro / "arena_allocator", micro / "memory_planner", micro / "tflite_bridge",
                                   micro / "kernels/cmsis_nn", lite / "core/api", lite / "core/c", lite / "kernels",
                                   lite / "kernels/internal", lite / "kernels/internal/reference", lite / "schema",
                                   lite / "micro/kernels", tflm / "tensorflow/compiler/mlir/lite/core/api",
                                   tflm / "tensorflow/compiler/mlir/lite/schema")
               for path in sorted(folder.glob("*.cc"))
               if not (folder == micro / "kernels" and path.name in optimised)]
    sources = [path for path in sources if not any(word in path.name for word in (
        "_test", "test_", "mock_", "fake_", "debug_log", "system_setup", "micro_time"))]
    sources += [path for path in sorted((downloads / "cmsis_nn/Source").rglob("*.c")) if not path.stem.endswith(("_f16", "_f32"))]
    flags = ["-DTF_LITE_STATIC_MEMORY", "-DTF_LITE_DISABLE_X86_NEON", "-DCMSIS_NN", "-w"]
    for folder in (tflm, downloads, downloads / "flatbuffers/include", downloads / "gemmlowp", downloads / "ruy",
                   downloads / "cmsis_nn", downloads / "cmsis_nn/Include", downloads / "kissfft"):
        flags += ["-I", folder]
    common = [f"-mcpu={TARGETS[target][0]}", "-O2", "-mthumb", "-ffunction-sections", "-fdata-sections"]
    stamp = hashlib.sha256(f"{tflm}{common}{[(str(s), s.stat().st_mtime_ns) for s in sources]}".encode()).hexdigest()[:16]
    out = HERE.parent.parent / "build/bench/cortexm" / f"{target}-{stamp}"
    library = out / "libtflm.a"
    if library.exists():
        return library, flags
    out.mkdir(parents=True, exist_ok=True)

    def compile_one(numbered):
        number, source = numbered
        made = out / f"{number}.o"
        how = ["arm-none-eabi-gcc", "-std=c11"] if source.suffix == ".c" else [
            "arm-none-eabi-g++", "-std=c++17", "-fno-exceptions", "-fno-rtti", "-fno-threadsafe-statics"]
        done = subprocess.run([str(word) for word in [*how, *common, *flags, "-c", source, "-o", made]], capture_output=True,
                              text=True, check=False)
        if done.returncode != 0:  # operators that no model here has may want what isn't there
            print(f"{source.name} is left out: {done.stderr.splitlines()[0] if done.stderr else ''}", file=sys.stderr)
            return None
        return made

    with concurrent.futures.ThreadPoolExecutor(max_workers=os.cpu_count()) as pool:
        objects = [made for made in pool.map(compile_one, enumerate(sources)) if made]
    call(["arm-none-eabi-ar", "rcs", library, *objects])
    return library, flags


def measure_tflm(tflm, target, model, golden, folder):
    library, flags = build_tflm(tflm, target)
    values, _ = run_program(target, folder, [HERE / "subject_tflm.cc", library], flags, golden, model)
    return {"instructions": values["instructions"], "different": values["different"],
            "ram": values["memory"] + values["stack"]}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--pinhole", default=HERE.parent.parent / "build/release/src/host/pinhole")
    parser.add_argument("--models", default=",".join(MODELS))
    parser.add_argument("--targets", default=",".join(TARGETS))
    parser.add_argument("--stream", type=int, default=0, help="bytes into which constants are fetched ahead, here by memcpy")
    parser.add_argument("--tflm", type=pathlib.Path, help="measure TensorFlow Lite Micro of this folder as well")
    parser.add_argument("--json", action="store_true", help="one line of JSON a row")
    arguments = parser.parse_args()
    data = pathlib.Path(os.environ.get("PINHOLE_DATA", HERE.parent.parent / "../shared/data"))
    peers = json.loads((HERE / "peers.json").read_text())
    wrong = 0
    if not arguments.json:
        print("peer: " + (f"{arguments.tflm}, measured here" if arguments.tflm else "peers.json, not measured here"))
        print("| target | model | instructions | peer's | fewer | RAM (stack) | peer's | of it | code and tables | weights |")
        print("|---|---|---|---|---|---|---|---|---|---|")
    for target in arguments.targets.split(","):
        for name in arguments.models.split(","):
            model, golden = {**MODELS, **OTHERS}[name]
            model, golden = data / "models" / f"{model}.tflite", data / "golden/engine" / golden
            with tempfile.TemporaryDirectory() as folder:
                row = measure(arguments, target, model, golden, pathlib.Path(folder))
            peer = {"instructions": peers["instructions"][target].get(name, 0), "ram": peers["ram"].get(name, 0),
                    "different": 0}
            if arguments.tflm:
                with tempfile.TemporaryDirectory() as folder:
                    peer = measure_tflm(arguments.tflm.resolve(), target, model, golden, pathlib.Path(folder))
            wrong += row["different"]
            if arguments.json or name in OTHERS:
                print(json.dumps({"target": target, "model": name, **row, "peer": peer}))
                continue
            print(f"| {target} | {name} | {row['instructions']:,} | {peer['instructions']:,} | "
                  f"{peer['instructions'] / row['instructions']:.2f} | {row['ram']:,} ({row['stack']:,}) | {peer['ram']:,} | "
                  f"{100 * row['ram'] / peer['ram']:.0f} % | {row['code']:,} | {row['weights']:,} |"
                  + (f" {row['different']} BYTES DIFFER" if row["different"] else "")
                  + (f" peer: {peer['different']} bytes differ" if peer["different"] else ""), flush=True)
    if wrong:
        sys.exit(f"{wrong} bytes differ from the goldens")


main()
