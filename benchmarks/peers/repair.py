#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""repair.py MODEL writes the model to standard output, as LiteRT takes it.

Some files give a bias, which has one dimension, the quantised dimension of its filter. TensorFlow Lite Micro takes them;
LiteRT doesn't.
"""

import sys

import flatbuffers
from ai_edge_litert import schema_py_generated as schema


def repair(path):
    """(the file's bytes, how many of its tensors were repaired)."""
    with open(path, "rb") as file:
        content = file.read()
    model = schema.ModelT.InitFromObj(schema.Model.GetRootAs(content, 0))
    wrong = [tensor for graph in model.subgraphs for tensor in graph.tensors
             if tensor.quantization is not None and tensor.shape is not None
             and tensor.quantization.quantizedDimension >= max(len(tensor.shape), 1)]
    if not wrong:
        return content, 0
    for tensor in wrong:
        tensor.quantization.quantizedDimension = 0
    builder = flatbuffers.Builder(len(content))
    builder.Finish(model.Pack(builder), b"TFL3")
    return bytes(builder.Output()), len(wrong)


if __name__ == "__main__":
    sys.stdout.buffer.write(repair(sys.argv[1])[0])
