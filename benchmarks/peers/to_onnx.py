# SPDX-License-Identifier: Apache-2.0
"""A graph as dump_graph.cc writes it -> an ONNX model that does the same work, in the form ONNX Runtime likes best.

Int8 activations become uint8 (128 added to value and zero point: the same numbers), for which its kernels are made on
x86; weights stay int8. Every quantised operator stands between DequantizeLinear and QuantizeLinear, which the runtime
fuses. Pictures are NCHW inside, as ONNX has them; padding in front of a convolution goes into the convolution. What has
no counterpart raises Unsupported with the operator's name.
"""

import json

import numpy
from onnx import TensorProto, helper, numpy_helper

from worker import Unsupported

NUMPY = {"float32": numpy.float32, "int8": numpy.int8, "uint8": numpy.uint8, "int32": numpy.int32, "int64": numpy.int64}
NCHW, RAW = "nchw", "raw"  # RAW: the file's order of dimensions
TO_NCHW, TO_NHWC = [0, 3, 1, 2], [0, 2, 3, 1]
NONE, RELU, RELU_N1_TO_1, RELU6 = range(4)
RANGES = {NONE: (None, None), RELU: (0.0, None), RELU_N1_TO_1: (-1.0, 1.0), RELU6: (0.0, 6.0)}


class Dump:
    """The graph, and its constants as arrays."""

    def __init__(self, prefix):
        with open(prefix + ".json", encoding="utf-8") as file:
            graph = json.load(file)
        with open(prefix + ".bin", "rb") as file:
            self.bytes = file.read()
        self.tensors, self.operators = graph["tensors"], graph["operators"]
        self.inputs, self.outputs = graph["inputs"], graph["outputs"]

    def constant(self, index):
        tensor = self.tensors[index]
        if "data" not in tensor:
            return None
        begin, size = tensor["data"]
        if tensor["type"] not in NUMPY:
            raise Unsupported(f"not supported: a constant of type {tensor['type']}")
        return numpy.frombuffer(self.bytes[begin:begin + size], NUMPY[tensor["type"]]).reshape(tensor["shape"])


class Converter:
    def __init__(self, dump):
        self.dump = dump
        self.nodes, self.initializers = [], []
        self.names = {}  # (tensor, order) -> name
        self.padded = {}  # output of a PAD that convolutions take over -> (its input, the amounts)
        self.count = 0
        self.uses = {}
        for op in dump.operators:
            for index in op["inputs"]:
                self.uses.setdefault(index, []).append(op)

    # What names stand for.

    def fresh(self, hint):
        self.count += 1
        return f"{hint}_{self.count}"

    def add(self, kind, inputs, hint=None, output=None, **attributes):
        name = output or self.fresh(hint or kind)
        self.nodes.append(helper.make_node(kind, inputs, [name], name=self.fresh("node"), **attributes))
        return name

    def keep(self, values, hint="constant"):
        name = self.fresh(hint)
        self.initializers.append(numpy_helper.from_array(numpy.array(values, order="C"), name))
        return name

    def tensor(self, index):
        return self.dump.tensors[index]

    def quantised(self, index):
        return self.tensor(index)["type"] in ("int8", "uint8") and bool(self.tensor(index)["scales"])

    def parameters(self, index):
        """Scale and zero point of an activation as constants, in uint8."""
        tensor = self.tensor(index)
        shift = 128 if tensor["type"] == "int8" else 0
        return [self.keep(numpy.float32(tensor["scales"][0])), self.keep(numpy.uint8(tensor["zero_point"] + shift))]

    def get(self, index, order):
        """The tensor's name in this order of dimensions; a constant or a transposition is made where it is missing."""
        if len(self.tensor(index)["shape"]) != 4:
            order = RAW
        if (index, order) not in self.names:
            values = self.dump.constant(index)
            if values is not None:
                if values.dtype == numpy.int8:
                    values = (values.astype(numpy.int16) + 128).astype(numpy.uint8)
                self.names[index, order] = self.keep(values.transpose(TO_NCHW) if order == NCHW else values)
            else:
                other = self.names[index, RAW if order == NCHW else NCHW]
                self.names[index, order] = self.add("Transpose", [other], perm=TO_NCHW if order == NCHW else TO_NHWC)
        return self.names[index, order]

    def real(self, index, order):
        """The tensor's real numbers."""
        name = self.get(index, order)
        return self.add("DequantizeLinear", [name, *self.parameters(index)]) if self.quantised(index) else name

    def put(self, index, order, name, activation=NONE):
        """Real numbers become the tensor: quantised where it is, and cut off as the activation says."""
        if activation not in RANGES:
            raise Unsupported("not supported: activation")
        low, high = RANGES[activation]
        if self.quantised(index):
            name = self.add("QuantizeLinear", [name, *self.parameters(index)])
            name = self.clip_steps(index, name, low, high)
        elif high is not None:
            name = self.add("Clip", [name, self.keep(numpy.float32(low)), self.keep(numpy.float32(high))])
        elif low is not None:
            name = self.add("Relu", [name])
        self.names[index, order if len(self.tensor(index)["shape"]) == 4 else RAW] = name

    def clip_steps(self, index, name, low, high):
        """In quantised numbers, where the runtime doesn't take the Clip for a part of the convolution and lose the
        integer kernel; nothing where the quantisation can't hold what would be cut off."""
        tensor = self.tensor(index)
        scale, zero = tensor["scales"][0], tensor["zero_point"] + (128 if tensor["type"] == "int8" else 0)
        bottom = 0 if low is None else max(round(low / scale) + zero, 0)
        top = 255 if high is None else min(round(high / scale) + zero, 255)
        if (bottom, top) == (0, 255):
            return name
        return self.add("Clip", [name, self.keep(numpy.uint8(bottom)), self.keep(numpy.uint8(top))])

    # Operators.

    def weights(self, index, values, axis):
        """Weights (int8, already in ONNX's order) as real numbers; scales run along `axis`."""
        tensor = self.tensor(index)
        if not tensor["scales"]:
            return self.keep(values, "weights")
        scales = numpy.array(tensor["scales"], numpy.float32)
        per_axis = len(scales) > 1
        scale = scales if per_axis else scales[0]
        zero = numpy.zeros(len(scales), values.dtype) if per_axis else values.dtype.type(tensor["zero_point"])
        return self.add("DequantizeLinear", [self.keep(values, "weights"), self.keep(scale), self.keep(zero)],
                        **({"axis": axis} if per_axis else {}))

    def bias(self, op, count):
        """The bias as real numbers, or []."""
        if len(op["inputs"]) < 3 or op["inputs"][2] < 0:
            return []
        values = self.dump.constant(op["inputs"][2])
        if values.dtype == numpy.float32:
            return [self.keep(values.reshape(count), "bias")]
        scales = numpy.array(self.tensor(op["inputs"][1])["scales"], numpy.float32)
        scales = scales * numpy.float32(self.tensor(op["inputs"][0])["scales"][0])
        scale = scales if len(scales) > 1 else scales[0]
        zero = numpy.zeros(len(scales), numpy.int32) if len(scales) > 1 else numpy.int32(0)
        return [self.add("DequantizeLinear", [self.keep(values.reshape(count), "bias"), self.keep(scale), self.keep(zero)],
                         **({"axis": 0} if len(scales) > 1 else {}))]

    def pads(self, options, shape, kernel):
        """[top, left, bottom, right] that SAME means for an input of this NHWC shape."""
        if any(options.get("edges", [])):
            return options["edges"]
        if not options["same"]:
            return [0, 0, 0, 0]
        before, after = [], []
        for size, stride, taps, dilation in zip(shape[1:3], options["strides"], kernel,
                                                options.get("dilations", [1, 1]), strict=True):
            need = max((-(-size // stride) - 1) * stride + (taps - 1) * dilation + 1 - size, 0)
            before.append(need // 2)
            after.append(need - need // 2)
        return before + after

    def convolution(self, op):
        source, filters, out = op["inputs"][0], op["inputs"][1], op["outputs"][0]
        options, values = op["options"], self.dump.constant(op["inputs"][1])
        extra = [0, 0, 0, 0]
        if source in self.padded:
            source, extra = self.padded[source]
        channels = self.tensor(source)["shape"][3]
        if op["kind"] == "DEPTHWISE_CONV_2D":
            values, group = values.transpose(3, 0, 1, 2), channels
        else:
            values = values.transpose(0, 3, 1, 2)
            group = channels // values.shape[1]
        pads = [a + b for a, b in zip(self.pads(options, self.tensor(source)["shape"], values.shape[2:]), extra, strict=True)]
        name = self.add("Conv", [self.real(source, NCHW), self.weights(filters, values, 0), *self.bias(op, len(values))],
                        kernel_shape=values.shape[2:], strides=options["strides"], dilations=options["dilations"],
                        pads=pads, group=group)
        self.put(out, NCHW, name, options["activation"])

    def fully_connected(self, op):
        source, filters, out = op["inputs"][0], op["inputs"][1], op["outputs"][0]
        values = self.dump.constant(filters)
        if values is None:
            raise Unsupported("not supported: FULLY_CONNECTED with weights that are computed")
        name = self.get(source, RAW)
        if len(self.tensor(source)["shape"]) != 2:
            name = self.add("Reshape", [name, self.keep(numpy.array([-1, values.shape[1]], numpy.int64))])
        if self.quantised(source):
            name = self.add("DequantizeLinear", [name, *self.parameters(source)])
        name = self.add("Gemm", [name, self.weights(filters, values.T, 1), *self.bias(op, len(values))])
        self.put(out, RAW, name, op["options"].get("activation", NONE))
        if len(self.tensor(out)["shape"]) != 2:
            shape = self.keep(numpy.array(self.tensor(out)["shape"], numpy.int64))
            self.names[out, RAW] = self.add("Reshape", [self.names[out, RAW], shape])

    def pad(self, op):
        source, out = op["inputs"][0], op["outputs"][0]
        amounts = self.dump.constant(op["inputs"][1]).astype(numpy.int64)
        users = self.uses.get(out, [])
        if (len(amounts) == 4 and not amounts[[0, 3]].any() and users and out not in self.dump.outputs and
                all(user["kind"] in ("CONV_2D", "DEPTHWISE_CONV_2D") and not user["options"]["same"] for user in users)):
            (top, bottom), (left, right) = amounts[1].tolist(), amounts[2].tolist()
            self.padded[out] = source, [top, left, bottom, right]
            return
        order = self.order([source])
        amounts = amounts[TO_NCHW] if order == NCHW else amounts
        value = self.tensor(source)["zero_point"] + 128 if self.quantised(source) else 0.0
        fill = numpy.uint8(value) if self.quantised(source) else numpy.float32(value)
        name = self.add("Pad", [self.get(source, order), self.keep(amounts.T.reshape(-1)), self.keep(fill)])
        self.names[out, order] = name

    def order(self, sources):
        """NCHW where one of these has four dimensions and is to be had so."""
        if all(len(self.tensor(index)["shape"]) == 4 for index in sources) and \
                any((index, NCHW) in self.names for index in sources):
            return NCHW
        return RAW

    def pool(self, op, kind):
        source, out, options = op["inputs"][0], op["outputs"][0], op["options"]
        shape = self.tensor(source)["shape"]
        name = self.real(source, NCHW)
        if kind == "AveragePool" and options["filter"] == shape[1:3] and self.tensor(out)["shape"][1:3] == [1, 1]:
            name = self.add("GlobalAveragePool", [name])
        else:
            name = self.add(kind, [name], kernel_shape=options["filter"], strides=options["strides"],
                            pads=self.pads(options, shape, options["filter"]))
        self.put(out, NCHW, name, options["activation"])

    def mean(self, op):
        source, out = op["inputs"][0], op["outputs"][0]
        axes = sorted(numpy.ravel(self.dump.constant(op["inputs"][1])).tolist())
        if len(self.tensor(source)["shape"]) != 4 or axes != [1, 2]:
            name = self.add("ReduceMean", [self.real(source, RAW)], axes=axes,
                            keepdims=int(op["options"].get("keep_dims", False)))
            return self.put(out, RAW, name)
        name = self.add("GlobalAveragePool", [self.real(source, NCHW)])
        if len(self.tensor(out)["shape"]) != 4:
            name = self.add("Reshape", [name, self.keep(numpy.array(self.tensor(out)["shape"], numpy.int64))])
        return self.put(out, NCHW, name)

    def reshape(self, op):
        source, out = op["inputs"][0], op["outputs"][0]
        shape = self.tensor(source)["shape"]
        order = NCHW if len(shape) == 4 and shape[1:3] == [1, 1] and (source, NCHW) in self.names else RAW
        self.names[out, RAW] = self.add("Reshape", [self.get(source, order),
                                                    self.keep(numpy.array(self.tensor(out)["shape"], numpy.int64))])

    def elementwise(self, op, kind, **attributes):
        out = op["outputs"][0]
        sources = [index for index in op["inputs"] if "data" not in self.tensor(index)]
        order = self.order(sources)
        name = self.add(kind, [self.real(index, order) for index in op["inputs"]], **attributes)
        self.put(out, order, name, op["options"].get("activation", NONE))

    def prelu(self, op):
        slope = self.dump.constant(op["inputs"][1])
        if self.quantised(op["inputs"][0]):
            raise Unsupported("not supported: PRELU of integers")
        name = self.add("PRelu", [self.get(op["inputs"][0], NCHW), self.keep(slope.reshape(-1, 1, 1))])
        self.put(op["outputs"][0], NCHW, name)

    def resize(self, op):
        source, out, options = op["inputs"][0], op["outputs"][0], op["options"]
        mode = "align_corners" if options["align_corners"] else \
            "half_pixel" if options["half_pixel_centers"] else "asymmetric"
        shape = self.tensor(out)["shape"]
        sizes = self.keep(numpy.array([shape[0], shape[3], shape[1], shape[2]], numpy.int64))
        name = self.add("Resize", [self.real(source, NCHW), "", "", sizes], mode="linear",
                        coordinate_transformation_mode=mode)
        self.put(out, NCHW, name)

    def concatenation(self, op):
        out, axis = op["outputs"][0], op["options"]["axis"]
        rank = len(self.tensor(out)["shape"])
        axis = axis + rank if axis < 0 else axis
        order = self.order(op["inputs"])
        place = TO_NCHW.index(axis) if order == NCHW else axis
        self.put(out, order, self.add("Concat", [self.real(index, order) for index in op["inputs"]], axis=place))

    def convert(self, op):
        """QUANTIZE, DEQUANTIZE: from real numbers to real numbers, which the tensors' types do."""
        order = self.order(op["inputs"][:1])
        self.put(op["outputs"][0], order, self.real(op["inputs"][0], order))

    def transpose(self, op):
        perm = self.dump.constant(op["inputs"][1]).tolist()
        self.names[op["outputs"][0], RAW] = self.add("Transpose", [self.get(op["inputs"][0], RAW)], perm=perm)

    def depth_to_space(self, op):
        name = self.add("DepthToSpace", [self.get(op["inputs"][0], NCHW)], blocksize=op["options"]["block_size"])
        self.names[op["outputs"][0], NCHW] = name

    def operator(self, op):
        kind = op["kind"]
        if kind in ("CONV_2D", "DEPTHWISE_CONV_2D"):
            self.convolution(op)
        elif kind in ("AVERAGE_POOL_2D", "MAX_POOL_2D"):
            self.pool(op, "AveragePool" if kind == "AVERAGE_POOL_2D" else "MaxPool")
        elif kind in ("QUANTIZE", "DEQUANTIZE"):
            self.convert(op)
        elif kind in ELEMENTWISE:
            self.elementwise(op, ELEMENTWISE[kind])
        elif kind == "SOFTMAX":
            self.elementwise(op, "Softmax", axis=-1)
        elif kind in METHODS:
            METHODS[kind](self, op)
        else:
            raise Unsupported(f"not supported: {kind}")

    def graph_value(self, index, name):
        tensor = self.tensor(index)
        kind = {"float32": TensorProto.FLOAT, "int8": TensorProto.UINT8, "uint8": TensorProto.UINT8}.get(tensor["type"])
        if kind is None:
            raise Unsupported(f"not supported: a model whose inputs or outputs are {tensor['type']}")
        return helper.make_tensor_value_info(name, kind, tensor["shape"])

    def model(self):
        inputs, outputs = [], []
        for place, index in enumerate(self.dump.inputs):
            self.names[index, RAW] = f"input_{place}"
            inputs.append(self.graph_value(index, f"input_{place}"))
        for op in self.dump.operators:
            self.operator(op)
        for place, index in enumerate(self.dump.outputs):
            self.add("Identity", [self.get(index, RAW)], output=f"output_{place}")
            outputs.append(self.graph_value(index, f"output_{place}"))
        graph = helper.make_graph(self.nodes, "converted", inputs, outputs, self.initializers)
        return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=9)


ELEMENTWISE = {"ADD": "Add", "SUB": "Sub", "MUL": "Mul", "RELU": "Relu", "LOGISTIC": "Sigmoid", "TANH": "Tanh"}
METHODS = {"FULLY_CONNECTED": Converter.fully_connected, "PAD": Converter.pad, "MEAN": Converter.mean,
           "RESHAPE": Converter.reshape, "PRELU": Converter.prelu, "RESIZE_BILINEAR": Converter.resize,
           "CONCATENATION": Converter.concatenation, "TRANSPOSE": Converter.transpose,
           "DEPTH_TO_SPACE": Converter.depth_to_space}
