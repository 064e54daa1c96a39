# SPDX-License-Identifier: Apache-2.0
"""Word error rates: on the held-out set, and on real recordings that no step of the recipe reads.

The held-out set is `heldout.tsv`: set, engine, voice, rate, pitch, seed, text. Set `voice` has variants
of eSpeak NG that training never heard, `accent` an accent, `speaker` a speaker of Festival. No text of
three or more words was trained on. `seed` draws the noise and room of the spoilt version.

    python evaluate.py                       # both tables of speech.bin; PINHOLE_DATA names the real recordings
    python evaluate.py --checkpoint CKPT     # of a training that is still running
    python evaluate.py --write FOLDER        # the held-out clips as NNN.wav, for another program to hear
"""

import argparse
import os
import re
import wave
from pathlib import Path

import numpy as np
import torch

import export
import sentences
import synthesize
import vocabulary as v
from features import RATE, Spoiler, log_mel
from network import Whisper

HERE = Path(__file__).resolve().parent
COLUMNS = ("set", "engine", "voice", "rate", "pitch", "seed", "text")
COUNTS = {"voice": 200, "accent": 100, "speaker": 100}
QUIET = 0.3  # seconds of silence before and after a held-out clip


def held_out_rows(seed=5):
    """The rows of heldout.tsv, drawn anew."""
    r = np.random.default_rng([seed, 1])
    rows = []
    for name, count in COUNTS.items():
        have = 0
        while have < count:
            text = sentences.draw(r)
            if not sentences.is_held_out(text) and (len(text.split()) > 2 or r.random() < 0.9):
                continue
            if name == "voice":
                voice = synthesize.ACCENTS[r.integers(7)] + "+" + synthesize.HELD_OUT_VARIANTS[r.integers(6)]
            elif name == "accent":
                voice = synthesize.HELD_OUT_ACCENT + "+" + synthesize.VARIANTS[r.integers(len(synthesize.VARIANTS))]
            else:
                voice = synthesize.HELD_OUT_FESTIVAL
            fest = name == "speaker"
            rate = round(float(r.uniform(0.85, 1.25)), 3) if fest else int(r.integers(120, 201))
            pitch = 0 if fest else int(r.integers(30, 71))
            rows.append({"set": name, "engine": "festival" if fest else "espeak", "voice": voice, "rate": rate,
                         "pitch": pitch, "seed": len(rows), "text": text})
            have += 1
    return rows


def write_rows(path, rows):
    lines = ["\t".join(COLUMNS)] + ["\t".join(str(row[c]) for c in COLUMNS) for row in rows]
    Path(path).write_text("\n".join(lines) + "\n")


def read_rows(path=HERE / "heldout.tsv"):
    lines = Path(path).read_text().splitlines()
    rows = [dict(zip(COLUMNS, line.split("\t"), strict=True)) for line in lines[1:]]
    for row in rows:
        row["pitch"], row["seed"] = int(row["pitch"]), int(row["seed"])
        row["rate"] = float(row["rate"]) if row["engine"] == "festival" else int(row["rate"])
    return rows


def held_out_clips(rows):
    """Rows -> samples of each with silence around, at half of full scale."""
    quiet = np.zeros(int(QUIET * RATE))
    return [np.concatenate([quiet, x * (0.5 / np.abs(x).max()), quiet]) for x, _ in synthesize.speak_all(rows)]


def write_clips(folder, clips):
    """NNN.wav for each row, 16 kHz PCM16."""
    folder.mkdir(parents=True, exist_ok=True)
    for i, clip in enumerate(clips):
        write_wave(folder / f"{i:03d}.wav", np.round(clip * 32767).astype("<i2"))


def write_wave(path, samples):
    """int16 samples at RATE."""
    with wave.open(str(path), "wb") as f:
        f.setnchannels(1)
        f.setsampwidth(2)
        f.setframerate(RATE)
        f.writeframes(samples.tobytes())


def spoil(rows, clips):
    """The same clips in a room, with noise at 5 to 40 dB, as in training but with their own seeds."""
    out = []
    spoiler = Spoiler(1000)
    for row, clip in zip(rows, clips, strict=True):
        spoiler.r = np.random.default_rng([row["seed"], 77])
        out.append(spoiler(clip))
    return out


def words(text):
    return re.sub(r"[^a-z' ]", " ", text.lower()).split()


def errors(said, heard):
    """(substitutions + insertions + deletions, words said)."""
    a, b = words(said), words(heard)
    row = list(range(len(b) + 1))
    for i, x in enumerate(a, 1):
        last, row[0] = row[0], i
        for j, y in enumerate(b, 1):
            last, row[j] = row[j], min(row[j] + 1, row[j - 1] + 1, last + (x != y))
    return row[-1], len(a)


def pad(clips, whole):
    """Zeros after each: up to the longest of them, or up to the whole window."""
    n = int(v.WINDOW * RATE) if whole else -(-max(map(len, clips)) // 320) * 320
    return torch.stack([torch.from_numpy(np.pad(c[:n], (0, n - len(c[:n]))).astype(np.float32)) for c in clips])


@torch.no_grad()
def greedy(model, mel, prompt=(v.SOT, v.NO_TIMESTAMPS), timestamps=False):
    """Token ids of each clip, without prompt and EOT, and the no-speech probability of each."""
    audio = model.encoder(mel)
    tokens = torch.tensor([prompt] * len(mel))
    forbidden = torch.zeros(v.SIZE, dtype=torch.bool)
    forbidden[v.SOT : v.ZERO] = True
    if not timestamps:
        forbidden[v.ZERO :] = True
    silent = model.decoder(tokens[:, :1], audio)[:, 0].softmax(-1)[:, v.NO_SPEECH]
    done = torch.zeros(len(mel), dtype=torch.bool)
    while tokens.shape[1] < model.dims["n_text_ctx"] and not done.all():
        logits = model.decoder(tokens, audio)[:, -1].masked_fill(forbidden, -torch.inf)
        best = torch.where(done, torch.tensor(v.EOT), logits.argmax(-1))
        tokens = torch.cat([tokens, best[:, None]], 1)
        done |= best == v.EOT
    out = [[t for t in row[len(prompt) :].tolist() if t != v.EOT] for row in tokens]
    return out, silent.tolist()


def transcribe(model, tokenizer, clips, whole=False, batch=50, **options):
    texts, silent = [], []
    order = sorted(range(len(clips)), key=lambda i: len(clips[i]))
    for i in range(0, len(order), batch):
        ids, p = greedy(model, log_mel(pad([clips[j] for j in order[i : i + batch]], whole)), **options)
        texts += [tokenizer.decode(x) for x in ids]
        silent += p
    back = np.argsort(order)
    return [texts[i] for i in back], [silent[i] for i in back]


def word_error_rate(rows, texts):
    wrong, total = np.sum([errors(row["text"], t) for row, t in zip(rows, texts, strict=True)], 0)
    return wrong / total


def load(path):
    """The averaged weights of a checkpoint."""
    state = torch.load(path, weights_only=True)
    model = Whisper(state["dims"])
    model.load_state_dict(state["average"])
    return model.eval(), v.Tokenizer(state["tokens"])


def held_out_table(model, tokenizer, rows, show=0):
    """{set and condition: word error rate}."""
    clips = held_out_clips(rows)
    facts = {}
    for name, sounds, whole in (("clean", clips, False), ("clean, whole window", clips, True), ("spoilt", spoil(rows, clips), False)):
        texts, _ = transcribe(model, tokenizer, sounds, whole)
        for kind in COUNTS:
            mine = [i for i, row in enumerate(rows) if row["set"] == kind]
            facts[f"{kind}, {name}"] = word_error_rate([rows[i] for i in mine], [texts[i] for i in mine])
        facts[f"all, {name}"] = word_error_rate(rows, texts)
        if name == "clean":
            for row, text in list(zip(rows, texts, strict=True))[:show]:
                print(f"  {row['text']}  ->  {text.strip()}")
    return facts


REAL = [("yes_1000ms.wav", "yes"), ("no_1000ms.wav", "no"), ("marvin_617de221_0.wav", "marvin"),
        ("jfk.wav", "and so my fellow americans ask not what your country can do for you ask what you can do for your country"),
        ("two_cities_16k.wav", None), ("beckett.wav", "ever tried ever failed no matter try again fail again fail better"),
        ("noise_1000ms.wav", ""), ("silence_1000ms.wav", "")]


def read_any(path):
    """A WAV of any PCM16 layout as mono at RATE."""
    with wave.open(str(path)) as f:
        x = np.frombuffer(f.readframes(f.getnframes()), "<i2").reshape(-1, f.getnchannels()).mean(1) / 32768.0
        return synthesize.resample(x, f.getframerate())


def real_table(model, tokenizer, folder):
    for name, said in REAL:
        path = folder / "audio" / name
        if not path.exists():
            continue
        if said is None:
            said = (folder / "audio" / "two_cities.txt").read_text()
        x = read_any(path)
        step = int(v.WINDOW * RATE)
        texts, silent = transcribe(model, tokenizer, [x[i : i + step] for i in range(0, len(x), step)])
        heard = " ".join(texts)
        wrong, total = errors(said, heard)
        print(f"{name}: {wrong} of {total} words wrong; no speech {silent[0]:.2f};{heard[:160]}")


def data_folder():
    return Path(os.environ.get("PINHOLE_DATA", HERE.parents[1].parent / "shared" / "data"))


def main():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("--model", type=Path, default=HERE / "speech.bin")
    p.add_argument("--checkpoint", type=Path, help="instead of a file: a checkpoint")
    p.add_argument("--show", type=int, default=20, help="transcripts to print")
    p.add_argument("--write", type=Path, help="write the held-out clips to this folder, and stop")
    args = p.parse_args()
    if args.write:
        return write_clips(args.write, held_out_clips(read_rows()))
    torch.set_num_threads(1)
    model, tokenizer = load(args.checkpoint) if args.checkpoint else export.load(args.model)
    for name, rate in held_out_table(model, tokenizer, read_rows(), args.show).items():
        print(f"{name}: {100 * rate:.1f} %")
    return real_table(model, tokenizer, data_folder())


if __name__ == "__main__":
    main()
