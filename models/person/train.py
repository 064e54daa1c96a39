# SPDX-License-Identifier: Apache-2.0
"""Trains the detector on composed pictures.

In: a bank folder, a number of steps and a seed. Out: a checkpoint with the
averaged (EMA) weights. Pictures are composed by worker processes while the
main process trains; face-less places that the model takes for faces put their
picture into a replay buffer, from which a part of every batch is drawn.
"""

import math
import time

import cv2
import numpy as np
import torch
import torch.nn.functional as F
from torch.utils.data import DataLoader, IterableDataset

import bank as bank_io
import scenes
from network import INPUT, STRIDES, Detector

SIZES = {8: (0.0, 38.0), 16: (25.0, 999.0)}  # which face sizes a stride answers for
CORE, RING = 0.22, 0.48  # of the face's side: positive, and not counted
BATCH, REPLAY = 64, 10


def anchors():
    """(320, 2) anchor centres in pixels, and (320,) strides."""
    centre, stride = [], []
    for s in STRIDES:
        n = INPUT // s
        y, x = np.mgrid[0:n, 0:n]
        centre.append(np.stack([(x.ravel() + 0.5) * s, (y.ravel() + 0.5) * s], -1))
        stride.append(np.full(n * n, s))
    return np.concatenate(centre).astype(np.float32), np.concatenate(stride)


_CENTRE, _STRIDE = anchors()


def targets(faces):
    """Faces (n, 16) -> labels (320,): 1, 0 or -1 (not counted), regressors
    (320, 16) in pixels and sides (320,)."""
    label = np.zeros(len(_CENTRE), np.float32)
    reg = np.zeros((len(_CENTRE), 16), np.float32)
    side = np.ones(len(_CENTRE), np.float32)
    best = np.full(len(_CENTRE), 9.0, np.float32)
    for f in faces:
        d = np.abs(_CENTRE - f[:2]).max(1) / f[2]
        label[(d < RING) & (label == 0)] = -1
        if f[15] < 0.5:
            continue
        for s in STRIDES:
            lo, hi = SIZES[s]
            if not lo < f[2] < hi:
                continue
            mine = (_STRIDE == s) & (d < max(CORE, d[_STRIDE == s].min() + 1e-4)) & (d < best)
            best[mine] = d[mine]
            label[mine] = 1
            side[mine] = f[2]
            reg[mine, 0:2] = f[:2] - _CENTRE[mine]
            reg[mine, 2:4] = f[2]
            reg[mine, 4:] = (f[3:15].reshape(6, 2)[None] - _CENTRE[mine][:, None]).reshape(-1, 12)
    return label, reg, side


class Pictures(IterableDataset):
    """An endless stream of batches: (uint8 pictures, labels, regressors, sides)."""

    def __init__(self, folder, seed, batch=BATCH):
        self.folder, self.seed, self.batch = folder, seed, batch

    def __iter__(self):
        cv2.setNumThreads(1)
        info = torch.utils.data.get_worker_info()
        r = np.random.default_rng([self.seed, info.id if info else 0])
        bank = bank_io.load(self.folder)
        while True:
            out = [[], [], [], []]
            for _ in range(self.batch):
                picture, faces = scenes.compose(r, bank)
                for k, v in zip(out, (picture, *targets(faces)), strict=True):
                    k.append(v)
            yield tuple(torch.from_numpy(np.stack(k)) for k in out)


class Replay:
    """Pictures with the worst false positives, drawn again later."""

    def __init__(self, seed, size=1500):
        self.size = size
        self.worst = []
        self.items = []
        self.rng = np.random.default_rng([seed, 99])

    def offer(self, batch, logits):
        score = torch.where(batch[1] == 0, logits, torch.full_like(logits, -99)).max(1).values
        for i in torch.nonzero(score > -0.4).flatten().tolist():
            item = [t[i].clone() for t in batch]
            if len(self.items) < self.size:
                self.items.append(item)
            else:
                self.items[self.rng.integers(self.size)] = item

    def extend(self, batch, count=REPLAY):
        if len(self.items) < 50:
            return batch
        pick = [self.items[i] for i in self.rng.integers(len(self.items), size=count)]
        return [torch.cat([t, torch.stack([p[k] for p in pick])]) for k, t in enumerate(batch)]


def as_input(pictures):
    """uint8 (B, 128, 128) -> float (B, 1, 128, 128) in -1..1."""
    x = pictures.float()[:, None] * (2 / 255) - 1
    return x.contiguous(memory_format=torch.channels_last)


def loss_of(logits, regs, batch):
    """Focal loss on scores, smooth L1 on boxes and points."""
    _, label, target, side = batch
    pos, neg = label == 1, label == 0
    n = pos.sum().clamp(min=1)
    lp, ln = logits[pos], logits[neg]
    score = ((1 - torch.sigmoid(lp)) ** 2 * F.softplus(-lp)).sum()
    score = score + (torch.sigmoid(ln) ** 2 * F.softplus(ln)).sum()
    delta = (regs[pos] - target[pos]) / side[pos][:, None]
    box = F.smooth_l1_loss(delta[:, :4], torch.zeros_like(delta[:, :4]), beta=0.05)
    points = F.smooth_l1_loss(delta[:, 4:], torch.zeros_like(delta[:, 4:]), beta=0.05)
    return score / n, 3 * box + 2 * points


class Average:
    """An exponential moving average of a model's parameters and statistics."""

    def __init__(self, model, decay=0.998):
        self.decay = decay
        self.state = {k: v.detach().clone() for k, v in model.state_dict().items()}
        self.steps = 0

    def update(self, model):
        self.steps += 1
        d = min(self.decay, self.steps / (self.steps + 10))
        for k, v in model.state_dict().items():
            if v.dtype.is_floating_point:
                self.state[k].lerp_(v, 1 - d)
            else:
                self.state[k].copy_(v)


def _rate(step, steps, peak):
    warm = 150
    if step < warm:
        return peak * (step + 1) / warm
    return peak * (0.01 + 0.99 * 0.5 * (1 + math.cos(math.pi * (step - warm) / max(1, steps - warm))))


def train(folder, out, steps, seed=1, peak=3e-3, start=None, workers=1, threads=1):
    """Trains for `steps` batches and writes the averaged weights to `out`.
    `start` is a checkpoint to go on from."""
    torch.manual_seed(seed)
    torch.set_num_threads(threads)
    model = Detector().to(memory_format=torch.channels_last)
    if start:
        model.load_state_dict(torch.load(start))
    average = Average(model)
    decay = [p for p in model.parameters() if p.ndim > 1]
    plain = [p for p in model.parameters() if p.ndim <= 1]
    groups = [{"params": decay, "weight_decay": 0.02}, {"params": plain, "weight_decay": 0.0}]
    opt = torch.optim.AdamW(groups, peak, betas=(0.9, 0.98))
    loader = iter(DataLoader(Pictures(folder, seed), batch_size=None, num_workers=workers, prefetch_factor=6))
    replay = Replay(seed)
    began, seen = time.time(), [0.0, 0.0]
    model.train()
    for step in range(steps):
        for g in opt.param_groups:
            g["lr"] = _rate(step, steps, peak)
        fresh = next(loader)
        batch = replay.extend(fresh)
        logits, regs = model(as_input(batch[0]))
        score, place = loss_of(logits, regs, batch)
        opt.zero_grad(set_to_none=True)
        (score + place).backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 5.0)
        opt.step()
        average.update(model)
        replay.offer(fresh, logits.detach()[: len(fresh[0])])
        seen = [0.99 * a + 0.01 * b.item() for a, b in zip(seen, (score, place), strict=True)]
        if step % 100 == 99:
            k = 1 - 0.99 ** (step + 1)
            print(
                f"step {step + 1} score {seen[0] / k:.4f} place {seen[1] / k:.4f} "
                f"replay {len(replay.items)} {time.time() - began:.0f} s",
                flush=True,
            )
            torch.save(average.state, out)
    torch.save(average.state, out)
