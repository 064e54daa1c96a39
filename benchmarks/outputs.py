# SPDX-License-Identifier: Apache-2.0
"""The same inputs for everyone, and whether everyone did the same work: outputs held against a reference."""

import array
import os
import struct

SEED = 12345


def random_inputs(tensors):
    """Bytes for each input: a linear congruential generator, the one that made the reference outputs of the test data.
    Floats are in [-1, 1), all other types random bytes."""
    state = SEED
    made = []
    for tensor in tensors:
        if tensor["type"] == "float32":
            values = array.array("f", bytes(tensor["bytes"]))
            for i in range(len(values)):
                state = (state * 1664525 + 1013904223) & 0xFFFFFFFF
                values[i] = (state >> 8) / 8388608.0 - 1.0
            made.append(values.tobytes())
        else:
            data = bytearray(tensor["bytes"])
            for i in range(len(data)):
                state = (state * 1664525 + 1013904223) & 0xFFFFFFFF
                data[i] = state >> 24
            made.append(bytes(data))
    return made


def golden(data_folder, name, count):
    """The outputs that TensorFlow Lite Micro's reference kernels gave, or None where the test data has none."""
    folder = os.path.join(data_folder, "golden", "engine", name, "random")
    found = []
    for index in range(count):
        path = os.path.join(folder, f"step0.out{index}.bin")
        if not os.path.exists(path):
            return None
        with open(path, "rb") as file:
            found.append(file.read())
    return found


CODES = {"float32": "f", "int8": "b", "uint8": "B", "int16": "h", "int32": "i"}


def values(data, kind):
    code = CODES[kind]
    return struct.unpack(f"<{len(data) // struct.calcsize(code)}{code}", data)


def difference(found, expected, tensors):
    """{largest: the largest difference, in steps of an integer's scale or as a share of a float's peak,
    argmax: whether the largest value stands at the same place in every output}; None where sizes differ."""
    if [len(one) for one in found] != [len(one) for one in expected]:
        return None
    largest, same = 0.0, True
    for one, other, tensor in zip(found, expected, tensors, strict=True):
        a, b = values(one, tensor["type"]), values(other, tensor["type"])
        gap = max(abs(x - y) for x, y in zip(a, b, strict=True))
        if tensor["type"] == "float32":
            gap /= max(max(abs(x) for x in b), 1e-30)
        largest = max(largest, gap)
        same &= a.index(max(a)) == b.index(max(b))
    return {"largest": largest, "argmax": same, "unit": "of the peak" if tensors[0]["type"] == "float32" else "steps"}
