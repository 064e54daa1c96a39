#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""LiteRT (TensorFlow Lite) from PyPI: litert_worker.py THREADS xnnpack|builtin

`xnnpack` is what its users get: its XNNPACK takes what it can, int8 included, the built-in kernels the rest. `builtin`
is the built-in kernels alone. The call from Python costs about a microsecond, which is in the numbers.
"""

import importlib.metadata
import sys

import numpy
from ai_edge_litert import interpreter as litert

import worker
from repair import repair


class LiteRt:
    def __init__(self, threads, kernels):
        self.threads = threads
        self.kernels = kernels

    def load(self, path):
        resolver = {"xnnpack": litert.OpResolverType.AUTO,
                    "builtin": litert.OpResolverType.BUILTIN_WITHOUT_DEFAULT_DELEGATES}[self.kernels]
        content, repaired = repair(path)
        self.interpreter = litert.Interpreter(model_content=content, num_threads=self.threads,
                                              experimental_op_resolver_type=resolver)
        self.interpreter.allocate_tensors()
        self.inputs = self.interpreter.get_input_details()
        self.run = self.interpreter._interpreter.Invoke  # what invoke() calls, without a check of references
        operators = [op["op_name"] for op in self.interpreter._get_ops_details()]
        return {"version": "ai-edge-litert " + importlib.metadata.version("ai-edge-litert"), "repaired": repaired,
                "delegated_parts": operators.count("DELEGATE"), "operators": len(operators)}

    def fill(self, index, data):
        detail = self.inputs[index]
        values = numpy.frombuffer(data, dtype=detail["dtype"]).reshape(detail["shape"])
        self.interpreter.set_tensor(detail["index"], values)

    def outputs(self):
        return [self.interpreter.get_tensor(detail["index"]).tobytes()
                for detail in self.interpreter.get_output_details()]


if __name__ == "__main__":
    worker.serve(LiteRt(int(sys.argv[1]), sys.argv[2]))
