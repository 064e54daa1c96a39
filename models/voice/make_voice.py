#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Makes the voice detector: draws scenes, trains, writes src/speech/voice/voice_weights.inc, measures.

    python models/voice/make_voice.py            a few minutes of one core
    python models/voice/make_voice.py --quick    every step, small

Needs numpy and the commands espeak-ng and flite. Scenes are kept in --cache, a file, if one is named.
"""

import argparse
from pathlib import Path

import numpy as np

import network
import sounds

HERE = Path(__file__).resolve().parent
TARGET = HERE.parents[1] / "src/speech/voice/voice_weights.inc"


def scenes(seed, count, held_out, **kind):
    """Features [count, steps, INPUTS] and labels [count, steps]."""
    level, label = [], []
    for i in range(count):
        x, spoken = sounds.scene(np.random.default_rng([seed, i]), held_out, **kind)
        level.append(network.levels(x))
        label.append(spoken)
    return network.features(np.stack(level)), np.stack(label)


def train(x, y, epochs, rng):
    net = network.Network(rng)
    adam = network.Adam(net)
    # A step at the edge of a word may be taken either way.
    edge = np.zeros_like(y)
    for shift in (1, 2):
        edge[:, shift:] |= y[:, shift:] != y[:, :-shift]
        edge[:, :-shift] |= y[:, shift:] != y[:, :-shift]
    weight = np.where(edge, 0.2, 1).astype(np.float32)
    for epoch in range(epochs):
        order, total = rng.permutation(len(x)), 0.0
        rate = 0.004 * 0.5 * (1 + np.cos(np.pi * epoch / epochs)) + 1e-5
        for at in range(0, len(x), 16):
            pick = order[at : at + 16]
            logit = net.forward(x[pick])
            with np.errstate(over="ignore"):
                p = 1 / (1 + np.exp(-logit))
            w = weight[pick]
            total += float(np.sum(w * (np.logaddexp(0, logit) - y[pick] * logit)))
            adam.step(net.gradients(w * (p - y[pick]) / w.sum()), rate)
            for values in net.weights:
                values *= 1 - 0.02 * rate
        if epoch % 10 == 9 or epoch == epochs - 1:
            print(f"epoch {epoch + 1}: loss {total / weight.sum():.4f}", flush=True)
    return net


def write(parts, path):
    names = ["Near", "Middle", "Far", "Last"]
    with open(path, "w", encoding="ascii") as out:
        out.write("// SPDX-License-Identifier: Apache-2.0\n// Made by models/voice/make_voice.py: weights [output][tap][input], a step and a bias "
                  "an output.\n\n")
        for name, (q, step, bias) in zip(names, parts):
            rows = q.T  # [outputs, taps x inputs]
            numbers = [str(v) for v in rows.reshape(-1)]
            out.write(f"constexpr std::int8_t k{name}Weights[{rows.shape[0]} * {rows.shape[1]}] = {{\n")
            for at in range(0, len(numbers), 20):
                out.write("    " + ", ".join(numbers[at : at + 20]) + ",\n")
            out.write("};\n")
            for what, values in (("Steps", step), ("Biases", bias)):
                out.write(f"constexpr float k{name}{what}[{len(values)}] = {{\n")
                shown = [f"{v:.8e}F" for v in values]
                for at in range(0, len(shown), 5):
                    out.write("    " + ", ".join(shown[at : at + 5]) + ",\n")
                out.write("};\n")


def golden_signal():
    """Three seconds that C++ makes too, number for number (voice_detector_test.cc)."""
    out, state = [], 1
    for i in range(48000):
        state = (state * 1664525 + 1013904223) % 2**32
        saw = (i * (110 + 13 * (i // 3200 % 5))) % 16000 - 8000
        out.append(((state >> 16) - 32768 >> 6) + (saw if i // 2400 % 3 != 2 else 0))
    return np.array(out) / 32768


def write_golden(net, path):
    """What the network, as quantised, makes of it."""
    logit = net.forward(network.features(network.levels(golden_signal())[None]))[0]
    shown = [f"{1 / (1 + np.exp(-float(v))):.5f}F" for v in logit]
    with open(path, "w", encoding="ascii") as out:
        out.write("// SPDX-License-Identifier: Apache-2.0\n// Made by models/voice/make_voice.py, in numpy: probabilities of its golden_signal.\n\n"
                  f"constexpr float kGolden[{len(shown)}] = {{\n")
        for at in range(0, len(shown), 10):
            out.write("    " + ", ".join(shown[at : at + 10]) + ",\n")
        out.write("};\n")


def spans(p, enter=0.5, leave=0.3, speech=8, silence=30):
    """[(first, last)] of steps, by the rules of src/speech/voice/speech_spans.h."""
    found, first, last, voiced = [], None, 0, 0
    for t, v in enumerate(list(p) + [0.0] * silence):
        if first is None and v >= enter:
            first, voiced = t, 0
        if first is not None:
            if v >= leave:
                last, voiced = t, voiced + 1
            elif t - last >= silence:
                if voiced >= speech:
                    found.append((first, last))
                first = None
    return found


def measure(net, seed, count):
    """Prints how often it errs on voices that it never met, and on new sounds, some of kinds that it never met."""
    def probabilities(x):
        return 1 / (1 + np.exp(-net.forward(x).astype(np.float64)))
    print("nobody speaks: share of steps above 0.5 and of time in spans, per kind of sound (* held out)")
    for noise in sounds.NOISES + sounds.HELD_OUT_NOISES:
        x, y = scenes(seed, count, True, noise=noise, speech=False)
        p = probabilities(x)
        inside = sum(b - a + 1 for row in p for a, b in spans(row)) / y.size
        print(f"  {noise.__name__}{'*' if noise in sounds.HELD_OUT_NOISES else ''}: {100 * (p > 0.5).mean():.2f} %, {100 * inside:.1f} %")
    x, y = scenes(seed + 1, 4 * count, True, speech=True)
    p = probabilities(x)
    inside = np.zeros(y.shape, bool)
    for row, marked in zip(p, inside):
        for a, b in spans(row):
            marked[max(a - 12, 0) : b + 13] = True
    print(f"held-out voices among held-out sounds: missed {100 * (~(p > 0.5) & y).sum() / y.sum():.1f} % of spoken steps, "
          f"heard {100 * ((p > 0.5) & ~y).sum() / (~y).sum():.1f} % of the others; outside all spans lie {100 * (~inside & y).sum() / y.sum():.1f} %")
    easy = {"enter": 0.4, "leave": 0.25, "speech": 5}  # what `pinhole transcribe` goes by
    for cut in (False, True):
        found = [probabilities(network.features(network.levels(sounds.word(np.random.default_rng([seed + 2, i]), cut))[None]))[0]
                 for i in range(20 * count)]
        missed = [100 * np.mean([not spans(p, **rules) for p in found]) for rules in ({}, easy)]
        print(f"single words {'cut at their edges' if cut else 'in a second'}: missed {missed[0]:.1f} %, with easier rules {missed[1]:.1f} %")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--cache")
    parser.add_argument("--out", default=str(TARGET))
    args = parser.parse_args()
    count, epochs = (24, 3) if args.quick else (512, 40)
    if args.cache and Path(args.cache).exists():
        kept = np.load(args.cache)
        x, y = kept["x"], kept["y"]
    else:
        parts = [scenes(1, count, False), scenes(3, count, False, speech=False)]
        x, y = (np.concatenate([part[i] for part in parts]) for i in (0, 1))
        if args.cache:
            np.savez(args.cache, x=x, y=y)
    print(f"{len(x)} scenes, {100 * y.mean():.0f} % of the steps spoken", flush=True)
    net = train(x, y, epochs, np.random.default_rng(2))
    write(net.quantised(), args.out)
    write_golden(net, Path(args.out).with_name("voice_golden_for_tests.inc"))
    measure(net, 1000, 2 if args.quick else 12)


if __name__ == "__main__":
    main()
