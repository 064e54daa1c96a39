# SPDX-License-Identifier: Apache-2.0
"""From raw outputs to faces, and from a picture to the model's input.

`letterbox` puts a picture into the 128 x 128 square as MediaPipe does: the
square around the picture's centre, one bilinear tap, black outside. `decode`
applies anchors and sigmoid; `suppress` is the score-weighted non-maximum
suppression at IoU 0.3.
"""

import cv2
import numpy as np

from network import INPUT
from train import anchors

_CENTRE, _ = anchors()
IOU = 0.3


def letterbox(grey):
    """uint8 (H, W) -> uint8 (128, 128)."""
    h, w = grey.shape
    s = INPUT / max(h, w)
    m = np.array([[s, 0, (INPUT - w * s) / 2], [0, s, (INPUT - h * s) / 2]], np.float64)
    return cv2.warpAffine(grey, m, (INPUT, INPUT), flags=cv2.INTER_LINEAR, borderValue=0)


def decode(regs, logits, threshold):
    """(320, 16), (320, 1) -> (n, 17): score, x0, y0, x1, y1, 6 x (x, y), pixels."""
    score = 1 / (1 + np.exp(-np.clip(logits[:, 0], -100, 100)))
    keep = score >= threshold
    r, c, score = regs[keep], _CENTRE[keep], score[keep]
    mid, half = r[:, :2] + c, r[:, 2:4] / 2
    points = (r[:, 4:].reshape(-1, 6, 2) + c[:, None]).reshape(-1, 12)
    out = np.concatenate([score[:, None], mid - half, mid + half, points], 1)
    return out[(half > 0).all(1)]


def iou(a, b):
    """The IoU of box a (4,) with boxes b (n, 4)."""
    lo, hi = np.maximum(a[:2], b[:, :2]), np.minimum(a[2:], b[:, 2:])
    inter = np.prod(np.clip(hi - lo, 0, None), 1)
    area = np.prod(a[2:] - a[:2]) + np.prod(b[:, 2:] - b[:, :2], 1)
    return inter / np.maximum(area - inter, 1e-9)


def suppress(rows):
    """Weighted non-maximum suppression: groups of overlapping rows become one."""
    rows = rows[np.argsort(-rows[:, 0], kind="stable")]
    out = []
    while len(rows):
        same = iou(rows[0, 1:5], rows[:, 1:5]) > IOU
        same[0] = True
        group = rows[same]
        mean = (group[:, :1] * group[:, 1:]).sum(0) / group[:, 0].sum()
        out.append(np.concatenate([rows[0, :1], mean]))
        rows = rows[~same]
    return np.array(out).reshape(-1, 17)
