# SPDX-License-Identifier: Apache-2.0
"""From samples to the log-mel frames that Whisper sees, and the ways in which training spoils them.

`log_mel` is Whisper's front end: 16 kHz, periodic Hann of 400, hop 160, reflected ends, 80 Slaney
bands, log10, at most 8 below the loudest, (x + 4) / 4. `Spoiler` adds rooms, noise, level, telephone
and speed to a clip; `mask` hides bands and frames of a batch; `warped_filters` are the bands of speakers
whose throats are shorter or longer.
"""

import numpy as np
import torch

RATE, FFT, HOP, MELS = 16000, 400, 160, 80


def mel_filters():
    """(80, 201): Slaney's mel scale, linear below 1 kHz, triangles of equal area."""
    def to_mel(hz):
        return np.where(hz < 1000, hz * 3 / 200, 15 + np.log(np.maximum(hz, 1) / 1000) * 27 / np.log(6.4))

    def to_hz(mel):
        return np.where(mel < 15, mel * 200 / 3, 1000 * np.exp((mel - 15) * np.log(6.4) / 27))

    edge = to_hz(np.linspace(0, to_mel(np.array(RATE / 2.0)), MELS + 2))
    bins = np.linspace(0, RATE / 2, FFT // 2 + 1)[None]
    up = (bins - edge[:-2, None]) / (edge[1:-1] - edge[:-2])[:, None]
    down = (edge[2:, None] - bins) / (edge[2:] - edge[1:-1])[:, None]
    return (np.maximum(0, np.minimum(up, down)) * (2 / (edge[2:] - edge[:-2]))[:, None]).astype(np.float32)


_FILTERS = torch.from_numpy(mel_filters())
_HANN = torch.hann_window(FFT)


def _stretch(alpha):
    """(201, 201): takes a power spectrum to that of a throat 1 / alpha as long; above 4.8 kHz less and less, so that
    8 kHz stays where it is."""
    knee = 4800 * min(1, 1 / alpha)
    f = np.linspace(0, RATE / 2, FFT // 2 + 1)
    source = np.interp(f, [0, knee * alpha, RATE / 2], [0, knee, RATE / 2]) / (RATE / FFT)
    low = np.minimum(source.astype(int), FFT // 2 - 1)
    out = np.zeros((len(f), len(f)), np.float32)
    out[np.arange(len(f)), low] = 1 - (source - low)
    out[np.arange(len(f)), low + 1] = source - low
    return torch.from_numpy(out)


_WARPED = torch.stack([_FILTERS] + [_FILTERS @ _stretch(alpha) for alpha in np.linspace(0.85, 1.15, 31)])


def warped_filters(n, r):
    """(n, 80, 201): for each clip the filters for a random throat, for four in ten the ordinary ones."""
    return _WARPED[np.where(r.random(n) < 0.4, 0, r.integers(1, len(_WARPED), n))]


def log_mel(samples, filters=_FILTERS):
    """(B, n) float -> (B, 80, n // 160)."""
    power = torch.stft(samples, FFT, HOP, window=_HANN, return_complex=True)[..., :-1].abs() ** 2
    x = torch.log10(torch.clamp(filters @ power, min=1e-10))
    return (torch.maximum(x, x.amax((1, 2), keepdim=True) - 8) + 4) / 4


def _smooth_length(n):
    """The next 2^k or 3 * 2^k: FFTs of these are quick."""
    k = 1 << int(n - 1).bit_length()
    return k * 3 // 4 if k * 3 // 4 >= n else k


class Spoiler:
    """Clips as a cheap microphone in a room would hear them. `r` is a numpy generator."""

    def __init__(self, seed):
        self.r = np.random.default_rng([seed, 11])
        self.strength = 1.0  # 0 spoils little, 1 in full
        self.noises = [self._noise() for _ in range(48)]

    def _noise(self, n=1 << 18):
        """Noise whose power falls with a random power of the frequency, some with hum, some in bursts."""
        f = np.fft.rfftfreq(n, 1 / RATE)
        shape = (f + 30.0) ** (-self.r.uniform(-0.2, 1.0))
        if self.r.random() < 0.4:
            centre, width = self.r.uniform(200, 5000), self.r.uniform(100, 2500)
            shape *= 0.1 + np.exp(-0.5 * ((f - centre) / width) ** 2)
        x = np.fft.irfft(shape * (self.r.standard_normal(len(f)) + 1j * self.r.standard_normal(len(f))), n)
        if self.r.random() < 0.3:
            x *= np.repeat(self.r.uniform(0.2, 1.0, n // 4096), 4096)
        x /= np.sqrt((x**2).mean())
        if self.r.random() < 0.3:
            t = np.arange(n) / RATE * 2 * np.pi * self.r.choice([50, 60])
            x += sum(self.r.uniform(0, 1) * np.sin(k * t) for k in range(1, 6))
        return (x / np.sqrt((x**2).mean())).astype(np.float32)

    def noise(self, n):
        x = self.noises[self.r.integers(len(self.noises))]
        at = self.r.integers(len(x) - n)
        return x[at : at + n]

    def _room(self, n):
        """The spectrum (for length n) of a room: direct sound, a few early echoes, a tail that dies away."""
        seconds = self.r.uniform(0.08, 0.6)
        m = int(seconds * RATE)
        t = np.arange(m) / RATE
        h = self.r.standard_normal(m).astype(np.float32) * np.exp(-6.9 * t / seconds)
        h *= 10 ** (-self.r.uniform(2, 16) / 20) / np.sqrt((h**2).sum())
        h[: int(0.002 * RATE)] = 0
        for _ in range(self.r.integers(1, 6)):
            h[self.r.integers(16, min(m, 800))] += self.r.uniform(-0.5, 0.5)
        h[0] = 1
        return np.fft.rfft(h, n)

    def _colour(self, f):
        """A gain over frequency: gentle tilt and bumps, sometimes a telephone's band."""
        knots = np.geomspace(60, 8000, 7)
        gain = 10 ** (np.interp(np.log(f + 1), np.log(knots), self.r.normal(0, 4, 7)) / 20)
        if self.r.random() < 0.15:
            gain *= 1 / (1 + (self.r.uniform(150, 400) / (f + 1)) ** 6) / (1 + (f / self.r.uniform(2800, 4500)) ** 12)
        return gain

    def speed(self, x):
        """Faster or slower, and higher or lower with it, formants and all."""
        if self.r.random() < 0.4:
            return x
        n = int(len(x) / np.exp(self.r.uniform(np.log(0.85), np.log(1.18))))
        return np.interp(np.linspace(0, len(x) - 1, n), np.arange(len(x)), x)

    def __call__(self, x):
        """Samples -> as many samples, about as loud as before the level is drawn."""
        n = len(x)
        if self.r.random() < 0.75:
            size = _smooth_length(n + 9600)
            spectrum = np.fft.rfft(x, size)
            if self.r.random() < 0.55 * self.strength:
                spectrum *= self._room(size)
            if self.r.random() < 0.6:
                spectrum *= self._colour(np.fft.rfftfreq(size, 1 / RATE))
            x = np.fft.irfft(spectrum, size)[:n]
        level = np.sqrt((x**2).mean()) + 1e-9
        if self.r.random() < 0.85:
            x = x + self.noise(n) * (2.0 * level * 10 ** (-self.r.uniform(25 - 20 * self.strength, 40) / 20))
        x = x * (10 ** (-self.r.uniform(0, 36) / 20) / (np.abs(x).max() + 1e-9))
        return np.clip(x * self.r.uniform(1.2, 3), -1, 1) if self.r.random() < 0.04 else x


def mask(x, r):
    """Hides up to two bands and two stretches of each clip of (B, 80, T), in place, with the clip's mean."""
    for clip in x:
        mean = float(clip.mean())
        for _ in range(r.integers(0, 3)):
            w = int(r.integers(1, 13))
            at = int(r.integers(MELS - w))
            clip[at : at + w] = mean
        for _ in range(r.integers(0, 3)):
            w = int(r.integers(1, 14))
            at = int(r.integers(max(1, clip.shape[1] - w)))
            clip[:, at : at + w] = mean
    return x
