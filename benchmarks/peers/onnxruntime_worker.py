#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""ONNX Runtime from PyPI: onnxruntime_worker.py THREADS DUMP_GRAPH

The .tflite model is converted here (to_onnx.py); all graph optimisations are on, inputs and outputs bound once. Inputs
and outputs in int8 are uint8 for the runtime; the change is made outside of what is timed.
"""

import collections
import os
import subprocess
import sys
import tempfile

import numpy
import onnx
import onnxruntime

import to_onnx
import worker


class OnnxRuntime:
    def __init__(self, threads, dump_program):
        self.threads, self.dump_program = threads, dump_program

    def load(self, path):
        with tempfile.TemporaryDirectory() as folder:
            prefix = os.path.join(folder, "graph")
            done = subprocess.run([self.dump_program, path, prefix], capture_output=True, text=True, check=False)
            if done.returncode != 0:
                raise worker.Unsupported(done.stderr)
            self.dump = to_onnx.Dump(prefix)
            model = to_onnx.Converter(self.dump).model()
            onnx.checker.check_model(model)
            optimised = os.path.join(folder, "optimised.onnx")
            options = onnxruntime.SessionOptions()
            options.intra_op_num_threads, options.inter_op_num_threads = self.threads, 1
            options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_ENABLE_ALL
            options.log_severity_level = 3
            options.optimized_model_filepath = optimised
            self.session = onnxruntime.InferenceSession(model.SerializeToString(), options, ["CPUExecutionProvider"])
            kinds = collections.Counter(node.op_type for node in onnx.load(optimised).graph.node)
        self.binding = self.session.io_binding()
        self.results = []
        for value in self.session.get_outputs():
            self.results.append(self.bind(value, self.binding.bind_ortvalue_output))
        self.given = [self.bind(value, self.binding.bind_ortvalue_input) for value in self.session.get_inputs()]
        inner, bound = self.session._sess, self.binding._iobinding  # what run_with_iobinding calls
        self.run = lambda: inner.run_with_iobinding(bound, None)
        return {"version": "onnxruntime " + onnxruntime.__version__, "kinds": kinds}

    @staticmethod
    def bind(value, how):
        zeroes = numpy.zeros(value.shape, numpy.float32 if value.type == "tensor(float)" else numpy.uint8)
        bound = onnxruntime.OrtValue.ortvalue_from_numpy(zeroes)
        how(value.name, bound)
        return bound

    def is_int8(self, index):
        return self.dump.tensors[index]["type"] == "int8"

    def fill(self, index, data):
        tensor = self.dump.inputs[index]
        kind = to_onnx.NUMPY[self.dump.tensors[tensor]["type"]]
        values = numpy.frombuffer(data, kind).reshape(self.dump.tensors[tensor]["shape"])
        if self.is_int8(tensor):
            values = values.view(numpy.uint8) ^ numpy.uint8(128)
        self.given[index].update_inplace(numpy.ascontiguousarray(values))

    def outputs(self):
        found = []
        for tensor, result in zip(self.dump.outputs, self.results, strict=True):
            values = result.numpy()
            found.append((values ^ numpy.uint8(128)).tobytes() if self.is_int8(tensor) else values.tobytes())
        return found


if __name__ == "__main__":
    worker.serve(OnnxRuntime(int(sys.argv[1]), sys.argv[2]))
