# SPDX-License-Identifier: Apache-2.0
"""The detector's graph, written once for training, simulation and export.

`program()` lists the nodes in execution order. Each node names its inputs, so
PyTorch (`Detector`), the integer simulation (`quantize.py`) and the file
writer (`export.py`) all walk the same list. The input is 128 x 128 x 1; the
outputs are, per stride, a score logit, a box (4) and six key points (12).
"""

from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import nn

INPUT = 128
STRIDES = (8, 16)
# What a head's raw output is multiplied with, in pixels. Folded at export.
BOX_UNIT = {8: 16.0, 16: 48.0}
POINT_UNIT = {8: 8.0, 16: 24.0}


@dataclass(frozen=True)
class Node:
    """One operator. `op` is conv, dw (depthwise), add or up2."""

    name: str
    op: str
    inputs: tuple
    out: int
    kernel: int = 1
    stride: int = 1
    act: bool = True
    bn: bool = True
    scale: float = 1.0


def _separable(nodes, name, src, out, kernel, stride=1, act=True):
    nodes.append(Node(name + "/dw", "dw", (src,), 0, kernel, stride))
    nodes.append(Node(name + "/pw", "conv", (name + "/dw",), out, act=act))
    return name + "/pw"


def _residual(nodes, name, src, out, kernel):
    body = _separable(nodes, name, src, out, kernel, act=False)
    nodes.append(Node(name, "add", (src, body), out))
    return name


def _heads(nodes, stride, src, width):
    body = _separable(nodes, f"head{stride}", src, width, 3)
    for kind, out, unit in (("score", 1, 1.0), ("box", 4, BOX_UNIT[stride]), ("points", 12, POINT_UNIT[stride])):
        nodes.append(Node(f"{kind}{stride}", "conv", (body,), out, act=False, bn=False, scale=unit))


def program():
    """The nodes of the detector in execution order."""
    n = [
        Node("stem", "conv", ("input",), 12, 5, 2),
        Node("down4", "conv", ("stem",), 24, 3, 2),
    ]
    x = _residual(n, "a1", "down4", 24, 3)
    n.append(Node("down8", "conv", (x,), 48, 3, 2))
    x = _residual(n, "b1", "down8", 48, 3)
    c3 = _residual(n, "b2", x, 48, 5)
    x = _separable(n, "down16", c3, 96, 3, 2)
    x = _residual(n, "c1", x, 96, 5)
    x = _residual(n, "c2", x, 96, 5)
    c4 = _residual(n, "c3", x, 96, 5)
    x = _separable(n, "down32", c4, 128, 3, 2)
    x = _residual(n, "d1", x, 128, 3)
    x = _residual(n, "d2", x, 128, 3)
    p4 = _merge(n, "p4", x, c4, 96)
    p3 = _merge(n, "p3", p4, c3, 48)
    _heads(n, 8, p3, 48)
    _heads(n, 16, p4, 96)
    return n


def _merge(nodes, name, deep, shallow, width):
    nodes.append(Node(name + "/lateral", "conv", (deep,), width, act=False))
    nodes.append(Node(name + "/up", "up2", (name + "/lateral",), width))
    nodes.append(Node(name + "/sum", "add", (name + "/up", shallow), width))
    return _separable(nodes, name + "/smooth", name + "/sum", width, 3)


def same_padding(size, kernel, stride):
    """TFLite's SAME padding: (before, after)."""
    out = -(-size // stride)
    total = max((out - 1) * stride + kernel - size, 0)
    return total // 2, total - total // 2


def shapes(nodes):
    """{name: (height, channels)} for a square input."""
    out = {"input": (INPUT, 1)}
    for n in nodes:
        h, c = out[n.inputs[0]]
        channels = c if n.op == "dw" else n.out
        size = h * 2 if n.op == "up2" else -(-h // n.stride)
        out[n.name] = (size, channels)
    return out


def multiply_adds(nodes):
    """The multiply-adds of all convolutions."""
    size = shapes(nodes)
    total = 0
    for n in nodes:
        if n.op in ("conv", "dw"):
            h, c = size[n.name]
            depth = 1 if n.op == "dw" else size[n.inputs[0]][1]
            total += h * h * c * depth * n.kernel**2
    return total


class _Conv(nn.Module):
    """A convolution with TFLite's padding and, mostly, a batch norm."""

    def __init__(self, node, cin, size):
        super().__init__()
        self.node = node
        dw = node.op == "dw"
        cout = cin if dw else node.out
        self.conv = nn.Conv2d(cin, cout, node.kernel, node.stride, 0, groups=cin if dw else 1, bias=not node.bn)
        self.bn = nn.BatchNorm2d(cout, momentum=0.03) if node.bn else None
        lo, hi = same_padding(size, node.kernel, node.stride)
        self.even = lo == hi
        self.pad = (lo, hi, lo, hi)
        if self.even:
            self.conv.padding = (lo, lo)

    def forward(self, x):
        if not self.even:
            x = F.pad(x, self.pad)
        x = self.conv(x)
        return self.bn(x) if self.bn is not None else x

    def folded(self):
        """(weight, bias) with the batch norm and the output unit folded in."""
        w = self.conv.weight.detach().double()
        if self.bn is None:
            b = self.conv.bias.detach().double()
        else:
            g = self.bn.weight.detach().double() / torch.sqrt(self.bn.running_var.double() + self.bn.eps)
            w = w * g[:, None, None, None]
            b = self.bn.bias.detach().double() - self.bn.running_mean.double() * g
        return w * self.node.scale, b * self.node.scale


class Detector(nn.Module):
    """Runs the program. forward: (B, 1, 128, 128) in -1..1 -> (logits (B, 320),
    regressors (B, 320, 16) in pixels)."""

    def __init__(self):
        super().__init__()
        self.nodes = program()
        size = shapes(self.nodes)
        self.convs = nn.ModuleDict()
        for n in self.nodes:
            if n.op in ("conv", "dw"):
                h, c = size[n.inputs[0]]
                self.convs[n.name.replace("/", "_")] = _Conv(n, c, h)
        for s in STRIDES:
            nn.init.constant_(self.convs[f"score{s}"].conv.bias, -4.0)

    def conv(self, name):
        return self.convs[name.replace("/", "_")]

    def activations(self, x, hook=None):
        """All nodes' values. `hook(name, value)` may replace a value."""
        v = {"input": hook("input", x) if hook else x}
        for n in self.nodes:
            a = [v[i] for i in n.inputs]
            if n.op == "add":
                y = a[0] + a[1]
            elif n.op == "up2":
                y = F.interpolate(a[0], scale_factor=2, mode="nearest")
            else:
                y = self.conv(n.name)(a[0])
            if n.act and n.op != "up2":
                y = F.relu6(y)
            y = y * n.scale if n.scale != 1.0 else y
            v[n.name] = hook(n.name, y) if hook else y
        return v

    def forward(self, x, hook=None):
        v = self.activations(x, hook)
        logits, regs = [], []
        for s in STRIDES:
            logits.append(v[f"score{s}"].flatten(1))
            r = torch.cat([v[f"box{s}"], v[f"points{s}"]], 1)
            regs.append(r.flatten(2).transpose(1, 2))
        return torch.cat(logits, 1), torch.cat(regs, 1)
