# SPDX-License-Identifier: Apache-2.0
"""The sounds that the voice detector learns from: speech by free synthesizers, and everything else drawn here.

Needs numpy and the commands espeak-ng and flite. A scene is some seconds of 16 kHz sound with a label for every 20 ms:
somebody speaks or not. `held_out` scenes use voices, and kinds of noise, that no other scene has.
"""

import io
import subprocess
import wave

import numpy as np

RATE = 16000
STEP = 320  # samples a label

WORDS = """the a of and to in is you that it he was for on are as with his they at be this have from or one had by word but not
what all were we when your can said there use an each which she do how their if will up other about out many then them these so
some her would make like him into time has look two more write go see number no way could people my than first water been call who
oil its now find long down day did get come made may part over new sound take only little work know place year live me back give
most very after thing our just name good sentence man think say great where help through much before line right too mean old any
same tell boy follow came want show also around form three small set put end does another well large must big even such because
turn here why ask went men read need land different home us move try kind hand picture again change off play spell air away animal
house point page letter mother answer found study still learn should world""".split()

LANGUAGES = ["en-us", "en", "de", "fr", "es", "it", "pt", "nl", "sv", "pl", "ru", "tr", "fi", "hu", "el", "cmn", "hi", "id", "vi", "ja"]
VARIANTS = ["", "+f1", "+f2", "+f3", "+m1", "+m2", "+m3", "+m4", "+m6", "+m7", "+klatt", "+klatt2", "+Andrea", "+Mario", "+whisper"]
FLITE = ["slt", "rms", "awb"]
HELD_OUT_LANGUAGES = ["en-gb-scotland", "cs", "da", "ko", "ar"]
HELD_OUT_VARIANTS = ["+f5", "+m5", "+klatt4", "+Michael"]
HELD_OUT_FLITE = ["kal16"]


def read_wave(data):
    with wave.open(io.BytesIO(data)) as file:
        rate = file.getframerate()
        x = np.frombuffer(file.readframes(1 << 24), "<i2").astype(np.float64) / 32768
    if rate != RATE:  # by cutting the spectrum
        block = rate // np.gcd(rate, RATE)
        n = -(-len(x) // block) * block
        m = n * RATE // rate
        spectrum, out = np.fft.rfft(x, n), np.zeros(m // 2 + 1, complex)
        k = min(len(out), len(spectrum))
        out[:k] = spectrum[:k]
        x = np.fft.irfft(out, m) * (m / n)
    return x


def speak(rng, held_out, words=None):
    """One utterance and, for every sample, whether it is part of a word (pauses below 0.2 s are). `words`: how many; else by chance."""
    if words is None:  # often one alone, as commands are: little around it to be told by
        words = 1 if rng.random() < 0.35 else rng.integers(1, 12)
    text = " ".join(rng.choice(WORDS, words))
    if rng.random() < 0.25:
        voice = rng.choice(HELD_OUT_FLITE if held_out else FLITE)
        data = subprocess.run(["flite", "-voice", voice, "-t", text, "-o", "/dev/stdout"], capture_output=True, check=True).stdout
    else:
        voice = rng.choice(HELD_OUT_LANGUAGES if held_out else LANGUAGES) + rng.choice(HELD_OUT_VARIANTS if held_out else VARIANTS)
        data = subprocess.run(["espeak-ng", "--stdout", "-v", voice, "-s", str(rng.integers(110, 260)), "-p", str(rng.integers(15, 85)), text],
                              capture_output=True, check=True).stdout
    x = read_wave(data)
    level = np.sqrt(np.convolve(x * x, np.ones(400) / 400, "same"))
    loud = level > 0.02 * level.max()
    at = np.flatnonzero(loud)
    for gap in np.flatnonzero(np.diff(at) > 1):
        if at[gap + 1] - at[gap] < 0.2 * RATE:
            loud[at[gap] : at[gap + 1]] = True
    return x / max(np.sqrt(np.mean(x[loud] ** 2)), 1e-9), loud


def coloured(rng, n, slope):
    """Noise whose power falls by `slope` x 3 dB an octave; 0 is white, 1 pink, 2 brown."""
    spectrum = np.fft.rfft(rng.standard_normal(n))
    hertz = np.maximum(np.fft.rfftfreq(n, 1 / RATE), 20)
    return np.fft.irfft(spectrum * hertz ** (-slope / 2), n)


def band(rng, n, low, high):
    spectrum = np.fft.rfft(rng.standard_normal(n))
    hertz = np.fft.rfftfreq(n, 1 / RATE)
    return np.fft.irfft(spectrum * ((hertz > low) & (hertz < high)), n)


def times(n):
    return np.arange(n) / RATE


def slow(rng, n, hertz):
    """A curve between 0 and 1 that changes some `hertz` times a second."""
    knots = rng.random(int(n / RATE * hertz) + 3)
    return np.interp(np.arange(n), np.linspace(0, n, len(knots)), knots)


def events(rng, n, per_second, make):
    """Sounds made by `make(samples_left)` at random moments."""
    x = np.zeros(n)
    for at in np.sort(rng.integers(0, n, max(1, rng.poisson(per_second * n / RATE)))):
        y = make(n - at)[: n - at]
        x[at : at + len(y)] += y
    return x


def decay(n, seconds):
    return np.exp(-times(n) / seconds)


def hum(rng, n):
    base = rng.choice([50, 60, 100, 120]) * (1 + rng.normal() * 0.002)
    return sum(np.sin(2 * np.pi * base * k * times(n) + rng.random() * 7) * rng.random() / k for k in range(1, rng.integers(2, 25)))


def fan(rng, n):
    return coloured(rng, n, rng.uniform(0.3, 1.8)) * (1 + 0.3 * np.sin(2 * np.pi * rng.uniform(0.5, 20) * times(n)))


def gusts(rng, n):
    return coloured(rng, n, 2) * slow(rng, n, rng.uniform(0.5, 3)) ** 2


def clicks(rng, n):
    def one(left):
        m = min(left, 1600)
        return rng.uniform(0.2, 1) * rng.standard_normal(m) * decay(m, rng.uniform(0.0005, 0.01))
    return events(rng, n, rng.uniform(0.5, 15), one)


def knocks(rng, n):
    def one(left):
        m = min(left, 8000)
        low = rng.uniform(60, 1500)
        return rng.uniform(0.3, 1) * np.sin(2 * np.pi * low * times(m)) * decay(m, rng.uniform(0.01, 0.08)) + 0.3 * rng.standard_normal(m) * decay(m, 0.01)
    return events(rng, n, rng.uniform(0.3, 5), one)


def tone(rng, n):
    return np.sin(2 * np.pi * np.exp(rng.uniform(np.log(80), np.log(6000))) * times(n)) * (1 + rng.random() * np.sin(2 * np.pi * rng.uniform(0.1, 8) * times(n)))


def beeps(rng, n):
    """Tones that go on and off at the pace of syllables."""
    period, on = rng.uniform(0.08, 1), rng.uniform(0.2, 0.8)
    count = int(n / RATE / period) + 2
    pitches = np.exp(rng.uniform(np.log(200), np.log(4000), (count, rng.integers(1, 3))))
    if rng.random() < 0.5:
        pitches[:] = pitches[0]
    which = (times(n) / period).astype(int)
    gate = (times(n) / period) % 1 < on
    return gate * sum(np.sin(2 * np.pi * pitches[which, k] * times(n)) for k in range(pitches.shape[1]))


def note(rng, pitch, m, harmonics, sharp):
    t = times(m)
    shape = np.minimum(t / sharp, 1) * np.exp(-t / rng.uniform(0.2, 2))
    return shape * sum(np.sin(2 * np.pi * pitch * k * t + k) / k ** rng.uniform(0.7, 2) for k in range(1, harmonics) if pitch * k < 7800)


def music(rng, n):
    """Chords and a melody over a beat."""
    beat = rng.uniform(0.2, 0.7)
    scale = 55 * 2 ** (np.array([0, 2, 4, 5, 7, 9, 11, 12, 14, 16, 17, 19, 21]) / 12)
    x = np.zeros(n)
    for i in range(int(n / RATE / beat) + 1):
        at = int(i * beat * RATE)
        m = min(n - at, int(RATE * beat * rng.choice([1, 2, 4])))
        if m < 100:
            continue
        for _ in range(rng.integers(1, 4)):
            x[at : at + m] += note(rng, rng.choice(scale) * rng.choice([1, 2, 4, 8]), m, rng.integers(2, 12), rng.uniform(0.002, 0.1))
        if rng.random() < 0.6:
            k = min(m, 3000)
            x[at : at + k] += rng.uniform(0.2, 1.5) * rng.standard_normal(k) * decay(k, rng.uniform(0.01, 0.06))
    return x


def engine(rng, n):
    base = rng.uniform(25, 120) * (0.7 + 0.6 * slow(rng, n, 0.7))
    phase = 2 * np.pi * np.cumsum(base) / RATE
    return sum(np.sin(k * phase + rng.random() * 7) / k**0.7 for k in range(1, 30)) + 2 * coloured(rng, n, 1) * np.std(base)


def water(rng, n):
    def one(left):
        m = min(left, 3200)
        f = rng.uniform(400, 3500)
        return rng.random() * np.sin(2 * np.pi * (f + rng.uniform(-2, 4) * f * times(m)) * times(m)) * decay(m, rng.uniform(0.004, 0.03))
    return events(rng, n, rng.uniform(5, 60), one) + 0.1 * band(rng, n, 300, 6000)


def chirps(rng, n):
    def one(left):
        m = min(left, int(rng.uniform(0.03, 0.3) * RATE))
        f0, f1 = rng.uniform(1200, 6500, 2)
        return np.sin(2 * np.pi * (f0 + (f1 - f0) * times(m) / max(times(m)[-1], 1e-3) / 2) * times(m)) * np.hanning(m)
    return events(rng, n, rng.uniform(0.5, 8), one)


def bursts(rng, n):
    """Steps, paper, applause: noise in pieces."""
    def one(left):
        m = min(left, int(rng.uniform(0.02, 0.5) * RATE))
        low = rng.uniform(50, 4000)
        return band(rng, max(m, 16), low, low + rng.uniform(300, 4000))[:m] * np.hanning(m) ** rng.uniform(0.3, 2)
    return events(rng, n, rng.uniform(0.5, 10), one)


def silence(rng, n):
    return np.zeros(n)


def siren(rng, n):
    f = 500 + rng.uniform(200, 900) * (1 + np.sin(2 * np.pi * rng.uniform(0.15, 3) * times(n))) / 2
    phase = 2 * np.pi * np.cumsum(f) / RATE
    return np.sin(phase) + 0.4 * np.sin(3 * phase)


def organ(rng, n):
    """Music of another kind: long chords without a beat, with vibrato."""
    x = np.zeros(n)
    for _ in range(int(n / RATE) + 2):
        at, m = rng.integers(0, n), int(rng.uniform(0.8, 3) * RATE)
        m = min(m, n - at)
        pitch = rng.uniform(80, 700) * (1 + 0.01 * np.sin(2 * np.pi * 5.5 * times(m)))
        phase = 2 * np.pi * np.cumsum(pitch) / RATE
        x[at : at + m] += np.hanning(m) ** 0.2 * sum(np.sin(k * phase) / k for k in range(1, 9))
    return x


def keys(rng, n):
    """A keyboard: two clicks a stroke, strokes in runs."""
    x, at = np.zeros(n), 0
    while at < n - 3000:
        for offset in (0, int(rng.uniform(0.04, 0.1) * RATE)):
            m = min(800, n - at - offset)
            x[at + offset : at + offset + m] += rng.uniform(0.3, 1) * band(rng, 800, 1000, 7000)[:m] * decay(m, 0.008)
        at += int(rng.exponential(0.17) * RATE) + 600
    return x


def whine(rng, n):
    """Motors and whistles that slide."""
    base = np.exp(np.log(rng.uniform(150, 2000)) + rng.uniform(0.1, 0.8) * (slow(rng, n, rng.uniform(0.3, 4)) - 0.5))
    phase = 2 * np.pi * np.cumsum(base) / RATE
    return (0.3 + slow(rng, n, 1)) * sum(np.sin(k * phase) * rng.random() / k for k in range(1, rng.integers(2, 8)) if base.max() * k < 7800)


NOISES = [silence, fan, gusts, hum, clicks, knocks, tone, beeps, music, engine, water, chirps, bursts, whine]
HELD_OUT_NOISES = [siren, organ, keys]
STEADY = [lambda rng, n: coloured(rng, n, rng.uniform(0, 2)), hum, fan, silence]


def unit(x):
    return x / max(np.sqrt(np.mean(x**2)), 1e-9)


def room(rng, x):
    """`x` in a room that rings for 0.1 to 0.8 s."""
    m = int(rng.uniform(0.1, 0.8) * RATE)
    answer = rng.standard_normal(m) * np.exp(-6.9 * np.arange(m) / m) * rng.uniform(0.02, 0.12)
    answer[0] = 1
    size = len(x) + m
    return np.fft.irfft(np.fft.rfft(x, size) * np.fft.rfft(answer, size), size)[: len(x)]


def coloured_by_chance(rng, x):
    """`x` through a microphone and a room's walls: up to 12 dB more or less, smoothly over frequency."""
    spectrum = np.fft.rfft(x)
    octaves = np.log2(np.maximum(np.fft.rfftfreq(len(x), 1 / RATE), 60) / 60)
    gain = np.interp(octaves, np.linspace(0, 7.1, 7), rng.uniform(-12, 12, 7))
    return np.fft.irfft(spectrum * 10 ** (gain / 20), len(x))


def scene(rng, held_out=False, seconds=8.0, noise=None, speech=None):
    """Samples (float32) and labels. `noise`: its function; else by chance. `speech`: whether anybody speaks."""
    n = int(seconds * RATE)
    voice, spoken = np.zeros(n), np.zeros(n, bool)
    if speech if speech is not None else rng.random() < 0.65:
        at = int(rng.exponential(0.6) * RATE) if rng.random() < 0.8 else 0
        while at < n:
            x, loud = speak(rng, held_out)
            m = min(len(x), n - at)
            voice[at : at + m] += x[:m] * 10 ** rng.uniform(-0.3, 0.3)
            spoken[at : at + m] |= loud[:m]
            at += m + int(rng.exponential(1.2) * RATE)
    if noise is None:
        noise = rng.choice(HELD_OUT_NOISES if held_out else NOISES)
    kept = noise(rng, n)
    kept = unit(kept) + unit(rng.choice(STEADY)(rng, n)) * 10 ** rng.uniform(-2.5, -0.5) + 1e-4 * rng.standard_normal(n) * (rng.random() < 0.9)
    if rng.random() < 0.7:
        kept = unit(coloured_by_chance(rng, kept)) if kept.any() else kept
        voice = coloured_by_chance(rng, voice)
    if spoken.any():
        below = rng.uniform(3, 45)  # dB that the noise lies below the speech
        x = (room(rng, voice) if rng.random() < 0.5 else voice) + kept * 10 ** (-below / 20)
    else:
        x = room(rng, kept) if rng.random() < 0.3 else kept
    if rng.random() < 0.2:  # as a telephone has it
        spectrum = np.fft.rfft(x)
        hertz = np.fft.rfftfreq(n, 1 / RATE)
        x = np.fft.irfft(spectrum * ((hertz > 250) & (hertz < 3500)), n)
    x = unit(x) * 10 ** (rng.uniform(-60, -12) / 20)
    x = np.clip(x, -1, 1)
    if rng.random() < 0.8:
        x = np.round(x * 32768) / 32768
    steps = n // STEP
    return x.astype(np.float32), spoken[: steps * STEP].reshape(steps, STEP).mean(1) > 0.5


def word(rng, cut):
    """One word of a voice that training never has, in steady noise: a clip of a second, or `cut` within 80 ms of its edges."""
    x, loud = speak(rng, True, 1)
    at = np.flatnonzero(loud)
    before, behind = (int(rng.uniform(0, 0.08) * RATE) for _ in range(2))
    x = x[max(at[0] - before, 0) : at[-1] + 1 + behind]
    if not cut:
        room_left = max(RATE - len(x), 0)
        first = int(rng.uniform(0, room_left))
        x = np.pad(x, (first, room_left - first))
    noise = unit(STEADY[rng.integers(3)](rng, len(x)))
    x = unit(x + noise * 10 ** (-rng.uniform(10, 45) / 20)) * 10 ** (rng.uniform(-50, -15) / 20)
    return np.round(np.clip(x, -1, 1) * 32768) / 32768
