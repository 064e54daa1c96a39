# SPDX-License-Identifier: Apache-2.0
"""Writes TFLite flatbuffers (schema v3), with nothing but `flatbuffers`.

In: a `Graph` of tensors and operators. Out: the file's bytes, identifier TFL3,
with buffers aligned to 16 bytes. Only the operators in `OPERATORS` are known.

    g = Graph("my model")
    x = g.tensor("x", (1, 8, 8, 1), INT8, scale=[0.01], zero_point=[0])
    y = g.tensor("y", (1, 8, 8, 1), FLOAT32)
    g.operator("DEQUANTIZE", [x], [y])
    data = g.write(inputs=[x], outputs=[y])

The slot numbers follow the order of the fields in TensorFlow's schema.fbs.
"""

from dataclasses import dataclass, field

import flatbuffers
import numpy as np

FLOAT32, INT32, INT8 = 0, 2, 9
_NUMPY_TYPES = {np.dtype("float32"): FLOAT32, np.dtype("int32"): INT32, np.dtype("int8"): INT8}

PADDING_SAME = 0
ACT_NONE, ACT_RELU, ACT_RELU6 = 0, 1, 3

# name: (builtin code, version, options union tag, ((option, kind, default), ...))
OPERATORS = {
    "ADD": (0, 2, 11, (("activation", "Int8", 0),)),
    "CONCATENATION": (2, 1, 10, (("axis", "Int32", 0), ("activation", "Int8", 0))),
    "CONV_2D": (
        3, 3, 1,
        (("padding", "Int8", 0), ("stride_w", "Int32", 0), ("stride_h", "Int32", 0), ("activation", "Int8", 0),
         ("dilation_w", "Int32", 1), ("dilation_h", "Int32", 1)),
    ),
    "DEPTHWISE_CONV_2D": (
        4, 3, 2,
        (("padding", "Int8", 0), ("stride_w", "Int32", 0), ("stride_h", "Int32", 0), ("multiplier", "Int32", 0),
         ("activation", "Int8", 0), ("dilation_w", "Int32", 1), ("dilation_h", "Int32", 1)),
    ),
    "DEQUANTIZE": (6, 2, 38, ()),
    "RESHAPE": (22, 1, 17, (("new_shape", "Vector", None),)),
    "RESIZE_NEAREST_NEIGHBOR": (97, 2, 74, (("align_corners", "Bool", False), ("half_pixel_centers", "Bool", False))),
}  # fmt: skip


@dataclass
class _Tensor:
    name: str
    shape: tuple
    type: int
    data: bytes | None
    scale: list | None
    zero_point: list | None
    dimension: int


@dataclass
class _Operator:
    name: str
    inputs: list
    outputs: list
    options: dict


@dataclass
class Graph:
    """One subgraph under construction. Tensors are known by their index."""

    description: str
    tensors: list = field(default_factory=list)
    operators: list = field(default_factory=list)
    metadata: list = field(default_factory=list)

    def tensor(self, name, shape, type_, data=None, scale=None, zero_point=None, dimension=0):
        """Adds a tensor and returns its index. `scale` and `zero_point` are
        lists: one entry, or one per slice along `dimension`."""
        self.tensors.append(_Tensor(name, tuple(shape), type_, data, scale, zero_point, dimension))
        return len(self.tensors) - 1

    def constant(self, name, array, scale=None, zero_point=None, dimension=0):
        """Adds a tensor that carries a numpy array's values."""
        a = np.ascontiguousarray(array)
        type_ = _NUMPY_TYPES[a.dtype]
        return self.tensor(name, a.shape, type_, a.astype(a.dtype.newbyteorder("<")).tobytes(), scale, zero_point, dimension)

    def operator(self, name, inputs, outputs, **options):
        """Adds an operator; the order of calls is the order of execution."""
        known = {o[0] for o in OPERATORS[name][3]}
        if set(options) - known:
            raise ValueError(f"{name} has no option {sorted(set(options) - known)}; it has {sorted(known)}")
        self.operators.append(_Operator(name, list(inputs), list(outputs), options))

    def add_metadata(self, name, data):
        """Adds a named buffer that travels with the model."""
        self.metadata.append((name, data))

    def write(self, inputs, outputs):
        """Returns the file's bytes."""
        return _Writer(self).write(inputs, outputs)


class _Writer:
    def __init__(self, graph):
        self.g = graph
        self.b = flatbuffers.Builder(1 << 20)
        self.blobs = [b""]  # buffer 0 is the empty one, by convention

    def _blob(self, data):
        if data is None:
            return 0
        self.blobs.append(data)
        return len(self.blobs) - 1

    def _bytes(self, data, align):
        self.b.StartVector(1, len(data), align)
        self.b.head = self.b.head - len(data)
        self.b.Bytes[self.b.head : self.b.head + len(data)] = data
        return self.b.EndVector()

    def _numbers(self, values, kind, size):
        self.b.StartVector(size, len(values), size)
        for v in reversed(values):
            getattr(self.b, "Prepend" + kind)(v)
        return self.b.EndVector()

    def _ints(self, values):
        return self._numbers([int(v) for v in values], "Int32", 4)

    def _offsets(self, values):
        return self._numbers(values, "UOffsetTRelative", 4)

    def _table(self, slots):
        """Writes a table from (slot, kind, value, default) rows."""
        self.b.StartObject(max((s[0] for s in slots), default=-1) + 1)
        for slot, kind, value, default in slots:
            if kind == "Offset":
                self.b.PrependUOffsetTRelativeSlot(slot, value, 0)
            else:
                getattr(self.b, f"Prepend{kind}Slot")(slot, value, default)
        return self.b.EndObject()

    def _quantization(self, t):
        if t.scale is None:
            return None
        scale = self._numbers([float(np.float32(v)) for v in t.scale], "Float32", 4)
        zero = self._numbers([int(v) for v in t.zero_point], "Int64", 8)
        return self._table([(2, "Offset", scale, 0), (3, "Offset", zero, 0), (6, "Int32", t.dimension, 0)])

    def _tensor(self, t):
        buffer = self._blob(t.data)
        name = self.b.CreateString(t.name)
        shape = self._ints(t.shape)
        quant = self._quantization(t)
        slots = [(0, "Offset", shape, 0), (1, "Int8", t.type, 0), (2, "Uint32", buffer, 0), (3, "Offset", name, 0)]
        if quant is not None:
            slots.append((4, "Offset", quant, 0))
        return self._table(slots)

    def _operator(self, op, codes):
        _, _, tag, fields = OPERATORS[op.name]
        slots = []
        for i, (key, kind, default) in enumerate(fields):
            value = op.options.get(key, default)
            if kind == "Vector":
                slots.append((i, "Offset", self._ints(value), 0))
            else:
                slots.append((i, kind, value, default))
        options = self._table(slots)
        ins, outs = self._ints(op.inputs), self._ints(op.outputs)
        return self._table(
            [
                (0, "Uint32", codes.index(op.name), 0),
                (1, "Offset", ins, 0),
                (2, "Offset", outs, 0),
                (3, "Uint8", tag, 0),
                (4, "Offset", options, 0),
            ]
        )

    def _code(self, name):
        code, version, _, _ = OPERATORS[name]
        return self._table([(0, "Int8", min(code, 127), 0), (2, "Int32", version, 1), (3, "Int32", code, 0)])

    def write(self, inputs, outputs):
        b = self.b
        codes = list(dict.fromkeys(op.name for op in self.g.operators))
        tensors = self._offsets([self._tensor(t) for t in self.g.tensors])
        operators = self._offsets([self._operator(o, codes) for o in self.g.operators])
        ins, outs, name = self._ints(inputs), self._ints(outputs), b.CreateString("main")
        rows = enumerate((tensors, ins, outs, operators, name))
        subgraph = self._offsets([self._table([(i, "Offset", v, 0) for i, v in rows])])
        code_rows = self._offsets([self._code(c) for c in codes])
        metadata = []
        for key, data in self.g.metadata:
            text = b.CreateString(key)
            metadata.append(self._table([(0, "Offset", text, 0), (1, "Uint32", self._blob(data), 0)]))
        metadata = self._offsets(metadata)
        description = b.CreateString(self.g.description)
        blobs = [self._buffer(d) for d in self.blobs]
        buffers = self._offsets(blobs)
        model = self._table(
            [
                (0, "Uint32", 3, 0),
                (1, "Offset", code_rows, 0),
                (2, "Offset", subgraph, 0),
                (3, "Offset", description, 0),
                (4, "Offset", buffers, 0),
                (6, "Offset", metadata, 0),
            ]
        )
        b.Finish(model, file_identifier=b"TFL3")
        return bytes(b.Output())

    def _buffer(self, data):
        if not data:
            return self._table([])
        return self._table([(0, "Offset", self._bytes(data, 16), 0)])
