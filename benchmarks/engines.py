# SPDX-License-Identifier: Apache-2.0
"""Who takes part: our engine and its peers, how each is started, and how a missing one is to be had."""

import os
import shutil
import subprocess
from dataclasses import dataclass, field

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
BUILD = os.path.join(ROOT, "build", "bench")
PROGRAMS = os.path.join(BUILD, "benchmarks")
PEERS = os.path.join(ROOT, "benchmarks", "peers")
VENV_PYTHON = os.path.join(BUILD, "venv", "bin", "python")
SYSTEM_PYTHON = "/usr/bin/python3"
NODE = os.environ.get("PINHOLE_NODE") or shutil.which("node") or ""
LITERTJS = os.path.join(BUILD, "npm", "node_modules", "@litertjs", "core")

GET = "./bench --get-peers"


@dataclass
class Engine:
    name: str
    command: list
    missing: str = ""  # why it can't take part and how it could; empty where it can
    environment: dict = field(default_factory=dict)
    ours: bool = False


def program(name):
    return os.path.join(PROGRAMS, name)


def imports(python, module):
    if not os.path.exists(python):
        return False
    return subprocess.run([python, "-c", f"import {module}"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
                          check=False).returncode == 0


def python_peer(name, python, script, module, arguments, get):
    missing = "" if imports(python, module) else f"{python} can't import {module}: {get}"
    return Engine(name, [python, os.path.join(PEERS, script), *arguments], missing)


def built_peer(name, binary, arguments, get):
    path = program(binary)
    return Engine(name, [path, *arguments], "" if os.path.exists(path) else f"{binary} was not built: {get}")


def ours(binary, arguments, isas):
    """Our engine once for each instruction set named, or as it chooses by itself."""
    made = []
    for isa in isas or [""]:
        name = f"pinhole:{isa}" if isa else "pinhole"
        environment = {"PINHOLE_ISA": isa} if isa else {}
        made.append(Engine(name, [program(binary), *arguments], "", environment, ours=True))
    return made


def for_models(threads, isas):
    count = str(threads)
    return ours("pinhole_worker", [count], isas) + [
        python_peer("litert", VENV_PYTHON, "litert_worker.py", "ai_edge_litert", [count, "xnnpack"], GET),
        python_peer("litert-builtin", VENV_PYTHON, "litert_worker.py", "ai_edge_litert", [count, "builtin"], GET),
        python_peer("onnxruntime", VENV_PYTHON, "onnxruntime_worker.py", "onnxruntime, onnx",
                    [count, program("dump_graph")], GET),
        built_peer("xnnpack", "xnnpack_worker", [count], GET + ", or give --xnnpack FOLDER"),
        built_peer("tflm", "tflm_worker", [], "give --tflm FOLDER, a copy of tensorflow/tflite-micro"),
    ]


def for_suppression():
    return ours("suppression_worker", [], []) + [
        built_peer("opencv", "opencv_worker", [], GET),
        python_peer("torchvision", SYSTEM_PYTHON, "torchvision_worker.py", "torchvision", [], GET),
    ]


def for_wasm():
    """Our engine and LiteRT.js as WebAssembly in the same node, one thread: ours with relaxed vectors and without, the
    peer's two modules likewise; and `native`, our engine as other programs have it, to be seen beside them."""
    no_node = "" if NODE else "there is no node: install nodejs"
    made = []
    for name in ("wasmrelaxed", "wasm"):
        module = os.path.join(ROOT, "build", "bench" + name, "benchmarks", "wasm_engine.wasm")
        missing = no_node or ("" if os.path.exists(module) else f"{module} was not built: {GET}")
        made.append(Engine(f"pinhole:{name}", [NODE, "--no-warnings", os.path.join(PEERS, "pinhole_wasm_worker.mjs"), module],
                           missing, ours=True))
    for name, kind in (("litertjs", "relaxed"), ("litertjs-compat", "compat")):
        missing = no_node or ("" if os.path.isdir(LITERTJS) else f"no {LITERTJS}: {GET}")
        made.append(Engine(name, [NODE, "--no-warnings", os.path.join(PEERS, "litertjs_worker.mjs"), LITERTJS, kind,
                                  VENV_PYTHON], missing))
    return made + [Engine("native", [program("pinhole_worker"), "1"])]
