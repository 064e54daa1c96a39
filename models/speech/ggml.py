# SPDX-License-Identifier: Apache-2.0
"""Reads and writes the `.bin` format of whisper.cpp ("ggml"). Needs nothing beside Python.

Little endian: magic, eleven numbers, the mel filters, the ordinary tokens in order of rank, then tensors
until the end of the file: dimensions, length of the name, type, extents (the fastest first), name, data.
"""

import struct
from dataclasses import dataclass, field

MAGIC = 0x67676D6C
DIMS = ("n_vocab", "n_audio_ctx", "n_audio_state", "n_audio_head", "n_audio_layer", "n_text_ctx", "n_text_state",
        "n_text_head", "n_text_layer", "n_mels")
F32, F16 = 0, 1
WIDTH = {F32: 4, F16: 2}


@dataclass
class Tensor:
    type: int
    shape: tuple  # as in PyTorch: the slowest first
    data: bytes


@dataclass
class File:
    dims: dict
    ftype: int = F16
    filters_shape: tuple = (80, 201)
    filters: bytes = b""
    tokens: list = field(default_factory=list)
    tensors: dict = field(default_factory=dict)


def write(file):
    """File -> bytes."""
    ints = struct.Struct("<i")
    out = [ints.pack(x) for x in (MAGIC, *(file.dims[k] for k in DIMS), file.ftype, *file.filters_shape)]
    out += [file.filters, ints.pack(len(file.tokens))]
    for token in file.tokens:
        out += [ints.pack(len(token)), token]
    for name, t in file.tensors.items():
        out += [ints.pack(x) for x in (len(t.shape), len(name), t.type, *reversed(t.shape))]
        out += [name.encode(), t.data]
    return b"".join(out)


class _Reader:
    def __init__(self, data):
        self.data, self.at = data, 0

    def take(self, count):
        if count < 0 or self.at + count > len(self.data):
            raise ValueError(f"the file ends at byte {len(self.data)}; {count} more were expected at {self.at}")
        self.at += count
        return self.data[self.at - count : self.at]

    def ints(self, count=1):
        return struct.unpack(f"<{count}i", self.take(4 * count))


def read(data):
    """bytes -> File. ValueError where the bytes are no such file or are cut."""
    r = _Reader(data)
    if r.ints() != (MAGIC,):
        raise ValueError("no ggml file: the first four bytes are not 'lmgg'")
    file = File(dict(zip(DIMS, r.ints(10), strict=True)), *r.ints())
    file.filters_shape = r.ints(2)
    file.filters = r.take(4 * file.filters_shape[0] * file.filters_shape[1])
    file.tokens = [r.take(*r.ints()) for _ in range(*r.ints())]
    while r.at < len(data):
        n, name_length, kind = r.ints(3)
        shape = tuple(reversed(r.ints(n)))
        name = r.take(name_length).decode()
        size = WIDTH[kind]
        for extent in shape:
            size *= extent
        file.tensors[name] = Tensor(kind, shape, r.take(size))
    return file
