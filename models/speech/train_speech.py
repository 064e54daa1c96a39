# SPDX-License-Identifier: Apache-2.0
"""Trains the network on the shards that `synthesize.py` wrote.

In: a folder of shards (it may still be growing), minutes of wall clock, a seed. Out: a checkpoint with
the averaged weights, written every three minutes and at the end; with the checkpoint there, training
goes on from it. The learning rate follows a cosine over the minutes; a second training may go on from
the end of a first at a middling rate (--start).

Of each synthesizer the clips come in a fixed share, faster and slower, and as if from other throats.
They lie at a random place in silence or noise, one or two to a window. A batch is padded with zeros to
its longest clip, to a little more, or to the whole window, so that the network knows both. Half of the
clips ask for timestamps. Beside the decoder's loss, the encoder's output is asked two more things
through heads that are thrown away: to spell the text (CTC over letters) and, where eSpeak NG spoke and
so told its phonemes and their times, to name the phoneme of each frame. Without the latter the encoder
hears nothing for the first thousands of steps.
"""

import argparse
import copy
import json
import math
import random
import time
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from torch import nn

import evaluate
import vocabulary as v
from features import RATE, Spoiler, log_mel, mask, warped_filters
from network import Whisper

FRAMES = 9000  # of 10 ms in a batch
RATE_PEAK, MUON_PEAK, WARM_UP, DECAY = 1.5e-3, 3.0e-3, 100, 0.05
RESTART = 0.55  # of the peak rates, where training goes on from an earlier one's end
AVERAGE = 0.998
SAVE_SECONDS, MEASURE_SECONDS = 180, 600
MIX = {"espeak": 0.5, "flite": 0.27, "festival": 0.23}  # of the clips; natural voices more often than they are spoken
LOOK = 3000  # clips between two looks for new shards
WINDOW = int(v.WINDOW * RATE)
PHONES = """n t s I d k @ r l D z w m 0 f E aI eI p i: b u: v V a h 3 I2 oU @2 i 3: a# j aU O@ e@ T g o@ tS U N A@ ; r- S dZ
@L t# O: i@ aa t[ O2 aI2 i@3 I# U@ VR w# aI@ t2 A: @5 OI @- Z""".split()
PHONES = {name: i + 1 for i, name in enumerate(PHONES)} | {"_": 0, "_:": 0}  # 0 is silence
STEP = 320  # samples of an encoder's frame
LETTERS = {c: i + 1 for i, c in enumerate("abcdefghijklmnopqrstuvwxyz '")}  # 0 is the blank


class Shards:
    """The clips of all shards that are there; of each synthesizer its share. Each clip once, in random order, before
    any of that synthesizer's comes again."""

    def __init__(self, folder, seed):
        self.folder, self.random = Path(folder), random.Random(seed)
        self.sounds, self.rows, self.drawn = {}, {}, 0
        self.all, self.queues = {name: [] for name in MIX}, {name: [] for name in MIX}

    def _look(self):
        """Mixes the clips of new shards into what is still to be heard."""
        for index in sorted(self.folder.glob("clips_*.json")):
            if index.stem not in self.rows:
                self.sounds[index.stem] = np.load(index.with_suffix(".npy"), mmap_mode="r")
                self.rows[index.stem] = json.loads(index.read_text())
                for i, row in enumerate(self.rows[index.stem]):
                    self.all[row["engine"]].append((index.stem, i))
                    self.queues[row["engine"]].append((index.stem, i))
        if not self.rows:
            raise SystemExit(f"{self.folder} holds no clips; run synthesize.py --out {self.folder} first")
        for queue in self.queues.values():
            self.random.shuffle(queue)

    def next(self):
        """(samples in -1..1, text, phonemes or None)."""
        if self.drawn % LOOK == 0:
            self._look()
        self.drawn += 1
        there = [name for name in MIX if self.all[name]]
        engine = self.random.choices(there, [MIX[name] for name in there])[0]
        if not self.queues[engine]:
            self.queues[engine] = self.random.sample(self.all[engine], len(self.all[engine]))
        key, i = self.queues[engine].pop()
        row = self.rows[key][i]
        return self.sounds[key][row["first"] : row["last"]] / 32768.0, row["text"], row["phones"]


class Examples:
    """Batches: (samples (B, n), inputs (B, t), targets (B, t), letters [B], phonemes (B, n / STEP))."""

    def __init__(self, folder, seed, tokenizer):
        self.shards, self.spoiler, self.tokenizer = Shards(folder, seed), Spoiler(seed), tokenizer
        self.r = np.random.default_rng([seed, 13])

    def _silence(self):
        """Nothing said: the first token says so, and after any prompt comes the end."""
        n = int(self.r.uniform(0.3, 6) * RATE)
        level = 10 ** (-self.r.uniform(6, 70) / 20)
        x = np.zeros(n) if self.r.random() < 0.15 else self.spoiler.noise(n) * level * 0.3
        second = v.NO_TIMESTAMPS if self.r.random() < 0.5 else v.ZERO
        return x, [v.SOT, second], [v.NO_SPEECH, v.EOT], "", self._phones(n, [])

    def _phones(self, samples, placed):
        """The phoneme of each frame; -100 where nobody knows. `placed`: (first, last, phones, their stretch)."""
        out = np.zeros(samples // STEP + 1, np.int64)
        for first, last, phones, stretch in placed:
            if phones is None:
                out[first // STEP : last // STEP + 1] = -100
            for name, at in phones or ():
                out[int(first + at * stretch) // STEP : last // STEP + 1] = PHONES.get(name, -100)
        return out

    def _speech(self):
        clip, text, phones = self.shards.next()
        before = len(clip)
        clip = self.spoiler.speed(clip)
        lead = int(min(1.5, self.r.exponential(0.25)) * RATE)
        parts, spans, texts = [np.zeros(lead), clip], [(lead, lead + len(clip))], [text]
        placed = [(*spans[0], phones, len(clip) / before)]
        if self.r.random() < 0.12:
            other, more, phones = self.shards.next()
            gap = int(self.r.uniform(0.25, 1.2) * RATE)
            if spans[0][1] + gap + len(other) < WINDOW - RATE // 2 and len(text) + len(more) < 140:
                parts += [np.zeros(gap), other * self.r.uniform(0.5, 1.2)]
                spans.append((spans[0][1] + gap, spans[0][1] + gap + len(other)))
                texts.append(more)
                placed.append((*spans[1], phones, 1.0))
        tail = int(min(2.0, 0.05 + self.r.exponential(0.35)) * RATE)
        x = np.concatenate([*parts, np.zeros(tail)])[:WINDOW]
        return self.spoiler(x), *self._tokens(spans, texts), " ".join(texts), self._phones(len(x), placed)

    def _tokens(self, spans, texts):
        """Inputs and targets."""
        if self.r.random() < 0.5:
            ids = [v.SOT, v.NO_TIMESTAMPS]
            for text in texts:
                ids += self.tokenizer.encode(" " + text)
        else:
            ids = [v.SOT]
            for (first, last), text in zip(spans, texts, strict=True):
                begin, end = (v.ZERO + min(round(s / RATE / 0.02), v.SIZE - 1 - v.ZERO) for s in (first, last))
                ids += [begin, *self.tokenizer.encode(" " + text), end]
        return ids, [*ids[1:], v.EOT]

    def _one(self):
        while True:
            made = self._silence() if self.r.random() < 0.05 else self._speech()
            if len(made[1]) <= 64:
                return made

    def _length(self, items):
        """Samples that a batch of these is padded to."""
        n = -(-max(len(x) for x, *_ in items) // STEP) * STEP
        k = self.r.random()
        return WINDOW if k < 0.06 else min(WINDOW, n + STEP * int(self.r.integers(50))) if k < 0.5 else n

    def _batch(self, items, n):
        samples = torch.zeros(len(items), n)
        width = max(len(i) for _, i, *_ in items)
        inputs = torch.full((len(items), width), v.EOT)
        targets = torch.full((len(items), width), -100)
        phones = torch.zeros(len(items), n // STEP, dtype=torch.long)
        for row, (x, i, t, _, p) in enumerate(items):
            p = p[: n // STEP]
            phones[row, : len(p)] = torch.from_numpy(p)
            samples[row, : len(x)] = torch.from_numpy(x)
            inputs[row, : len(i)], targets[row, : len(t)] = torch.tensor(i), torch.tensor(t)
        letters = [[LETTERS[c] for c in " ".join(evaluate.words(text)) if c in LETTERS] for *_, text, _ in items]
        return samples, inputs, targets, letters, phones

    def __iter__(self):
        """Clips of about the same length share a batch."""
        while True:
            items = sorted((self._one() for _ in range(512)), key=lambda item: len(item[0]))
            batches, batch = [], []
            for item in items:
                if batch and (len(batch) + 1) * len(item[0]) // 160 > FRAMES:
                    batches.append(batch)
                    batch = []
                batch.append(item)
            batches.append(batch)
            self.r.shuffle(order := list(range(len(batches))))
            for i in order:
                n = self._length(batches[i])
                most = FRAMES * 160 * 3 // 2 // n
                for k in range(0, len(batches[i]), most):
                    yield self._batch(batches[i][k : k + most], n)


class Trainee(nn.Module):
    """The network and the heads that spell and name phonemes."""

    def __init__(self):
        super().__init__()
        self.model = Whisper()
        self.spell = nn.Linear(self.model.dims["n_audio_state"], len(LETTERS) + 1)
        self.phones = nn.Linear(self.model.dims["n_audio_state"], max(PHONES.values()) + 1)
        with torch.no_grad():  # as PyTorch draws them, the positions would drown the sound
            self.model.encoder.conv1.weight *= 3
            self.model.encoder.conv2.weight *= 3

    def losses(self, batch, r):
        """(decoder's cross-entropy for a token, CTC for a letter, cross-entropy for a frame's phoneme)."""
        samples, inputs, targets, letters, phones = batch
        mel = mask(log_mel(samples, warped_filters(len(samples), r)), r)
        with torch.autocast("cpu", dtype=torch.bfloat16):
            audio = self.model.encoder(mel)
            logits = self.model.decoder(inputs, audio)
            spelt, named = self.spell(audio), self.phones(audio)
        token = F.cross_entropy(logits.float().flatten(0, 1), targets.flatten(), ignore_index=-100)
        lengths = torch.tensor([len(x) for x in letters])
        flat = torch.tensor([c for x in letters for c in x], dtype=torch.long)
        spelt = spelt.float().log_softmax(-1).transpose(0, 1)
        ctc = F.ctc_loss(spelt, flat, torch.full((len(letters),), spelt.shape[0]), lengths, reduction="sum", zero_infinity=True)
        frame = F.cross_entropy(named.float().flatten(0, 1), phones.flatten(), ignore_index=-100)
        return token, ctc / max(1, len(flat)), frame


def orthogonal(x):
    """(n, rows, columns) -> the nearest orthogonal matrices, roughly: singular values between 0.7 and 1.2, by
    five steps of Newton and Schulz (Muon: Jordan and others, 2024)."""
    tall = x.shape[1] > x.shape[2]
    x = (x.transpose(1, 2) if tall else x).bfloat16()
    x = x / (x.norm(dim=(1, 2), keepdim=True) + 1e-7)
    for _ in range(5):
        square = x @ x.transpose(1, 2)
        x = 3.4445 * x + (-4.7750 * square + 2.0315 * square @ square) @ x
    return (x.transpose(1, 2) if tall else x).float()


class Muon(torch.optim.Optimizer):
    """Momentum whose update is made orthogonal: for the matrices inside the blocks. Matrices of one shape go together."""

    def __init__(self, parameters, rate):
        super().__init__(parameters, {"lr": rate, "momentum": 0.95, "decay": 0.05})

    @torch.no_grad()
    def step(self):
        for group in self.param_groups:
            shapes = {}
            for p in group["params"]:
                shapes.setdefault(p.shape, []).append(p)
            for same in shapes.values():
                self._step_same(same, group)

    def _step_same(self, same, group):
        wanted = []
        for p in same:
            state = self.state[p]
            m = state.setdefault("m", torch.zeros_like(p))
            m.lerp_(p.grad, 1 - group["momentum"])
            wanted.append(p.grad.lerp(m, group["momentum"]))
        for p, update in zip(same, orthogonal(torch.stack(wanted)), strict=True):
            p.mul_(1 - group["lr"] * group["decay"])
            p.add_(update, alpha=-group["lr"] * 0.2 * max(p.shape) ** 0.5)


def optimizers_of(module):
    """Muon for the blocks' matrices, AdamW for the rest."""
    inside = [p for name, p in module.named_parameters() if "blocks" in name and p.ndim == 2]
    matrices = [p for name, p in module.named_parameters() if "blocks" not in name and p.ndim > 1]
    vectors = [p for p in module.parameters() if p.ndim < 2]
    groups = [{"params": matrices, "weight_decay": DECAY}, {"params": vectors, "weight_decay": 0.0}]
    return Muon(inside, MUON_PEAK), torch.optim.AdamW(groups, lr=RATE_PEAK, betas=(0.9, 0.98))


class Run:
    """What a checkpoint holds, and the steps between two of them."""

    def __init__(self, out, minutes, seed, tokens, start=None):
        self.out, self.seconds, self.tokens = Path(out), minutes * 60, tokens
        torch.manual_seed(seed)
        self.trainee = Trainee()
        self.optimizers = optimizers_of(self.trainee)
        self.average = copy.deepcopy(self.trainee.model).eval()
        self.step, self.spent = 0, 0.0
        self.again = start is not None
        self.r = np.random.default_rng([seed, 17])
        if self.out.exists() or self.again:
            self._resume(self.out if self.out.exists() else start)
        if not self.out.exists():
            self.spent = 0.0
        self.first = self.step

    def _resume(self, path):
        state = torch.load(path, weights_only=True)
        self.trainee.load_state_dict(state["trainee"])
        for optimizer, one in zip(self.optimizers, state["optimizers"], strict=True):
            optimizer.load_state_dict(one)
        self.average.load_state_dict(state["average"])
        self.step, self.spent = state["step"], state["spent"]

    def save(self):
        state = {"trainee": self.trainee.state_dict(), "average": self.average.state_dict(),
                 "optimizers": [optimizer.state_dict() for optimizer in self.optimizers], "step": self.step, "spent": self.spent, "tokens": self.tokens, "dims": self.trainee.model.dims}
        part = self.out.with_suffix(".part")
        torch.save(state, part)
        part.replace(self.out)

    def progress(self):
        return min(1.0, self.spent / self.seconds)

    def learn(self, batch):
        """One step; the three losses."""
        progress = self.progress()
        share = min(1, (self.step - self.first + 1) / WARM_UP) * (0.01 + 0.99 * 0.5 * (1 + math.cos(math.pi * progress)))
        if self.again:
            share, progress = share * RESTART, 0.5 + 0.5 * progress
        for optimizer, peak in zip(self.optimizers, (MUON_PEAK, RATE_PEAK), strict=True):
            for group in optimizer.param_groups:
                group["lr"] = peak * share
        token, ctc, frame = self.trainee.losses(batch, self.r)
        (token + (0.5 - 0.3 * progress) * ctc + (1 - 0.8 * progress) * frame).backward()
        nn.utils.clip_grad_norm_(self.trainee.parameters(), 1.0)
        for optimizer in self.optimizers:
            optimizer.step()
            optimizer.zero_grad(set_to_none=True)
        keep = min(AVERAGE, (self.step + 1) / (self.step + 10))
        with torch.no_grad():
            for a, p in zip(self.average.parameters(), self.trainee.model.parameters(), strict=True):
                a.lerp_(p, 1 - keep)
        self.step += 1
        return np.array([float(x.detach()) for x in (token, ctc, frame)])


def strength(run):
    """How much clips are spoilt: little at first, in full in the middle, a bit less at the end."""
    p = run.progress()
    return min(1.0 if run.again else 0.2 + 1.6 * p, 1.0, 1.0 - 1.2 * (p - 0.7))


def measure(run, tokenizer, rows, clips):
    texts, _ = evaluate.transcribe(run.average, tokenizer, clips)
    print(f"step {run.step}: word error rate {100 * evaluate.word_error_rate(rows, texts):.1f} % on {len(rows)} held-out clips", flush=True)


def train(folder, out, minutes, seed=1, tokens=None, check=120, start=None):
    """Trains until `minutes` have passed in all and leaves the checkpoint at `out`."""
    torch.set_num_threads(1)
    tokenizer = v.Tokenizer(tokens or v.standard())
    run = Run(out, minutes, seed, tokenizer.tokens, start)
    rows = evaluate.read_rows()[:: max(1, 400 // check)]
    clips = evaluate.held_out_clips(rows)
    last, saved, measured, shown, sums, clips_heard = time.monotonic(), run.spent, run.spent, run.step, np.zeros(3), 0
    examples = Examples(folder, seed + run.step, tokenizer)
    for batch in examples:
        examples.spoiler.strength = strength(run)
        sums += run.learn(batch)
        clips_heard += len(batch[0])
        now = time.monotonic()
        run.spent, last = run.spent + now - last, now
        if run.step - shown >= 100:
            mean = sums / (run.step - shown)
            print(f"step {run.step}, {run.spent / 60:.1f} min, {clips_heard} clips: token {mean[0]:.3f}, letter {mean[1]:.3f}, phoneme {mean[2]:.3f}", flush=True)
            shown, sums = run.step, np.zeros(3)
        done = run.spent >= run.seconds
        if done or run.spent - saved > SAVE_SECONDS:
            saved = run.spent
            run.save()
        if done or run.spent - measured > MEASURE_SECONDS:
            measured = run.spent
            measure(run, tokenizer, rows, clips)
        if done:
            return


def main():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("--clips", type=Path, required=True)
    p.add_argument("--out", type=Path, required=True)
    p.add_argument("--minutes", type=float, default=80)
    p.add_argument("--seed", type=int, default=1)
    p.add_argument("--start", type=Path, help="an earlier training's checkpoint to go on from, at a middling rate")
    args = p.parse_args()
    train(args.clips, args.out, args.minutes, args.seed, start=args.start)


if __name__ == "__main__":
    main()
