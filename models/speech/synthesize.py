# SPDX-License-Identifier: Apache-2.0
"""Speaks texts with the free synthesizers of Debian 12 and keeps them as 16 kHz clips.

Needs the Debian packages espeak-ng, flite, festival, festvox-kallpc16k, festvox-kdlpc16k and
festvox-us-slt-hts. eSpeak NG and Flite are called as libraries; Festival runs once for a shard.
A shard is `clips_NNN.npy` (int16, all clips one after the other, trimmed to what sounds) and
`clips_NNN.json` (for each: text, voice, rate, pitch and its spread, first and last sample, phonemes). Its number
is its seed.

    python synthesize.py --out FOLDER --first 0 --count 30
"""

import argparse
import ctypes
import json
import subprocess
import tempfile
import wave
from pathlib import Path

import numpy as np

import sentences

RATE = 16000
LONGEST = 8.0  # seconds; a longer clip is left out
SHARD = 1000
UNRELATED = 0.12  # of the texts, beside those that the grammar draws

ACCENTS = ["en-us", "en", "en-gb-scotland", "en-gb-x-rp", "en-gb-x-gbclan", "en-029", "en-us-nyc"]
VARIANTS = """f1 f2 f3 f5 m1 m2 m3 m4 m6 m7 m8 Alex Alicia Andrea Andy Annie Denis Diogo Gene Henrique Hugo Jacky Lee
Marco Mario Michael Mike Nguyen adam anika antonio aunty benjamin boris caleb david ed grandma grandpa gustave iven
john kaukovalta klatt klatt2 klatt3 linda marcelo max michel miguel norbert pablo paul pedro quincy rob robert sandro
shelby steph travis victor zac""".split()
# Never heard in training: an accent, variants, and a whole speaker of another synthesizer.
HELD_OUT_ACCENT = "en-gb-x-gbcwmd"
HELD_OUT_VARIANTS = ["f4", "m5", "belinda", "edward", "klatt4", "steph2"]
HELD_OUT_FESTIVAL = "ked_diphone"
FLITE = {"slt": (110, 230), "rms": (75, 150), "awb": (80, 185), "kal16": (75, 190)}  # Hz, the mean pitch drawn
KAL = (75, 190)  # likewise; the other voice of Festival has its own pitch always
FESTIVAL = ["kal_diphone", "cmu_us_slt_arctic_hts"]


def resample(x, rate):
    """float samples at `rate` -> RATE, by cutting or padding the spectrum."""
    if rate == RATE or not len(x):
        return x
    block = rate // np.gcd(rate, RATE)
    n = -(-len(x) // block) * block
    m = n * RATE // rate
    spectrum = np.fft.rfft(x, n)
    out = np.zeros(m // 2 + 1, complex)
    k = min(len(out), len(spectrum))
    out[:k] = spectrum[:k]
    return np.fft.irfft(out, m) * (m / n)


def sounding(x):
    """First and last sample of what lies between the first and the last 10 ms louder than 1 % of the loudest."""
    frames = len(x) // 160
    if not frames:
        return 0, 0
    level = np.abs(x[: frames * 160]).reshape(frames, 160).max(1)
    loud = np.flatnonzero(level > 0.01 * max(level.max(), 1e-9))
    return (loud[0] * 160, (loud[-1] + 1) * 160) if len(loud) else (0, 0)


class _EspeakEvent(ctypes.Structure):
    _fields_ = [("type", ctypes.c_int), ("identifier", ctypes.c_uint), ("text_position", ctypes.c_int), ("length", ctypes.c_int),
                ("audio_position", ctypes.c_int), ("sample", ctypes.c_int), ("user_data", ctypes.c_void_p), ("name", ctypes.c_char * 8)]


class Espeak:
    """libespeak-ng in this process. One at a time."""

    def __init__(self):
        self.lib = ctypes.CDLL("libespeak-ng.so.1")
        self.rate = self.lib.espeak_Initialize(2, 0, None, 1)  # samples and phonemes come through the callback
        if self.rate <= 0:
            raise RuntimeError("libespeak-ng did not start; install the package espeak-ng")
        self.parts, self.phones = [], []
        kind = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.POINTER(ctypes.c_short), ctypes.c_int, ctypes.POINTER(_EspeakEvent))
        self.callback = kind(self._take)
        self.lib.espeak_SetSynthCallback(self.callback)

    def _take(self, samples, count, events):
        if samples and count:
            self.parts.append(np.ctypeslib.as_array(samples, (count,)).copy())
        i = 0
        while events[i].type:
            if events[i].type == 7:
                self.phones.append((events[i].name.decode("utf-8", "replace"), events[i].sample * RATE // self.rate))
            i += 1
        return 0

    def speak(self, text, voice, rate, pitch, spread=50):
        """Samples in -1..1 at RATE; `phones` then has each phoneme's name and first sample."""
        if self.lib.espeak_SetVoiceByName(voice.encode()) != 0:
            raise ValueError(f"eSpeak NG has no voice {voice}")
        self.lib.espeak_SetParameter(1, rate, 0)
        self.lib.espeak_SetParameter(3, pitch, 0)
        self.lib.espeak_SetParameter(4, spread, 0)
        self.parts, self.phones = [], []
        data = text.encode()
        self.lib.espeak_Synth(data, len(data) + 1, 0, 1, 0, 1, None, None)
        x = np.concatenate(self.parts or [np.zeros(0, np.int16)])
        return resample(x / 32768.0, self.rate)


class _FliteWave(ctypes.Structure):
    _fields_ = [("type", ctypes.c_char_p), ("rate", ctypes.c_int), ("count", ctypes.c_int), ("channels", ctypes.c_int),
                ("samples", ctypes.POINTER(ctypes.c_short))]


class _FliteVoice(ctypes.Structure):
    _fields_ = [("name", ctypes.c_char_p), ("features", ctypes.c_void_p)]


class Flite:
    """libflite in this process."""

    def __init__(self):
        mode = ctypes.RTLD_GLOBAL
        self.lib = ctypes.CDLL("libflite.so.1", mode)
        for name in ("usenglish", "cmulex"):
            ctypes.CDLL(f"libflite_{name}.so.1", mode)
        self.lib.flite_init()
        self.lib.flite_text_to_wave.restype = ctypes.POINTER(_FliteWave)
        self.lib.flite_text_to_wave.argtypes = [ctypes.c_char_p, ctypes.c_void_p]
        self.lib.delete_wave.argtypes = [ctypes.c_void_p]
        self.lib.feat_set_float.argtypes = [ctypes.c_void_p, ctypes.c_char_p, ctypes.c_float]
        self.voices = {}

    def _voice(self, name):
        if name not in self.voices:
            register = getattr(ctypes.CDLL(f"libflite_cmu_us_{name}.so.1", ctypes.RTLD_GLOBAL), f"register_cmu_us_{name}")
            register.restype = ctypes.c_void_p
            register.argtypes = [ctypes.c_char_p]
            self.voices[name] = register(None)
        return self.voices[name]

    def speak(self, text, name, stretch, pitch, spread):
        """`pitch` and `spread`: mean and standard deviation in Hz."""
        voice = self._voice(name)
        features = ctypes.cast(voice, ctypes.POINTER(_FliteVoice)).contents.features
        for feature, value in ((b"duration_stretch", stretch), (b"int_f0_target_mean", pitch), (b"int_f0_target_stddev", spread)):
            self.lib.feat_set_float(features, feature, value)
        got = self.lib.flite_text_to_wave(text.encode(), voice)
        w = got.contents
        x = np.ctypeslib.as_array(w.samples, (w.count,)) / 32768.0
        rate = w.rate
        self.lib.delete_wave(got)
        return resample(x, rate)


def read_wave(path):
    with wave.open(str(path)) as f:
        return resample(np.frombuffer(f.readframes(f.getnframes()), "<i2") / 32768.0, f.getframerate())


def _festival_voice(row):
    """Scheme that makes `row`'s voice the current one, at its pitch (0: the voice's own) and rate."""
    lines = [f"(voice_{row['voice']})", f"(Parameter.set 'Duration_Stretch {row['rate']:.3f})"]
    if row["voice"].endswith("_hts"):  # it does not heed the line before
        lines.append(f"(set! hts_engine_params (append hts_engine_params (list '(\"-r\" {1 / row['rate']:.3f}))))")
    if row["pitch"]:
        lines.append(f"(set! int_lr_params '((target_f0_mean {row['pitch']}) (target_f0_std {row['spread']}) (model_f0_mean 170) (model_f0_std 34)))")
    return "".join(lines)


def festival(rows):
    """Rows as `plan` makes them -> [samples], one run of Festival for all."""
    with tempfile.TemporaryDirectory() as folder:
        lines = []
        for i, row in enumerate(rows):
            lines.append(_festival_voice(row))
            lines.append(f'(utt.save.wave (utt.synth (Utterance Text "{row["text"]}")) "{folder}/{i}.wav" \'riff)')
        script = Path(folder) / "say.scm"
        script.write_text("\n".join(lines))
        subprocess.run(["festival", "-b", str(script)], check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        return [read_wave(f"{folder}/{i}.wav") for i in range(len(rows))]


def _voice(r):
    """{engine, voice, rate, pitch, spread}. Rate and pitch mean what the synthesizer makes of them: for eSpeak NG words
    a minute and 0..100, for the others a stretch of time and Hz."""
    k = r.random()
    if k < 0.55:
        voice = ACCENTS[r.integers(len(ACCENTS))] + "+" + VARIANTS[r.integers(len(VARIANTS))]
        return {"engine": "espeak", "voice": voice, "rate": int(r.integers(110, 221)), "pitch": int(r.integers(25, 76)), "spread": int(r.integers(20, 81))}
    if k < 0.78:
        engine, voice = "flite", list(FLITE)[r.integers(len(FLITE))]
        low, high = FLITE[voice]
    else:
        engine, voice = "festival", FESTIVAL[r.integers(len(FESTIVAL))]
        low, high = KAL if voice == FESTIVAL[0] else (0, 1)
    pitch = int(low * (high / low) ** r.random()) if low else 0
    return {"engine": engine, "voice": voice, "rate": round(float(r.uniform(0.8, 1.3)), 3), "pitch": pitch, "spread": int(pitch * r.uniform(0.08, 0.25))}


def plan(seed, count=SHARD):
    """What a shard says, and how: rows of what `_voice` says, and text. No sound yet."""
    r = np.random.default_rng([seed, 7])
    rows = []
    while len(rows) < count:
        text = sentences.unrelated(r) if r.random() < UNRELATED else sentences.draw(r)
        if not sentences.is_held_out(text):
            rows.append({**_voice(r), "text": text})
    return rows


def speak_all(rows):
    """Rows as `plan` makes them -> for each its samples, trimmed, and [(phoneme, first sample)] where the
    synthesizer tells (eSpeak NG does; otherwise None)."""
    espeak = Espeak()
    flite = Flite() if any(row["engine"] == "flite" for row in rows) else None
    fest = [i for i, row in enumerate(rows) if row["engine"] == "festival"]
    spoken = dict(zip(fest, festival([rows[i] for i in fest]) if fest else [], strict=True))
    out = []
    for i, row in enumerate(rows):
        phones = None
        if row["engine"] == "espeak":
            x = espeak.speak(row["text"], row["voice"], row["rate"], row["pitch"], row.get("spread", 50))
            phones = espeak.phones
        elif row["engine"] == "flite":
            x = flite.speak(row["text"], row["voice"], row["rate"], row["pitch"], row["spread"])
        else:
            x = spoken[i]
        first, last = sounding(x)
        out.append((x[first:last], phones and [(name, max(0, int(at - first))) for name, at in phones]))
    return out


def shard(folder, seed, count=SHARD):
    """Writes shard number `seed` unless it is there."""
    folder = Path(folder)
    index = folder / f"clips_{seed:03d}.json"
    if index.exists():
        return
    folder.mkdir(parents=True, exist_ok=True)
    kept, parts, at = [], [], 0
    rows = plan(seed, count)
    for row, (x, phones) in zip(rows, speak_all(rows), strict=True):
        if not 0.1 * RATE < len(x) < LONGEST * RATE:
            continue
        x = x * (0.5 / np.abs(x).max())
        parts.append((x * 32767).astype(np.int16))
        kept.append({**row, "first": at, "last": at + len(x), "phones": phones})
        at += len(x)
    np.save(folder / f"clips_{seed:03d}.npy", np.concatenate(parts))
    index.write_text(json.dumps(kept))


def main():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("--out", type=Path, required=True)
    p.add_argument("--first", type=int, default=0)
    p.add_argument("--count", type=int, default=30)
    args = p.parse_args()
    for seed in range(args.first, args.first + args.count):
        shard(args.out, seed)


if __name__ == "__main__":
    main()
