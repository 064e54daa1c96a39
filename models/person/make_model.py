# SPDX-License-Identifier: Apache-2.0
"""Makes person.tflite from nothing, with one command.

    python make_model.py            the whole recipe
    python make_model.py --quick    a smoke test of every step, minutes; the
                                    result is useless and goes to --work

Steps: draw the banks, train, quantise with drawn calibration pictures, choose
the threshold on drawn check pictures, export, write the golden files. Every step has a fixed seed. Intermediate files stay in --work, and a
step whose file is there is skipped.
"""

import argparse
import json
from pathlib import Path

import cv2
import numpy as np
import torch

import bank as bank_io
import measure
import quantize
import scenes
from export import export
from network import Detector, multiply_adds
from train import train

HERE = Path(__file__).resolve().parent
STEPS = 2400
CHECK_PICTURES, CALIBRATION = 3000, 512


def _calibration(folder, count):
    bank = bank_io.load(folder)
    return np.stack([scenes.compose(np.random.default_rng([31, i]), bank)[0] for i in range(count)])


def _model(path):
    model = Detector()
    model.load_state_dict(torch.load(path))
    return model.eval()


def _run_integers(q, images):
    parts = []
    for i in range(0, len(images), 32):
        x = quantize.quantize_input(images[i : i + 32])
        parts.append(quantize.outputs(q, quantize.run(q, x)))
    return tuple(np.concatenate(p) for p in zip(*parts, strict=True))


def golden(q, folder, check):
    """Two drawn pictures with the integer simulation's outputs."""
    folder.mkdir(parents=True, exist_ok=True)
    bank = bank_io.load(check)
    for i, faces in enumerate((2, 0)):
        picture, _ = scenes.compose(np.random.default_rng([41, i]), bank, faces=faces)
        x = quantize.quantize_input(picture[None])
        regs, logits = quantize.outputs(q, quantize.run(q, x))
        cv2.imwrite(str(folder / f"input{i}.png"), picture)
        (folder / f"input{i}.i8").write_bytes(x.tobytes())
        (folder / f"regressors{i}.f32").write_bytes(regs.astype("<f4").tobytes())
        (folder / f"logits{i}.f32").write_bytes(logits.astype("<f4").tobytes())


def _arguments():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("--quick", action="store_true", help="tiny banks and a few steps")
    p.add_argument("--work", type=Path, help="where banks and checkpoints go")
    p.add_argument("--out", type=Path, help="where person.tflite and golden/ go")
    p.add_argument("--steps", type=int, default=STEPS)
    p.add_argument("--workers", type=int, default=1, help="processes that compose pictures")
    args = p.parse_args()
    args.work = args.work or HERE / ".work" / ("quick" if args.quick else "full")
    args.out = args.out or (args.work if args.quick else HERE)
    return args


def main():
    args = _arguments()
    check_count, calibration = CHECK_PICTURES, CALIBRATION
    banks = {"train": (1, bank_io.TRAIN), "check": (2, bank_io.CHECK)}
    if args.quick:
        banks = {k: (s, bank_io.QUICK) for k, (s, _) in banks.items()}
        args.steps, check_count, calibration = 6, 40, 16
    for name, (seed, counts) in banks.items():
        bank_io.build(args.work / name, seed, counts)
    weights = args.work / "weights.pt"
    if not weights.exists():
        train(args.work / "train", weights, args.steps, seed=1, workers=args.workers)
    model = _model(weights)
    ranges = quantize.calibrate(model, _calibration(args.work / "train", calibration))
    q = quantize.quantize(model, ranges)

    images, faces = measure.pictures(args.work / "check", check_count)
    regs, logits = _run_integers(q, images)
    threshold = measure.choose_threshold(logits, faces)
    args.out.mkdir(parents=True, exist_ok=True)
    data = export(q, threshold)
    (args.out / "person.tflite").write_bytes(data)
    golden(q, args.out / "golden", args.work / "check")
    facts = {
        "float": measure.report(*measure.run_float(model, images), faces, threshold),
        "int8": measure.report(regs, logits, faces, threshold),
        "bytes": len(data),
        "multiply_adds": multiply_adds(q.nodes),
        "peak_activation_bytes": quantize.peak_memory(q.nodes)[0],
    }
    (args.work / "facts.json").write_text(json.dumps(facts, indent=1) + "\n")
    print(json.dumps(facts, indent=1))


if __name__ == "__main__":
    main()
