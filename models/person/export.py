# SPDX-License-Identifier: Apache-2.0
"""Writes a quantised detector as a .tflite file with its metadata.

In: `Quantized` and a score threshold. Out: bytes. The convolutions are int8;
the file ends with DEQUANTIZE, CONCATENATION and RESHAPE to the two float32
outputs: regressors (1, 320, 16), then logits (1, 320, 1).
"""

import sys
from pathlib import Path

import numpy as np

from network import INPUT, STRIDES, shapes

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
import tflite_writer as tw  # noqa: E402

METADATA_NAME = "pinhole.detector"


def metadata(threshold):
    """The text that tells a reader how to decode the outputs."""
    lines = (
        "pinhole-detector 1",
        "classes face",
        "strides 8 16",
        "anchors_per_cell 1 1",
        "keypoints 6",
        "input_range -1 1",
        f"min_score {threshold:.2f}",
        "iou 0.3",
    )
    return ("\n".join(lines) + "\n").encode("ascii")


class _Exporter:
    def __init__(self, q, description):
        self.q = q
        self.g = tw.Graph(description)
        self.size = shapes(q.nodes)
        self.ids = {"input": self._activation("input")}

    def _activation(self, name):
        h, c = self.size[name]
        scale, zero = self.q.activation[name]
        return self.g.tensor(name, (1, h, h, c), tw.INT8, scale=[scale], zero_point=[zero])

    def _conv(self, node):
        c = self.q.convs[node.name]
        axis = 3 if node.op == "dw" else 0
        zeros = [0] * len(c.scale)
        unit = c.scale * np.float32(self.q.activation[node.inputs[0]][0])
        weight = self.g.constant(node.name + "/weight", c.weight, list(c.scale), zeros, axis)
        bias = self.g.constant(node.name + "/bias", c.bias, list(unit), zeros, 0)
        out = self.ids[node.name]
        act = tw.ACT_RELU6 if node.act else tw.ACT_NONE
        options = {"padding": tw.PADDING_SAME, "stride_w": node.stride, "stride_h": node.stride, "activation": act}
        if node.op == "dw":
            options["multiplier"] = 1
        kind = "DEPTHWISE_CONV_2D" if node.op == "dw" else "CONV_2D"
        self.g.operator(kind, [self.ids[node.inputs[0]], weight, bias], [out], **options)

    def _node(self, node):
        self.ids[node.name] = self._activation(node.name)
        ins = [self.ids[i] for i in node.inputs]
        if node.op == "add":
            act = tw.ACT_RELU6 if node.act else tw.ACT_NONE
            self.g.operator("ADD", ins, [self.ids[node.name]], activation=act)
        elif node.op == "up2":
            h, _ = self.size[node.name]
            target = self.g.constant(node.name + "/size", np.array([h, h], np.int32))
            self.g.operator("RESIZE_NEAREST_NEIGHBOR", [ins[0], target], [self.ids[node.name]])
        else:
            self._conv(node)

    def _real(self, name):
        h, c = self.size[name]
        out = self.g.tensor(name + "/real", (1, h, h, c), tw.FLOAT32)
        self.g.operator("DEQUANTIZE", [self.ids[name]], [out])
        return out

    def _rows(self, name, tensor, h, width):
        shape = (1, h * h, width)
        target = self.g.constant(name + "/shape", np.array(shape, np.int32))
        out = self.g.tensor(name + "/rows", shape, tw.FLOAT32)
        self.g.operator("RESHAPE", [tensor, target], [out], new_shape=shape)
        return out

    def _join(self, name, parts, shape, axis):
        out = self.g.tensor(name, shape, tw.FLOAT32)
        self.g.operator("CONCATENATION", parts, [out], axis=axis)
        return out

    def write(self, threshold):
        for node in self.q.nodes:
            self._node(node)
        regs, logits = [], []
        for s in STRIDES:
            h = INPUT // s
            parts = [self._real(f"box{s}"), self._real(f"points{s}")]
            joined = self._join(f"regressors{s}", parts, (1, h, h, 16), 3)
            regs.append(self._rows(f"regressors{s}", joined, h, 16))
            logits.append(self._rows(f"score{s}", self._real(f"score{s}"), h, 1))
        count = sum((INPUT // s) ** 2 for s in STRIDES)
        r = self._join("regressors", regs, (1, count, 16), 1)
        c = self._join("logits", logits, (1, count, 1), 1)
        self.g.add_metadata(METADATA_NAME, metadata(threshold))
        return self.g.write([self.ids["input"]], [r, c])


def export(q, threshold):
    """The .tflite file's bytes."""
    text = "Pinhole face detector, trained on drawn pictures only. Apache-2.0."
    return _Exporter(q, text).write(threshold)
