# SPDX-License-Identifier: Apache-2.0
"""Draws the parts of pictures once, in parallel, and keeps them as .npy files.

In: a folder, a seed and counts. Out: `Bank`, arrays of heads with their boxes
and key points, of lures (heads that show no face), things and backgrounds.
Part i of a kind depends on (seed, kind, i) only, not on the worker count.
"""

from dataclasses import dataclass
from multiprocessing import get_context
from pathlib import Path

import cv2
import numpy as np

import backdrop
import head

KINDS = ("head", "lure", "thing", "background")
TRAIN = {"head": 4000, "lure": 700, "thing": 2500, "background": 4000}
CHECK = {"head": 900, "lure": 250, "thing": 400, "background": 800}
QUICK = {"head": 60, "lure": 12, "thing": 30, "background": 40}


@dataclass
class Bank:
    """Drawn parts. `head` and `lure` are (N, 2, 160, 160) uint8: grey, alpha;
    `thing` is (N, 2, 112, 112); `background` is (N, 160, 160)."""

    head: np.ndarray
    box: np.ndarray
    points: np.ndarray
    lure: np.ndarray
    thing: np.ndarray
    background: np.ndarray


def _lure(r):
    """The back of a head, a dummy without features, or a body alone."""
    kind = r.random()
    if kind < 0.5:
        return head.draw_head(r, yaw=np.radians(r.uniform(118, 242)))
    if kind < 0.85:
        return head.draw_head(r, features=False)
    return head.draw_head(r, only_body=True)


def _draw(job):
    seed, kind, index = job
    cv2.setNumThreads(1)
    r = np.random.default_rng([seed, KINDS.index(kind), index])
    if kind == "background":
        return backdrop.background(r), None, None
    if kind == "thing":
        return np.stack(backdrop.thing(r)), None, None
    h = head.draw_head(r) if kind == "head" else _lure(r)
    return np.stack([h.grey, h.alpha]), h.box, h.points


def build(folder, seed, counts, workers=2):
    """Draws what is not there yet. Cost: about 65 ms a head on one core."""
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    with get_context("fork").Pool(workers) as pool:
        for kind in reversed(KINDS):
            if (folder / f"{kind}.npy").exists():
                continue
            jobs = [(seed, kind, i) for i in range(counts[kind])]
            drawn = pool.map(_draw, jobs, chunksize=16)
            if kind == "head":
                np.save(folder / "box.npy", np.stack([d[1] for d in drawn]))
                np.save(folder / "points.npy", np.stack([d[2] for d in drawn]))
            np.save(folder / f"{kind}.npy", np.stack([d[0] for d in drawn]))


def load(folder):
    """Opens a bank; its arrays are mapped, so that workers share them."""
    folder = Path(folder)
    names = Bank.__dataclass_fields__
    return Bank(**{n: np.load(folder / f"{n}.npy", mmap_mode="r") for n in names})
