# SPDX-License-Identifier: Apache-2.0
"""Turns a trained `Detector` into integers, and runs those in numpy.

In: a model and calibration pictures. Out: `Quantized`, int8 weights per output
channel, int32 biases and one (scale, zero point) per activation, and `run`,
the TFLite reference kernels' arithmetic written out. `run` is the expectation
that the exported file is tested against.
"""

from dataclasses import dataclass

import numpy as np
import torch

from network import STRIDES, same_padding, shapes

INPUT_SCALE, INPUT_ZERO = 1 / 128, 0


@dataclass
class Conv:
    """An integer convolution: weight (O, kh, kw, I) or (1, kh, kw, C)."""

    weight: np.ndarray
    bias: np.ndarray
    scale: np.ndarray


@dataclass
class Quantized:
    nodes: list
    activation: dict  # name -> (scale, zero point)
    convs: dict  # name -> Conv


def quantize_input(pictures):
    """uint8 pictures (B, 128, 128) -> int8 (B, 128, 128, 1)."""
    v = pictures.astype(np.float32) * (2 / 255) - 1
    q = np.rint(v / INPUT_SCALE) + INPUT_ZERO
    return np.clip(q, -128, 127).astype(np.int8)[..., None]


class _Range:
    """A value's range over the calibration pictures, with its tails cut."""

    def __init__(self):
        self.lo, self.hi = [], []

    def see(self, v, tail):
        flat = v.detach().flatten().numpy()
        if tail:
            lo, hi = np.quantile(flat, (tail, 1 - tail))
        else:
            lo, hi = flat.min(), flat.max()
        self.lo.append(lo)
        self.hi.append(hi)

    def params(self):
        lo, hi = min(0.0, float(np.median(self.lo))), max(0.0, float(np.median(self.hi)))
        scale = np.float32(max(hi - lo, 1e-3) / 255)
        return scale, int(np.clip(round(-128 - lo / scale), -128, 127))


def calibrate(model, pictures, batch=64):
    """(scale, zero point) for every activation."""
    ranges = {}

    def hook(name, v):
        head = name.startswith(("score", "box", "points"))
        ranges.setdefault(name, _Range()).see(v, 0 if head else 1e-5)
        return v

    model.eval()
    with torch.no_grad():
        for i in range(0, len(pictures), batch):
            x = torch.from_numpy(pictures[i : i + batch]).float()[:, None] * (2 / 255) - 1
            model(x, hook)
    out = {n: r.params() for n, r in ranges.items()}
    out["input"] = (np.float32(INPUT_SCALE), INPUT_ZERO)
    for n in model.nodes:
        if n.op == "up2":
            out[n.name] = out[n.inputs[0]]
    return out


def quantize(model, activation):
    """Folds batch norms and rounds weights and biases."""
    convs = {}
    for n in model.nodes:
        if n.op not in ("conv", "dw"):
            continue
        w, b = (t.numpy() for t in model.conv(n.name).folded())
        peak = np.maximum(np.abs(w).reshape(len(w), -1).max(1), 1e-9)
        scale = (peak / 127).astype(np.float32)
        q = np.clip(np.rint(w / scale[:, None, None, None]), -127, 127).astype(np.int8)
        q = q.transpose(1, 2, 3, 0) if n.op == "dw" else q.transpose(0, 2, 3, 1)
        unit = scale.astype(np.float64) * float(activation[n.inputs[0]][0])
        bias = np.clip(np.rint(b / unit), -(2**31) + 1, 2**31 - 1).astype(np.int32)
        convs[n.name] = Conv(np.ascontiguousarray(q), bias, scale)
    return Quantized(model.nodes, activation, convs)


def quantize_multiplier(value):
    """A positive real as (int32 mantissa in Q31, exponent)."""
    mantissa, shift = np.frexp(value)
    q = int(np.floor(float(mantissa) * 2**31 + 0.5))
    if q == 2**31:
        q //= 2
        shift += 1
    return q, int(shift)


def multiply(x, mantissa, shift):
    """TFLite's MultiplyByQuantizedMultiplier (double rounding), on int64."""
    left = np.maximum(shift, 0)
    right = np.maximum(-np.asarray(shift), 0)
    product = (x << left) * mantissa
    nudge = np.where(product >= 0, 1 << 30, 1 - (1 << 30))
    total = product + nudge  # divide by 2^31, truncating towards zero
    high = np.where(total >= 0, total >> 31, -((-total) >> 31))
    mask = (np.int64(1) << right) - 1
    rest = high & mask
    threshold = (mask >> 1) + (high < 0)
    return (high >> right) + (rest > threshold)


def _patches(x, node, fill):
    """(B, H, W, C) -> (B, h, w, kh, kw, C) with TFLite's SAME padding."""
    lo, hi = same_padding(x.shape[1], node.kernel, node.stride)
    x = np.pad(x, ((0, 0), (lo, hi), (lo, hi), (0, 0)), constant_values=fill)
    win = np.lib.stride_tricks.sliding_window_view(x, (node.kernel, node.kernel), (1, 2))
    win = win[:, :: node.stride, :: node.stride]
    return win.transpose(0, 1, 2, 4, 5, 3)


def _limits(node, scale, zero):
    if not node.act:
        return -128, 127
    six = zero + int(np.floor(np.float32(6) / scale + np.float32(0.5)))
    return max(-128, zero), min(127, six)


def _run_conv(q, node, x):
    s_in, z_in = q.activation[node.inputs[0]]
    s_out, z_out = q.activation[node.name]
    c = q.convs[node.name]
    p = _patches(x.astype(np.float32) - z_in, node, 0)
    w = c.weight.astype(np.float32)
    if node.op == "dw":
        acc = np.einsum("bhwijc,ijc->bhwc", p, w[0], optimize=True)
    else:
        b, h, wd = p.shape[:3]
        acc = (p.reshape(b * h * wd, -1) @ w.reshape(len(w), -1).T).reshape(b, h, wd, -1)
    acc = acc.astype(np.int64) + c.bias
    pairs = [quantize_multiplier(float(s_in) * float(s) / float(s_out)) for s in c.scale]
    mantissa = np.array([m for m, _ in pairs], np.int64)
    shift = np.array([s for _, s in pairs], np.int64)
    lo, hi = _limits(node, s_out, z_out)
    return np.clip(multiply(acc, mantissa, shift) + z_out, lo, hi).astype(np.int8)


def _run_add(q, node, a, b):
    (s1, z1), (s2, z2) = (q.activation[i] for i in node.inputs)
    s_out, z_out = q.activation[node.name]
    twice = 2 * max(float(s1), float(s2))
    terms = 0
    for v, s, z in ((a, s1, z1), (b, s2, z2)):
        terms = terms + multiply((v.astype(np.int64) - z) << 20, *quantize_multiplier(float(s) / twice))
    out = multiply(terms, *quantize_multiplier(twice / ((1 << 20) * float(s_out))))
    lo, hi = _limits(node, s_out, z_out)
    return np.clip(out + z_out, lo, hi).astype(np.int8)


def run(q, x):
    """int8 (B, 128, 128, 1) -> {name: int8 (B, H, W, C)} for every node."""
    v = {"input": x}
    for n in q.nodes:
        a = [v[i] for i in n.inputs]
        if n.op == "add":
            v[n.name] = _run_add(q, n, *a)
        elif n.op == "up2":
            v[n.name] = a[0].repeat(2, 1).repeat(2, 2)
        else:
            v[n.name] = _run_conv(q, n, a[0])
    return v


def outputs(q, values):
    """The file's outputs: regressors (B, 320, 16), logits (B, 320, 1)."""

    def real(name):
        s, z = q.activation[name]
        return (values[name].astype(np.int32) - z).astype(np.float32) * np.float32(s)

    regs, logits = [], []
    for s in STRIDES:
        r = np.concatenate([real(f"box{s}"), real(f"points{s}")], -1)
        regs.append(r.reshape(len(r), -1, 16))
        logits.append(real(f"score{s}").reshape(len(r), -1, 1))
    return np.concatenate(regs, 1), np.concatenate(logits, 1)


def peak_memory(nodes):
    """The largest sum of int8 activations alive at once, in bytes, and where."""
    size = {k: h * h * c for k, (h, c) in shapes(nodes).items()}
    last = {}
    for i, n in enumerate(nodes):
        for a in n.inputs:
            last[a] = i
    for n in nodes:
        last.setdefault(n.name, len(nodes))
    born = {"input": -1} | {n.name: i for i, n in enumerate(nodes)}
    best = (0, "")
    for i, n in enumerate(nodes):
        live = sum(size[k] for k in size if born[k] <= i <= last[k])
        best = max(best, (live, n.name))
    return best
