# SPDX-License-Identifier: Apache-2.0
"""Turns a checkpoint into `speech.bin`, and the file into a network again.

    python export.py --checkpoint CKPT --out speech.bin

Matrices are f16; biases, norms and positions f32, as whisper.cpp's converter has them.
"""

import argparse
from pathlib import Path

import numpy as np
import torch

import ggml
import vocabulary as v
from features import mel_filters
from network import Whisper


def tensor(name, x):
    """A weight as the file holds it."""
    x = x.detach().float().numpy()
    if name in ("encoder.conv1.bias", "encoder.conv2.bias"):
        x = x.reshape(-1, 1)
    single = x.ndim < 2 or name.endswith(("positional_embedding", "bias"))
    kind = ggml.F32 if single else ggml.F16
    return ggml.Tensor(kind, x.shape, np.ascontiguousarray(x.astype("<f4" if single else "<f2")).tobytes())


def export(model, tokens):
    """The network and its ordinary tokens -> the file's bytes."""
    filters = mel_filters()
    file = ggml.File(model.dims, ggml.F16, filters.shape, filters.astype("<f4").tobytes(), tokens)
    file.tensors = {name: tensor(name, x) for name, x in model.state_dict().items()}
    return ggml.write(file)


def load(path):
    """speech.bin -> (network in f32 with the file's weights, tokenizer)."""
    file = ggml.read(Path(path).read_bytes())
    model = Whisper(file.dims)
    state = model.state_dict()
    for name, t in file.tensors.items():
        x = np.frombuffer(t.data, "<f4" if t.type == ggml.F32 else "<f2").astype(np.float32)
        state[name] = torch.from_numpy(x.reshape(state[name].shape).copy())
    model.load_state_dict(state)
    return model.eval(), v.Tokenizer(file.tokens)


def main():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("--checkpoint", type=Path, required=True)
    p.add_argument("--out", type=Path, required=True)
    args = p.parse_args()
    state = torch.load(args.checkpoint, weights_only=True)
    model = Whisper(state["dims"])
    model.load_state_dict(state["average"])
    args.out.write_bytes(export(model, state["tokens"]))


if __name__ == "__main__":
    main()
