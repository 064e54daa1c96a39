# SPDX-License-Identifier: Apache-2.0
"""Measures a detector on drawn pictures that training never saw.

The pictures come from the check bank (other heads, other backgrounds). Half
have faces; half have none, and of those all are as hard as training's. The
threshold is chosen here, and only here.
"""

import numpy as np
import torch

import bank as bank_io
import scenes
from detect import decode, iou, suppress
from train import as_input

SEED = 20
MATCH = 0.4  # the IoU at which a detection counts as the face


def pictures(folder, count, seed=SEED):
    """(uint8 (count, 128, 128), list of face rows); the first half has faces."""
    bank = bank_io.load(folder)
    out, faces = [], []
    for i in range(count):
        r = np.random.default_rng([seed, i])
        want = int(r.integers(1, 4)) if i < count // 2 else 0
        p, f = scenes.compose(r, bank, faces=want)
        out.append(p)
        faces.append(f)
    return np.stack(out), faces


def run_float(model, images, hook=None):
    """(regressors, logits) of a PyTorch model, batch by batch."""
    model.eval()
    regs, logits = [], []
    with torch.no_grad():
        for i in range(0, len(images), 64):
            score, r = model(as_input(torch.from_numpy(images[i : i + 64])), hook)
            regs.append(r.numpy())
            logits.append(score.numpy()[..., None])
    return np.concatenate(regs), np.concatenate(logits)


def best_scores(logits):
    return 1 / (1 + np.exp(-logits[..., 0].max(1)))


def choose_threshold(logits, faces):
    """The score, in steps of 0.01, that best parts pictures with a face from
    those without: where the share of pictures found plus the share of
    face-less pictures left alone is largest; of equals, the lowest."""
    empty = np.array([len(f) == 0 for f in faces])
    top = best_scores(logits)
    steps = np.arange(30, 96) / 100
    parted = [(top[~empty] >= t).mean() + (top[empty] < t).mean() for t in steps]
    return round(float(steps[int(np.argmax(parted))]), 2)


def report(regs, logits, faces, threshold):
    """Recall by face size, false-positive rate, box and point errors."""
    empty = np.array([len(f) == 0 for f in faces])
    wrong = float((best_scores(logits)[empty] >= threshold).mean())
    hits, errors, overlaps = [], [], []
    for r, s, rows in zip(regs, logits, faces, strict=True):
        found = suppress(decode(r, s, threshold))
        for f in rows[rows[:, 15] > 0.5] if len(rows) else ():
            box = np.array([f[0] - f[2] / 2, f[1] - f[2] / 2, f[0] + f[2] / 2, f[1] + f[2] / 2])
            o = iou(box, found[:, 1:5]) if len(found) else np.zeros(1)
            hits.append((f[2], o.max() > MATCH))
            if o.max() > MATCH:
                overlaps.append(o.max())
                d = found[o.argmax(), 5:].reshape(6, 2) - f[3:15].reshape(6, 2)
                errors.append(np.hypot(*d.T).mean() / f[2])
    hits = np.array(hits)
    out = {"threshold": threshold, "false_positive_pictures": round(wrong, 4), "faces": len(hits)}
    out["recall"] = round(float(hits[:, 1].mean()), 4)
    for lo, hi in ((0, 16), (16, 24), (24, 40), (40, 200)):
        part = hits[(hits[:, 0] >= lo) & (hits[:, 0] < hi), 1]
        out[f"recall_{lo}_{hi}"] = round(float(part.mean()), 4) if len(part) else None
    out["mean_iou"] = round(float(np.mean(overlaps)), 4) if overlaps else None
    out["point_error_of_side"] = round(float(np.mean(errors)), 4) if errors else None
    return out
