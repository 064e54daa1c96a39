# SPDX-License-Identifier: Apache-2.0
"""Writes golden/: three spoken clips and one of noise, and what PyTorch in f32 makes of them.

Any other program that runs speech.bin must find the same tokens, and logits in a narrow band. Each
`NAME.wav` (16 kHz, PCM16) has a `NAME.json`, all of the clip padded with zeros to the whole window: the
front end's frames 0, 20 and the middle one, the encoder's output at positions 0 and 20, the greedy
tokens without and with timestamps (simply the likeliest, without rules for their order), and all logits
after each of the first four inputs (SOT, no timestamps, and what was heard).
"""

import json
import wave

import numpy as np
import torch

import evaluate
import synthesize
import vocabulary as v
from features import RATE, Spoiler, log_mel

CLIPS = {
    "yes": {"engine": "espeak", "voice": "en-us+f4", "rate": 150, "pitch": 55, "text": "Yes."},
    "light": {"engine": "espeak", "voice": "en-gb-x-rp+m5", "rate": 160, "pitch": 45, "text": "Turn on the kitchen light."},
    "digits": {"engine": "espeak", "voice": "en-us+edward", "rate": 150, "pitch": 40, "text": "Three one four one five."},
}


def clips():
    """{name: int16 samples}."""
    quiet = np.zeros(RATE // 5)
    out = {}
    for name, (x, _) in zip(CLIPS, synthesize.speak_all(list(CLIPS.values())), strict=True):
        x = np.concatenate([quiet, x * (0.4 / np.abs(x).max()), quiet])
        out[name] = x + np.random.default_rng(4).standard_normal(len(x)) * 0.001
    out["noise"] = Spoiler(9).noise(RATE // 2) * 0.02
    return {name: np.round(x * 32767).astype("<i2") for name, x in out.items()}


def read(path):
    with wave.open(str(path)) as f:
        return np.frombuffer(f.readframes(f.getnframes()), "<i2")


def _rounded(x):
    return [round(float(a), 6) for a in x]


@torch.no_grad()
def answers(model, tokenizer, samples):
    """What the network makes of int16 samples."""
    mel = log_mel(evaluate.pad([samples / 32768.0], True))
    audio = model.encoder(mel)
    plain, silent = evaluate.greedy(model, mel)
    timed, _ = evaluate.greedy(model, mel, (v.SOT,), timestamps=True)
    prompt = [v.SOT, v.NO_TIMESTAMPS, *plain[0], v.EOT]
    logits = model.decoder(torch.tensor([prompt[:4]]), audio)[0]
    middle = mel.shape[2] // 2
    return {
        "window_seconds": v.WINDOW, "prompt": prompt[:2], "tokens": plain[0], "text": tokenizer.decode(plain[0]), "tokens_timed": timed[0],
        "no_speech_probability": round(silent[0], 6), "mel_frame_0": _rounded(mel[0, :, 0]), "mel_frame_20": _rounded(mel[0, :, 20]),
        f"mel_frame_{middle}": _rounded(mel[0, :, middle]), "encoder_0": _rounded(audio[0, 0]), "encoder_20": _rounded(audio[0, 20]),
        "logits_inputs": prompt[: len(logits)], "logits": [_rounded(row) for row in logits],
    }


def write(folder, model, tokenizer):
    folder.mkdir(parents=True, exist_ok=True)
    for name, samples in clips().items():
        evaluate.write_wave(folder / f"{name}.wav", samples)
        facts = {"said": CLIPS.get(name, {}).get("text", ""), **answers(model, tokenizer, samples)}
        lines = [f"{json.dumps(k)}: {json.dumps(value)}" for k, value in facts.items()]
        (folder / f"{name}.json").write_text("{\n" + ",\n".join(lines) + "\n}\n")
