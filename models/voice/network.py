# SPDX-License-Identifier: Apache-2.0
"""The voice detector in numpy: features, three convolutions over time, and how they learn.

The same arithmetic as src/speech/voice/voice_detector.h, which says what it is for.
"""

import numpy as np

RATE, HOP, WINDOW, STEP = 16000, 160, 400, 320
MELS, INPUTS, WIDTH = 16, 32, 20
LOWEST = -8.0  # log10 of power: what is quieter is silence
# Steps of 20 ms that each layer looks at.
TAPS = [(-2, -1, 0, 1, 2), (-9, -6, -3, 0, 3), (-18, -12, -6, 0, 6)]


def mel_filters(mels=MELS):
    """Slaney's triangles, [mels, 201]."""
    def hertz(m):
        return np.where(m < 15, m * 200 / 3, 1000 * np.exp((m - 15) * np.log(6.4) / 27))
    edges = hertz(np.linspace(0, 15 + 27 * np.log(8) / np.log(6.4), mels + 2))
    at = np.arange(201) * 40.0
    up = (at - edges[:-2, None]) / (edges[1:-1] - edges[:-2])[:, None]
    down = (edges[2:, None] - at) / (edges[2:] - edges[1:-1])[:, None]
    return np.maximum(0, np.minimum(up, down)) * (2 / (edges[2:] - edges[:-2]))[:, None]


FILTERS = mel_filters()
HANN = 0.5 - 0.5 * np.cos(2 * np.pi * np.arange(WINDOW) / WINDOW)


def levels(x):
    """Samples -> [steps, MELS]: log10 of mel power, the mean of the two frames of each 20 ms."""
    frames = len(x) // HOP
    padded = np.pad(x.astype(np.float64), WINDOW // 2, mode="reflect")
    cut = np.lib.stride_tricks.sliding_window_view(padded, WINDOW)[::HOP][:frames]
    power = np.abs(np.fft.rfft(cut * HANN)) ** 2
    mel = np.maximum(np.log10(np.maximum(power @ FILTERS.T, 1e-10)), LOWEST)
    steps = frames // 2
    return mel[: steps * 2].reshape(steps, 2, MELS).mean(1).astype(np.float32)


def features(level):
    """[..., steps, MELS] -> [..., steps, INPUTS]: above the noise floor, and against each other."""
    out = np.empty(level.shape[:-1] + (INPUTS,), np.float32)
    smooth = level[..., 0, :].copy()
    floor = np.maximum(smooth - 1, LOWEST)
    for t in range(level.shape[-2]):
        now = level[..., t, :]
        smooth += 0.5 * (now - smooth)
        floor = np.where(smooth < floor, smooth, floor + np.minimum(smooth - floor, 0.006))
        out[..., t, :MELS] = 0.5 * np.clip(now - floor, 0, 4)
        out[..., t, MELS:] = 0.5 * np.clip(now - now.mean(-1, keepdims=True), -2, 2)
    return out


def gathered(x, taps):
    """[scenes, steps, channels] -> [scenes, steps, taps x channels], zeros beyond both ends."""
    before, behind = max(0, -min(taps)), max(0, max(taps))
    padded = np.pad(x, ((0, 0), (before, behind), (0, 0)))
    n = x.shape[1]
    return np.concatenate([padded[:, before + k : before + k + n] for k in taps], axis=2)


def scattered(g, taps, channels):
    """The adjoint of gathered."""
    before, behind = max(0, -min(taps)), max(0, max(taps))
    n = g.shape[1]
    out = np.zeros((g.shape[0], n + before + behind, channels), np.float32)
    for i, k in enumerate(taps):
        out[:, before + k : before + k + n] += g[:, :, i * channels : (i + 1) * channels]
    return out[:, before : before + n]


class Network:
    def __init__(self, rng):
        shapes = [(INPUTS * 5, WIDTH), (WIDTH * 5, WIDTH), (WIDTH * 5, WIDTH), (WIDTH, 1)]
        self.weights = [(rng.standard_normal(s) * np.sqrt(2 / s[0])).astype(np.float32) for s in shapes]
        self.biases = [np.zeros(s[1], np.float32) for s in shapes]

    def forward(self, x):
        """[scenes, steps, INPUTS] -> logits [scenes, steps]."""
        self.kept = []
        for layer, taps in enumerate(TAPS):
            columns = gathered(x, taps)
            x = np.maximum(columns @ self.weights[layer] + self.biases[layer], 0)
            self.kept.append((columns, x))
        return (x @ self.weights[3] + self.biases[3])[..., 0]

    def gradients(self, d):
        """Of a loss whose gradient by the logits is `d`, after forward."""
        d = d[..., None].astype(np.float32)
        x = self.kept[-1][1]
        grads = [(np.einsum("stc,stk->ck", x, d), d.sum((0, 1)))]
        d = d @ self.weights[3].T
        for layer in (2, 1, 0):
            columns, x = self.kept[layer]
            d = d * (x > 0)
            flat = columns.reshape(-1, columns.shape[2])
            grads.append((flat.T @ d.reshape(-1, d.shape[2]), d.sum((0, 1))))
            if layer:
                d = scattered(d @ self.weights[layer].T, TAPS[layer], WIDTH)
        return grads[::-1]

    def quantised(self):
        """Weights as int8 and a step an output; this network becomes what these say."""
        out = []
        for i, w in enumerate(self.weights):
            step = np.maximum(np.abs(w).max(0) / 127, 1e-12).astype(np.float32)
            q = np.clip(np.round(w / step), -127, 127).astype(np.int8)
            self.weights[i] = q.astype(np.float32) * step
            out.append((q, step, self.biases[i]))
        return out


class Adam:
    def __init__(self, network):
        self.network, self.t = network, 0
        self.state = [[np.zeros_like(p) for p in (w, w, b, b)] for w, b in zip(network.weights, network.biases)]

    def step(self, grads, rate):
        self.t += 1
        for (gw, gb), (mw, vw, mb, vb), w, b in zip(grads, self.state, self.network.weights, self.network.biases):
            for g, m, v, p in ((gw, mw, vw, w), (gb, mb, vb, b)):
                m += 0.1 * (g - m)
                v += 0.001 * (g * g - v)
                p -= rate * (m / (1 - 0.9**self.t)) / (np.sqrt(v / (1 - 0.999**self.t)) + 1e-8)
