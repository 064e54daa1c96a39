# SPDX-License-Identifier: Apache-2.0
"""Draws one procedural head: a displaced grid surface, shaded and splatted.

In: a numpy random generator and an optional yaw/pitch. Out: `Head` with grey
(uint8, 160 x 160), alpha (uint8), the face box and six key points in pixels.
Nothing is read from disk: shape, skin, hair, glasses, hats and light are all
drawn from the generator, so a seed is a picture.

Head space: x to the right of the picture, y down, z to the viewer. The skull
reaches from y = -1 (crown) to y = +1 (chin); the eyes are near y = 0.
"""

from dataclasses import dataclass

import cv2
import numpy as np

SIZE = 160  # the drawn picture's side, pixels
SUPER = 2  # supersampling
FACE_SCALE = 46.0  # pixels per head unit before perspective
CENTRE_Y = 0.46  # the head origin's place in the picture
TEX = 150  # texture pixels per head unit
TEX_W, TEX_H = int(1.9 * TEX), int(2.1 * TEX)

_ROWS, _COLS = 230, 300


@dataclass
class Head:
    """One drawn head. `box` is (cx, cy, side) and `points` is (6, 2), pixels."""

    grey: np.ndarray
    alpha: np.ndarray
    box: np.ndarray
    points: np.ndarray


@dataclass
class Surface:
    """A grid of points (H, W, 3) with albedo (H, W), a mask and a gloss."""

    pos: np.ndarray
    albedo: np.ndarray
    mask: np.ndarray
    gloss: float = 0.0
    two_sided: bool = False
    body: bool = False  # turns with the body, not with the head
    flat: float = 0.0  # 1: not shaded at all


def _chance(r, p):
    return r.random() < p


def noise(r, shape, cells=(3, 6, 12, 24), decay=0.6):
    """Fractal noise in about -1..1, float32."""
    out = np.zeros(shape, np.float32)
    amp = 1.0
    for c in cells:
        grid = r.standard_normal((max(2, c), max(2, c))).astype(np.float32)
        out += amp * cv2.resize(grid, shape[::-1], interpolation=cv2.INTER_CUBIC)
        amp *= decay
    return out / (np.abs(out).max() + 1e-6)


def _curve(y, knots, values):
    """A smoothed piecewise-linear curve sampled at y."""
    fine = np.linspace(-1, 1, 401)
    v = np.interp(fine, knots, values)
    inner = cv2.GaussianBlur(v[None].astype(np.float32), (0, 0), 14, borderType=cv2.BORDER_REPLICATE)[0]
    w = np.clip((1 - np.abs(fine)) * 8, 0, 1)
    return np.interp(y, fine, v * (1 - w) + inner * w).astype(np.float32)


class _Skull:
    """The bare skull: grid angles, base surface and its depth profile."""

    def __init__(self, r):
        s = np.linspace(-1, 1, _COLS, dtype=np.float32)
        self.lam = np.pi * s * (0.55 + 0.45 * s * s)
        phi = np.linspace(-1, 1, _ROWS, dtype=np.float32) * np.pi / 2
        y = 0.35 * (2 * phi / np.pi) + 0.65 * np.sin(phi)
        jaw = r.normal(1.0, 0.10)
        wide = r.normal(1.0, 0.06)
        knots = [-1, -0.9, -0.7, -0.4, -0.1, 0.2, 0.5, 0.75, 0.9, 1]
        width = np.array([0, 0.36, 0.58, 0.71, 0.745, 0.72, 0.645, 0.53, 0.37, 0])
        width = width * wide * np.interp(knots, [0.2, 0.75], [1.0, jaw])
        front = np.array([-0.1, 0.36, 0.58, 0.73, 0.79, 0.78, 0.79, 0.79, 0.73, 0.45])
        front[7:] += r.normal(0, 0.04)
        back = np.array([-0.1, -0.5, -0.78, -0.95, -0.93, -0.72, -0.42, -0.18, 0.06, 0.3])
        self.width = _curve(y, knots, width)
        self.front = _curve(y, knots, front)
        self.back = _curve(y, knots, back)
        self.y = y.astype(np.float32)
        self.stretch = r.normal(1.0, 0.05)
        mid = (self.front + self.back)[:, None] / 2
        half = (self.front - self.back)[:, None] / 2
        sin, cos = np.sin(self.lam), np.cos(self.lam)
        e = r.uniform(0.78, 0.98)
        ex = np.sign(sin) * np.abs(sin) ** e
        ez = np.sign(cos) * np.abs(cos) ** e
        pos = np.empty((_ROWS, _COLS, 3), np.float32)
        pos[..., 0] = self.width[:, None] * ex
        pos[..., 1] = self.y[:, None]
        pos[..., 2] = mid + half * ez
        self.pos = pos
        self.mid = mid
        self.frontal = np.clip(cos * 3, 0, 1)[None, :].astype(np.float32)

    def depth_at(self, y):
        """The front surface's z at height y, before features."""
        return float(np.interp(y, self.y, self.front))

    def sample(self, tex):
        """A texture in front projection, sampled on the grid."""
        mx = (self.pos[..., 0] + 0.95) * TEX
        my = (self.pos[..., 1] + 1.05) * TEX
        return cv2.remap(tex, mx, my, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)

    def shell(self, thickness):
        """The skull moved outwards by `thickness` (H, W)."""
        out = self.pos.copy()
        radial = np.stack([self.pos[..., 0], self.pos[..., 1] + 0.15, self.pos[..., 2] + 0.1], -1)
        radial /= np.linalg.norm(radial, axis=-1, keepdims=True) + 1e-6
        return out + radial * thickness[..., None]


class _Canvas:
    """The front-projection maps that a face is painted on."""

    def __init__(self, skin):
        self.albedo = np.full((TEX_H, TEX_W), skin, np.float32)
        self.height = np.zeros((TEX_H, TEX_W), np.float32)
        self.x = (np.arange(TEX_W, dtype=np.float32)[None] / TEX) - 0.95
        self.y = (np.arange(TEX_H, dtype=np.float32)[:, None] / TEX) - 1.05

    def blob(self, x, y, sx, sy, angle=0.0):
        """A Gaussian bump on the canvas."""
        if angle:
            dx, dy = self.x - x, self.y - y
            c, s = np.cos(angle), np.sin(angle)
            a, b = c * dx + s * dy, -s * dx + c * dy
            return np.exp(-((a / sx) ** 2) - (b / sy) ** 2).astype(np.float32)
        gx = np.exp(-(((self.x - x) / sx) ** 2))
        return gx * np.exp(-(((self.y - y) / sy) ** 2))

    def raise_(self, x, y, sx, sy, amp, angle=0.0):
        self.height += amp * self.blob(x, y, sx, sy, angle)

    def tint(self, mask, value):
        self.albedo += mask * (value - self.albedo)

    def darken(self, mask, k):
        self.albedo *= 1 - k * mask

    def polygon(self, pts, blur=0.006):
        mask = np.zeros((TEX_H, TEX_W), np.uint8)
        q = ((np.asarray(pts) + [0.95, 1.05]) * TEX * 16).round().astype(np.int32)
        cv2.fillPoly(mask, [q], 255, cv2.LINE_AA, 4)
        return self._soft(mask, blur)

    def line(self, pts, width, blur=0.006):
        mask = np.zeros((TEX_H, TEX_W), np.uint8)
        q = ((np.asarray(pts) + [0.95, 1.05]) * TEX * 16).round().astype(np.int32)
        cv2.polylines(mask, [q], False, 255, max(1, round(width * TEX)), cv2.LINE_AA, 4)
        return self._soft(mask, blur)

    @staticmethod
    def _soft(mask, blur):
        out = mask.astype(np.float32) / 255
        return cv2.GaussianBlur(out, (0, 0), max(0.4, blur * TEX))


@dataclass
class _Face:
    """Where the features sit and how they look."""

    eye_x: float
    eye_y: float
    nose_y: float
    mouth_y: float
    nose_out: float


def _layout(r):
    return _Face(
        eye_x=r.normal(0.30, 0.02),
        eye_y=r.normal(0.0, 0.03),
        nose_y=r.normal(0.40, 0.03),
        mouth_y=r.normal(0.635, 0.03),
        nose_out=float(np.clip(r.normal(0.22, 0.04), 0.12, 0.34)),
    )


def _relief(r, c, f):
    """The bones and the flesh: the height map without the mouth's opening."""
    k = r.uniform(0.7, 1.3)
    for s in (-1, 1):
        c.raise_(s * f.eye_x, f.eye_y - 0.17, 0.20, 0.07, 0.045 * k)
        c.raise_(s * f.eye_x, f.eye_y, 0.17, 0.11, -0.12 * k)
        c.raise_(s * f.eye_x, f.eye_y + 0.01, 0.10, 0.065, 0.055)
        c.raise_(s * f.eye_x, f.eye_y + 0.11, 0.12, 0.03, r.uniform(-0.03, 0.015))
        c.raise_(s * 0.44, 0.27, 0.16, 0.15, r.uniform(0.02, 0.08))
        c.raise_(s * 0.62, -0.3, 0.14, 0.2, -0.03)
        c.raise_(s * 0.45, 0.55, 0.14, 0.16, r.uniform(-0.07, 0.03))
    _nose(r, c, f)
    m = f.mouth_y
    c.raise_(0, m, 0.30, 0.18, 0.05)
    c.raise_(0, m - 0.045, 0.17, 0.035, r.uniform(0.03, 0.06))
    c.raise_(0, m + 0.05, 0.14, 0.04, r.uniform(0.03, 0.07))
    c.raise_(0, m, 0.22, 0.014, -0.04)
    c.raise_(0, m - 0.13, 0.03, 0.05, -0.015)
    c.raise_(0, m + 0.14, 0.15, 0.045, -0.035)
    c.raise_(0, 0.90, 0.17, 0.10, r.uniform(0.02, 0.09))


def _nose(r, c, f):
    top = f.eye_y - 0.08
    t = np.clip((c.y - top) / (f.nose_y - top), 0, 1)
    bottom = 1 / (1 + np.exp((c.y - f.nose_y - 0.05) * 70))
    start = 1 / (1 + np.exp(-(c.y - top) * 25))
    bump = 1 + r.normal(0, 0.15) * np.sin(np.pi * t)
    width = 0.055 + (r.uniform(0.085, 0.14) - 0.055) * t
    ridge = np.exp(-((np.abs(c.x) / width) ** 2.2))
    c.height += (0.03 + (f.nose_out - 0.03) * t**1.2) * bump * ridge * bottom * start
    wing = r.uniform(0.09, 0.14)
    for s in (-1, 1):
        c.raise_(s * wing, f.nose_y - 0.005, 0.06, 0.055, r.uniform(0.06, 0.11))
    nostril = r.uniform(0.25, 0.75)
    for s in (-1, 1):
        c.darken(c.blob(s * wing * 0.62, f.nose_y + 0.055, 0.045, 0.026, s * 0.4), nostril)
    c.darken(c.blob(0, f.nose_y + 0.075, 0.13, 0.03), r.uniform(0.05, 0.35))


def _eyes(r, c, f, skin, hair):
    half = r.uniform(0.125, 0.165)
    up, low = r.uniform(0.035, 0.085), r.uniform(0.025, 0.05)
    closed = _chance(r, 0.08)
    squint = _chance(r, 0.15)
    if squint:
        up, low = up * 0.5, low * 0.5
    tilt = r.normal(0, 0.08)
    gaze = r.normal(0, 0.03), r.normal(0, 0.012)
    iris, white = r.uniform(0.02, 0.3), r.uniform(0.55, 0.95)
    lash = r.uniform(0.4, 0.95)
    shadow = r.uniform(0, 0.35)
    crease = r.uniform(0, 0.5)
    bag = r.uniform(0, 0.3)
    s_ = np.linspace(-1, 1, 13)
    for s in (-1, 1):
        x, y = s * f.eye_x, f.eye_y
        arch = np.sqrt(1 - s_**2) * 0.5 + (1 - s_**2) * 0.5
        slope = -s * tilt * s_ * half
        upper = np.stack([x + s_ * half, y - up * arch + slope], -1)
        lower = np.stack([x + s_ * half, y + low * arch + slope], -1)
        c.darken(c.blob(x, y - 0.04, 0.19, 0.12), shadow)
        c.darken(c.line(lower + [0, 0.06], 0.02, 0.02), bag)
        c.darken(c.line(upper - [0, 0.045], 0.015, 0.008), crease)
        if closed:
            c.darken(c.line(lower, 0.022), lash)
            continue
        opening = c.polygon(np.concatenate([upper, lower[::-1]]))
        c.tint(opening, white * (0.5 + 0.5 * skin))
        ball = np.clip((0.078 - np.hypot(c.x - x - gaze[0], c.y - y - gaze[1])) * 60, 0, 1)
        c.tint(opening * ball, iris)
        pupil = np.clip((0.035 - np.hypot(c.x - x - gaze[0], c.y - y - gaze[1])) * 60, 0, 1)
        c.tint(opening * pupil, 0.01)
        if _chance(r, 0.6):
            hl = np.hypot(c.x - x - gaze[0] - 0.02, c.y - y - gaze[1] + 0.025)
            c.tint(opening * np.clip((0.022 - hl) * 80, 0, 1), 1.3)
        c.darken(c.line(upper, r.uniform(0.012, 0.034)), lash)
        c.darken(c.line(lower, 0.012), lash * 0.5)
    _brows(r, c, f, skin, hair)


def _brows(r, c, f, skin, hair):
    strength = r.uniform(0.25, 1.0) if _chance(r, 0.9) else 0.05
    value = min(hair, skin * 0.8)
    y = f.eye_y - r.uniform(0.15, 0.23)
    arch, slope = r.uniform(0.0, 0.06), r.normal(0, 0.05)
    thick = r.uniform(0.02, 0.065)
    t = np.linspace(0, 1, 9)
    for s in (-1, 1):
        x = s * (f.eye_x - 0.17 + 0.36 * t)
        yy = y + slope * (0.5 - t) - arch * np.sin(np.pi * np.clip(t * 0.8 + 0.2, 0, 1)) + 0.05 * t**3
        c.tint(c.line(np.stack([x, yy], -1), thick, 0.012) * strength, value)


def _mouth(r, c, f, skin):
    half = r.uniform(0.18, 0.28)
    smile = _chance(r, 0.35)
    curve = r.uniform(0.03, 0.09) if smile else r.normal(0.01, 0.03)
    half *= 1.15 if smile else 1.0
    s_ = np.linspace(-1, 1, 17)
    mid = f.mouth_y - curve * (2 * s_**2 - 1)
    fade = 1 - s_**2
    bow = 0.012 * np.exp(-((s_ / 0.15) ** 2))
    up = r.uniform(0.03, 0.06)
    lo = r.uniform(0.04, 0.085)
    x = s_ * half
    gap = np.zeros_like(s_)
    open_ = r.random() * (0.6 if smile else 1.0)
    if open_ < 0.4:
        gap = fade**0.6 * r.uniform(0.015, 0.06)
    elif open_ < 0.5:
        gap = fade**0.6 * r.uniform(0.06, 0.15)
    lip = skin * r.uniform(0.45, 0.95)
    top = np.stack([x, mid - up * fade**0.7 + bow - gap * 0.3], -1)
    bottom = np.stack([x, mid + lo * fade**0.7 + gap], -1)
    c.tint(c.polygon(np.concatenate([top, bottom[::-1]]), 0.012), lip)
    inner_top = np.stack([x, mid - gap * 0.3], -1)
    inner_low = np.stack([x, mid + gap], -1)
    if gap.max() > 0.012:
        hole = c.polygon(np.concatenate([inner_top, inner_low[::-1]]))
        c.tint(hole, r.uniform(0.01, 0.12))
        if _chance(r, 0.9 if smile else 0.6):
            teeth = np.stack([x, mid - gap * 0.3 + np.minimum(gap * 1.1, r.uniform(0.03, 0.07))], -1)
            band = c.polygon(np.concatenate([inner_top, teeth[::-1]])) * hole
            c.tint(band * np.clip(1.1 - np.abs(c.x) / half, 0, 1), r.uniform(0.6, 0.95))
    else:
        c.darken(c.line(np.stack([x, mid], -1), r.uniform(0.012, 0.028)), r.uniform(0.4, 0.9))
    c.darken(c.blob(0, f.mouth_y + 0.13, 0.16, 0.035), r.uniform(0, 0.3))
    fold = r.uniform(0, 0.4) if curve < 0.03 else r.uniform(0.1, 0.6)
    for s in (-1, 1):
        pts = [[s * 0.15, f.nose_y], [s * 0.25, f.nose_y + 0.1], [s * (half + 0.06), f.mouth_y + 0.02]]
        c.darken(c.line(pts, 0.018, 0.014), fold)
        c.darken(c.blob(s * (half + 0.01), f.mouth_y - curve, 0.03, 0.03), 0.35)


def _wrinkles(r, c, f):
    for _ in range(r.integers(2, 6)):
        y = r.uniform(-0.6, -0.28)
        x = np.linspace(-0.35, 0.35, 9)
        pts = np.stack([x, y + r.normal(0, 0.01, 9) - 0.05 * x**2], -1)
        c.darken(c.line(pts, 0.012, 0.008), r.uniform(0.1, 0.35))
    for s in (-1, 1):
        for k in range(3):
            start = [s * (f.eye_x + 0.18), f.eye_y]
            end = [s * (f.eye_x + 0.3), f.eye_y + (k - 1) * 0.07]
            c.darken(c.line([start, end], 0.01, 0.008), r.uniform(0, 0.3))


def _whiskers(r, c, f, hair):
    """Beard, moustache, stubble. Returns the mask of what has volume."""
    full = np.zeros_like(c.albedo)
    kind = r.random()
    grain = 0.75 + 0.25 * noise(r, c.albedo.shape, (40, 80))
    lips = np.exp(-((np.abs(c.x) / 0.22) ** 3) - (np.abs(c.y - f.mouth_y - 0.02) / 0.085) ** 3)
    jaw = 1 / (1 + np.exp(-(c.y - f.mouth_y + 0.1 - 1.1 * np.maximum(0, np.abs(c.x) - 0.28)) * 30))
    side = np.clip((np.abs(c.x) - 0.5) * 12, 0, 1) * np.clip((c.y - 0.1) * 6, 0, 1)
    beard = np.clip(np.maximum(jaw * (c.y > f.nose_y + 0.06), side), 0, 1) * (1 - lips)
    tache_y = (f.nose_y + f.mouth_y) / 2 + 0.03 + 0.12 * np.abs(c.x)
    tache = np.exp(-((c.x / 0.24) ** 4) - ((c.y - tache_y) / 0.05) ** 2)
    if kind < 0.35:
        c.tint(np.clip(beard + tache, 0, 1) * r.uniform(0.15, 0.5) * grain, min(hair, 0.3))
    elif kind < 0.7:
        full = np.clip(beard * 1.2, 0, 1)
        c.tint(np.clip(full + tache, 0, 1) * r.uniform(0.7, 1) * grain, hair)
    elif kind < 0.85:
        goatee = beard * np.exp(-((c.x / 0.25) ** 4))
        c.tint(np.clip(goatee + tache * _chance(r, 0.6), 0, 1) * grain, hair)
    else:
        c.tint(tache * r.uniform(0.6, 1) * grain, hair)
    return full


def _paint(r, f, skin, hair, features=True):
    """A face's albedo and height. `features` False leaves a dummy's head."""
    c = _Canvas(skin)
    c.albedo *= 1 + r.uniform(0, 0.08) * noise(r, c.albedo.shape, (4, 9, 20, 50))
    if not features:
        if _chance(r, 0.5):
            _nose(r, c, f)
            c.albedo[:] = skin
        return c
    _relief(r, c, f)
    for s in (-1, 1):
        c.albedo *= 1 + r.uniform(-0.12, 0.06) * c.blob(s * 0.42, 0.3, 0.2, 0.2)
    if _chance(r, 0.25):
        _wrinkles(r, c, f)
    _mouth(r, c, f, skin)
    _eyes(r, c, f, skin, hair)
    if _chance(r, 0.33):
        full = _whiskers(r, c, f, hair)
        c.height += full * r.uniform(0, 0.14) * (1 + 0.4 * noise(r, c.albedo.shape, (30, 60)))
    if _chance(r, 0.05):
        _mask(r, c, f)
    relief = cv2.GaussianBlur(c.height, (0, 0), 0.09 * TEX)
    c.albedo *= np.clip(1 - r.uniform(2.0, 5.5) * np.maximum(0, relief - c.height), 0.35, 1)
    return c


def _mask(r, c, f):
    """A cloth mask over nose and mouth."""
    top = r.uniform(0.15, 0.3)
    cover = np.clip(0.5 + (c.y - top - 0.25 * np.abs(c.x)) * 20, 0, 1)
    c.height = c.height * (1 - cover) + cover * cv2.GaussianBlur(c.height, (0, 0), 0.09 * TEX)
    folds = 1 + 0.06 * np.sin(c.y * r.uniform(30, 60)) * _chance(r, 0.6)
    c.tint(cover, r.uniform(0.1, 1.0) * folds)


def _head_surface(r, skull, canvas):
    h = skull.sample(canvas.height) * skull.frontal
    a = skull.sample(canvas.albedo)
    edge = skull.sample(canvas.albedo.mean() * np.ones_like(canvas.albedo))
    pos = skull.pos.copy()
    pos[..., 2] += h
    albedo = a * skull.frontal + edge * (1 - skull.frontal)
    return Surface(pos, albedo, np.ones(a.shape, bool), gloss=r.uniform(0, 0.25))


def _ears(r, skin):
    out = []
    size = r.uniform(0.85, 1.2)
    flare = r.uniform(0.1, 0.5)
    t = np.linspace(0, 2 * np.pi, 40, dtype=np.float32)[None]
    q = np.linspace(0, 1, 16, dtype=np.float32)[:, None]
    for s in (-1, 1):
        y = 0.13 + size * q * (0.24 * np.sin(t) - 0.03 * np.cos(2 * t))
        z = -0.08 + size * q * 0.13 * np.cos(t) - 0.1 * (y - 0.13)
        ridge = 0.05 * np.sin(np.pi * q * 1.5) ** 2
        x = s * (0.70 + ridge + flare * (-0.05 - z).clip(0) * 0.9 + 0.0 * t)
        albedo = skin * (0.55 + 0.45 * q) * np.ones_like(t)
        pos = np.stack([x, y, z], -1).astype(np.float32)
        out.append(Surface(pos, albedo.astype(np.float32), np.ones(albedo.shape, bool), 0.05, True))
    return out


def _neck(r, skin):
    lam = np.linspace(-np.pi, np.pi, 200, dtype=np.float32)[None]
    t = np.linspace(0, 1, 100, dtype=np.float32)[:, None]
    rad = r.uniform(0.40, 0.56)
    x = rad * np.sin(lam) * (1 + 0.25 * np.clip(t - 0.55, 0, 1))
    y = 0.45 + 1.2 * t + 0 * lam
    z = -0.12 + rad * 0.9 * np.cos(lam) - 0.12 * t
    shade = skin * (0.45 + 0.45 * t) + 0 * lam
    pos = np.stack([x + 0 * t, y, z], -1).astype(np.float32)
    return Surface(pos, shade.astype(np.float32), np.ones(shade.shape, bool), 0.02, body=True)


def _torso(r, skin):
    lam = np.linspace(-np.pi / 2, np.pi / 2, 300, dtype=np.float32)[None]
    t = np.linspace(0, 1, 180, dtype=np.float32)[:, None]
    wide = r.uniform(1.35, 1.95)
    top = r.uniform(1.0, 1.28)
    slope = r.uniform(0.25, 0.6)
    ramp = t**0.55
    x = wide * np.sin(lam) * (0.22 + 0.78 * np.clip(ramp * 1.5, 0, 1) ** 0.8)
    y = top - 0.12 * np.cos(lam) ** 4 * (1 - t) + slope * np.clip(ramp * 1.5, 0, 1) * np.abs(np.sin(lam)) ** 1.3 + 2.2 * t**1.7
    z = -0.3 + (0.25 + 0.45 * ramp) * np.clip(np.cos(lam), 0, 1) ** 0.7
    x, y, z = np.broadcast_arrays(x, y, z)
    albedo = _cloth(r, x, y, top, skin)
    pos = np.stack([x, y, z], -1).astype(np.float32)
    return Surface(pos, albedo.astype(np.float32), np.ones(albedo.shape, bool), body=True, two_sided=True)


def _cloth(r, x, y, top, skin):
    base = r.uniform(0.02, 0.95)
    albedo = np.full(x.shape, base, np.float32)
    kind = r.random()
    if kind < 0.2:
        f = r.uniform(8, 40)
        th = r.uniform(0, np.pi)
        wave = np.sin(f * (np.cos(th) * x + np.sin(th) * y)) > 0
        albedo = np.where(wave, base, r.uniform(0.02, 0.95)).astype(np.float32)
    elif kind < 0.35:
        albedo = albedo * (1 + 0.5 * noise(r, x.shape, (6, 14, 30)))
    depth = r.uniform(0.05, 0.9)
    spread = r.uniform(0.18, 0.5)
    v = (np.abs(x) / spread + (y - top) / depth) < 1
    neckline = r.random()
    if neckline < 0.35:
        albedo[v] = skin * 0.85
    elif neckline < 0.7:
        albedo[v] = r.uniform(0.6, 0.95)
        if _chance(r, 0.6):
            albedo[v & (np.abs(x) < 0.09)] = r.uniform(0.03, 0.6)
        edge = np.abs(np.abs(x) / spread + (y - top) / depth - 1.05) < 0.08
        albedo[edge] *= r.uniform(0.4, 1.0)
    return np.clip(albedo, 0.01, 1)


def _hairline(r, skull, front, sides):
    """The height above which hair grows, for every column of the grid."""
    ang = np.degrees(np.abs(skull.lam))
    knots = [0, 22, 45, 60, 74, 90, 112, 180]
    temple = front + r.uniform(-0.18, 0.2)
    line = np.interp(ang, knots, [front, front + r.uniform(-0.02, 0.08), temple, sides, sides + 0.1, -0.06, 0.45, 0.62])
    part = r.normal(0, 0.06) * np.sin(skull.lam * 1.5)
    return (line + part).astype(np.float32)


def _strands(r, shape, curly):
    if curly:
        return noise(r, shape, (20, 40, 70), 0.9)
    cols = cv2.resize(
        r.standard_normal((5, 90)).astype(np.float32), shape[::-1], interpolation=cv2.INTER_CUBIC
    )
    return np.clip(cols * 0.5, -1, 1)


def _hair(r, skull, hair, style):
    """The cap of hair and, for long hair, the curtain behind the face."""
    front = {"fringe": r.uniform(-0.38, -0.16), "ring": -2.0}.get(style, r.uniform(-0.72, -0.45))
    line = _hairline(r, skull, front, r.uniform(-0.2, 0.3))
    if style == "ring":
        line = np.where(np.abs(skull.lam) > 0.9, line, -2).astype(np.float32)
    ragged = 0.05 * r.standard_normal(_COLS).astype(np.float32)
    ragged = cv2.GaussianBlur(ragged[None], (0, 0), 1.5)[0] * r.uniform(0.3, 2.0)
    over = line + ragged - skull.y[:, None]
    curly = style == "curly" or _chance(r, 0.15)
    volume = {"crop": r.uniform(0.015, 0.05), "curly": r.uniform(0.12, 0.4)}.get(style, r.uniform(0.05, 0.22))
    tex = _strands(r, over.shape, curly)
    rise = np.clip(over / r.uniform(0.08, 0.3), 0, 1) ** 0.6
    lift = np.interp(np.abs(skull.lam), [0, 1.2, np.pi], [1.0, 0.8, 0.8]).astype(np.float32)
    sweep = 1 + r.uniform(0, 0.7) * np.sin(skull.lam + r.uniform(0, 2 * np.pi)).astype(np.float32)
    lumps = 1 + r.uniform(0, 0.5) * noise(r, over.shape, (4, 8, 16))
    thick = volume * rise * (lift * sweep)[None] * lumps * (1 + (0.3 if curly else 0.12) * tex)
    if style == "ring":
        thick *= np.clip((skull.y[:, None] + 0.45) * 6, 0, 1)
    mask = (over > 0) & (thick > 0.002)
    albedo = hair * (1 + r.uniform(0.1, 0.45) * tex + r.uniform(0, 0.3) * noise(r, over.shape, (12, 30, 60)))
    out = [Surface(skull.shell(thick), albedo.astype(np.float32), mask, r.uniform(0.05, 0.5))]
    if style in ("long", "bob"):
        out.append(_curtain(r, hair, style))
    return out


def _curtain(r, hair, style):
    open_ = np.radians(r.uniform(58, 88))
    lam = np.linspace(open_, 2 * np.pi - open_, 170, dtype=np.float32)[None]
    t = np.linspace(0, 1, 130, dtype=np.float32)[:, None]
    end = r.uniform(0.6, 1.0) if style == "bob" else r.uniform(1.1, 2.2)
    flare = r.uniform(-0.05, 0.35)
    wave = noise(r, (130, 170), (4, 9, 20)) * r.uniform(0.01, 0.09)
    rad = 0.80 + 0.1 * np.sin(np.pi * np.clip(t * 1.5, 0, 1)) + flare * t + wave
    x = rad * np.sin(lam)
    z = -0.12 + 0.95 * rad * np.cos(lam)
    y = -0.5 + (end + 0.5) * t + 0.04 * np.sin(lam * 20) * t
    tex = _strands(r, (130, 170), False)
    albedo = hair * (1 + r.uniform(0.1, 0.45) * tex + r.uniform(0, 0.3) * noise(r, (130, 170), (8, 20, 40)))
    pos = np.stack([x, y, z], -1).astype(np.float32)
    return Surface(pos, albedo.astype(np.float32), np.ones(tex.shape, bool), r.uniform(0.05, 0.4), True)


def _opening(r, skull, low=False):
    """True on the grid where cloth or a helmet leaves the face free."""
    x, y = skull.pos[..., 0], skull.pos[..., 1]
    cy, rx, ry = r.uniform(0.12, 0.22), r.uniform(0.50, 0.62), r.uniform(0.66, 0.85)
    inside = (x / rx) ** 2 + ((y - cy) / ry) ** 2 < 1
    if low:
        inside |= (np.abs(x) < rx) & (y > cy)
    return inside & (np.cos(skull.lam)[None] > 0.1)


def _wrap(r, skull):
    """A headscarf, hood or helmet: a shell that leaves the face open."""
    value = r.uniform(0.03, 0.95)
    helmet = _chance(r, 0.4)
    thick = np.full((_ROWS, _COLS), r.uniform(0.12, 0.22) if helmet else r.uniform(0.05, 0.13), np.float32)
    tex = noise(r, thick.shape, (4, 8, 16))
    thick *= 1 + (0 if helmet else 0.5) * tex
    albedo = value * (1 + (0.03 if helmet else 0.2) * tex)
    free = _opening(r, skull, low=helmet)
    out = [Surface(skull.shell(thick), albedo.astype(np.float32), ~free, 0.5 if helmet else 0.05, True)]
    if not helmet:
        lam = np.linspace(-np.pi, np.pi, 140, dtype=np.float32)[None]
        t = np.linspace(0, 1, 80, dtype=np.float32)[:, None]
        rad = 0.62 + 0.5 * t + 0.04 * noise(r, (80, 140), (5, 12))
        pos = np.stack([rad * np.sin(lam), 0.75 + 0.9 * t + 0 * lam, -0.1 + 0.85 * rad * np.cos(lam)], -1)
        fold = value * (1 + 0.25 * noise(r, (80, 140), (5, 12, 24)))
        out.append(Surface(pos.astype(np.float32), fold.astype(np.float32), np.ones((80, 140), bool), 0.03))
    return out


def _hat(r, skull):
    """A cap with a visor, a brimmed hat or a beanie."""
    value = r.uniform(0.03, 0.95)
    level = r.uniform(-0.5, -0.3)
    tilt = r.normal(0, 0.05)
    edge = level + tilt * np.cos(skull.lam)[None] + 0.12 * np.cos(skull.lam + np.pi)[None]
    over = edge - skull.y[:, None]
    tall = r.uniform(0.05, 0.35)
    thick = (0.07 + tall * np.clip(over, 0, 1)).astype(np.float32)
    albedo = (value * (1 + 0.1 * noise(r, thick.shape, (5, 12, 40)))).astype(np.float32)
    band = (over < r.uniform(0.08, 0.2)) & (over > 0)
    albedo[band] *= r.uniform(0.4, 1.4)
    out = [Surface(skull.shell(thick), np.clip(albedo, 0.01, 1), over > 0, 0.05, True)]
    kind = r.random()
    if kind < 0.4:
        out.append(_visor(r, value * r.uniform(0.5, 1.1), level, 1.25, r.uniform(0.35, 0.7)))
    elif kind < 0.75:
        out.append(_visor(r, value, level, np.pi, r.uniform(0.3, 0.75)))
    return out


def _visor(r, value, level, reach, out):
    lam = np.linspace(-reach, reach, 200, dtype=np.float32)[None]
    t = np.linspace(0, 1, 50, dtype=np.float32)[:, None]
    taper = 1.0 if reach > 3 else np.sqrt(np.clip(np.cos(lam / reach * np.pi / 2), 0, 1))
    rad = 1 + out * t * taper
    x = 0.80 * rad * np.sin(lam)
    z = -0.08 + 0.95 * rad * np.cos(lam)
    drop = r.uniform(0.0, 0.35)
    y = level - 0.1 + drop * t * taper + 0.1 * (1 - np.cos(lam)) + 0 * x
    albedo = np.full(x.shape, np.clip(value, 0.02, 1), np.float32)
    pos = np.stack([x, y, z], -1).astype(np.float32)
    return Surface(pos, albedo, np.ones(x.shape, bool), 0.05, True)


def _glasses(r, skull, f):
    """Frames (and, for sunglasses, lenses) in front of the eyes."""
    z = skull.depth_at(f.eye_y) + r.uniform(0.03, 0.09)
    rx, ry = r.uniform(0.19, 0.25), r.uniform(0.13, 0.21)
    n = r.choice([2.0, 2.6, 4.0])
    thick = r.uniform(0.012, 0.05)
    value = r.uniform(0.01, 0.25) if _chance(r, 0.75) else r.uniform(0.4, 1.0)
    dark = _chance(r, 0.25)
    t = np.linspace(0, 2 * np.pi, 260, dtype=np.float32)
    ex = np.sign(np.cos(t)) * np.abs(np.cos(t)) ** (2 / n)
    ey = np.sign(np.sin(t)) * np.abs(np.sin(t)) ** (2 / n)
    out = []
    y = f.eye_y + r.uniform(0, 0.04)
    for s in (-1, 1):
        k = np.linspace(1 - thick / rx, 1 + thick / rx, 7, dtype=np.float32)[:, None]
        out.append(_plate(s * f.eye_x + rx * ex * k, y + ry * ey * k, z, value, r))
        if dark or _chance(r, 0.15):
            k = np.linspace(0, 1, 60, dtype=np.float32)[:, None]
            lens = _plate(s * f.eye_x + rx * ex * k, y + ry * ey * k, z - 0.01, r.uniform(0.01, 0.15), r)
            lens.albedo *= 1 + r.uniform(0, 3) * np.clip(-ey * k, 0, 1)
            lens.flat = 0.7
            if not dark:  # a reflection
                lens.mask = np.abs(ex * k + ey * k * 0.7 - r.uniform(-1, 1)) < 0.25
                lens.albedo[:] = r.uniform(0.5, 1.0)
            out.append(lens)
        arm_z = np.linspace(0, 1, 120, dtype=np.float32)[None]
        arm_y = np.linspace(-thick, thick, 4, dtype=np.float32)[:, None]
        x = s * (f.eye_x + rx + (0.75 - f.eye_x - rx) * arm_z**0.6) + 0 * arm_y
        pos = np.stack([x, y - 0.04 + arm_y + 0.05 * arm_z, z + (-0.05 - z) * arm_z + 0 * arm_y], -1)
        out.append(Surface(pos.astype(np.float32), np.full(x.shape, value, np.float32), np.ones(x.shape, bool), 0, True))
    bx = np.linspace(-(f.eye_x - rx), f.eye_x - rx, 60, dtype=np.float32)[None]
    by = np.linspace(-thick, thick, 5, dtype=np.float32)[:, None]
    out.append(_plate(bx + 0 * by, y - 0.03 + by - 0.03 * np.cos(bx * 9), z + 0.03, value, r))
    return out


def _plate(x, y, z, value, r):
    x, y = np.broadcast_arrays(x, y)
    pos = np.stack([x, y, z - 0.25 * np.abs(x) ** 2], -1).astype(np.float32)
    return Surface(pos, np.full(x.shape, value, np.float32), np.ones(x.shape, bool), 0.3, True, flat=0.3)


def _rotation(yaw, pitch, roll=0.0):
    cy, sy, cp, sp, cr, sr = np.cos(yaw), np.sin(yaw), np.cos(pitch), np.sin(pitch), np.cos(roll), np.sin(roll)
    ry = np.array([[cy, 0, sy], [0, 1, 0], [-sy, 0, cy]])
    rx = np.array([[1, 0, 0], [0, cp, -sp], [0, sp, cp]])
    rz = np.array([[cr, -sr, 0], [sr, cr, 0], [0, 0, 1]])
    return (rz @ ry @ rx).astype(np.float32)


def _normals(pos):
    du = np.empty_like(pos)
    dv = np.empty_like(pos)
    du[:, 1:-1] = pos[:, 2:] - pos[:, :-2]
    du[:, 0], du[:, -1] = du[:, 1], du[:, -2]
    dv[1:-1] = pos[2:] - pos[:-2]
    dv[0], dv[-1] = dv[1], dv[-2]
    n = np.cross(du, dv)
    return n / (np.linalg.norm(n, axis=-1, keepdims=True) + 1e-9)


class Light:
    """A key light, a fill light and a sky, drawn once per picture."""

    def __init__(self, r):
        az = r.normal(0, 0.9) if _chance(r, 0.7) else r.uniform(-2.2, 2.2)
        el = r.normal(0.5, 0.45)
        self.key = np.array([np.sin(az) * np.cos(el), -np.sin(el), np.cos(az) * np.cos(el)], np.float32)
        az2 = az + np.pi * r.uniform(0.5, 1.2)
        self.fill = np.array([np.sin(az2), -0.2, np.cos(az2)], np.float32)
        self.fill /= np.linalg.norm(self.fill)
        self.ambient = r.uniform(0.12, 0.65)
        self.sky = r.uniform(0, 0.5)
        self.fill_power = r.uniform(0, 0.5)
        self.soft = r.uniform(0, 0.5)
        self.shadow = r.uniform(0.2, 1.0) if _chance(r, 0.6) else 0.0

    def shade(self, s, pos, nrm, lit):
        wrap = (nrm @ self.key + self.soft) / (1 + self.soft)
        amb = self.ambient * (1 - self.sky * (0.5 + 0.5 * nrm[..., 1]))
        power = amb + (1 - self.ambient) * np.clip(wrap, 0, 1) * lit
        power = power + self.fill_power * np.clip(nrm @ self.fill, 0, 1)
        value = s.albedo * (power * (1 - s.flat) + s.flat)
        if s.gloss:
            half = self.key + np.array([0, 0, 1], np.float32)
            half /= np.linalg.norm(half)
            value = value + s.gloss * 0.6 * np.clip(nrm @ half, 0, 1) ** 18 * lit * (1 - self.ambient)
        return value


def _shadow_map(points, light):
    """Depth towards the light on a coarse grid: (lookup function)."""
    z = light.key
    x = np.cross([0.0, 1.0, 0.0], z)
    x /= np.linalg.norm(x) + 1e-6
    basis = np.stack([x, np.cross(z, x), z], -1).astype(np.float32)
    n = 110

    def cell(p):
        q = p @ basis
        ij = np.clip(((q[..., :2] + 2.2) * (n / 4.4)).astype(np.int32), 0, n - 1)
        return ij[..., 1] * n + ij[..., 0], q[..., 2]

    idx, depth = cell(points)
    order = np.argsort(depth)
    grid = np.full(n * n, -9, np.float32)
    grid[idx[order]] = depth[order]
    grid = cv2.dilate(grid.reshape(n, n), np.ones((2, 2))).ravel()

    def lit(p):
        i, d = cell(p)
        return (d > grid[i] - 0.11).astype(np.float32)

    return lit


def _project(p, camera):
    k = FACE_SCALE * SUPER * camera / (camera - p[..., 2])
    c = SIZE * SUPER
    return np.stack([p[..., 0] * k + c * 0.5, p[..., 1] * k + c * CENTRE_Y], -1)


def _splat(surfaces, rot, body_rot, light, camera):
    """Shades every surface and writes its points far to near."""
    moved = []
    for s in surfaces:
        pos = s.pos @ (body_rot if s.body else rot).T
        moved.append((s, pos, _normals(pos)))
    lit_at = None
    if light.shadow:
        cloud = [p[s.mask] for s, p, _ in moved if not s.body] or [moved[0][1].reshape(-1, 3)]
        lit_at = _shadow_map(np.concatenate(cloud)[::2], light)
    xy, depth, value = [], [], []
    for s, pos, nrm in moved:
        if s.two_sided:
            nrm = np.where(nrm[..., 2:] < 0, -nrm, nrm)
        lit = np.float32(1)
        if lit_at is not None:
            lit = 1 - light.shadow * (1 - cv2.blur(lit_at(pos), (5, 5)))
        v = light.shade(s, pos, nrm, lit)
        keep = s.mask & (nrm[..., 2] > -0.05)
        xy.append(_project(pos[keep], camera))
        depth.append(pos[keep][:, 2])
        value.append(v[keep])
    return np.concatenate(xy), np.concatenate(depth), np.concatenate(value)


def _raster(xy, depth, value):
    c = SIZE * SUPER
    ij = np.floor(xy - 0.5).astype(np.int32)
    ok = (ij[:, 0] >= 0) & (ij[:, 1] >= 0) & (ij[:, 0] < c - 1) & (ij[:, 1] < c - 1)
    ij, depth, value = ij[ok], depth[ok], value[ok]
    order = np.argsort(depth)
    flat = (ij[order, 1] * c + ij[order, 0])[:, None] + np.array([0, 1, c, c + 1])
    canvas = np.zeros(c * c, np.float32)
    alpha = np.zeros(c * c, np.float32)
    canvas[flat.ravel()] = np.repeat(value[order], 4)
    alpha[flat.ravel()] = 1
    canvas, alpha = _close_gaps(canvas.reshape(c, c), alpha.reshape(c, c))
    small = cv2.resize(alpha, (SIZE, SIZE), interpolation=cv2.INTER_AREA)
    grey = cv2.resize(canvas, (SIZE, SIZE), interpolation=cv2.INTER_AREA) / np.maximum(small, 1e-3)
    grey[-4:], small[-4:] = grey[-5], small[-5]  # a whole last row, to be continued below
    return grey, small


def _close_gaps(canvas, alpha):
    """Fills small holes between splatted points from their neighbours."""
    closed = cv2.morphologyEx(alpha, cv2.MORPH_CLOSE, np.ones((5, 5), np.uint8))
    weight = cv2.blur(alpha, (5, 5))
    near = cv2.blur(canvas, (5, 5)) / np.maximum(weight, 1e-3)
    return np.where(alpha > 0, canvas, near * closed), closed


def _labels(skull, f, rot, camera):
    """The face box and the six key points, in pixels of the picture."""
    nose_z = skull.depth_at(f.nose_y) + f.nose_out
    eye_z = skull.depth_at(f.eye_y) - 0.06
    mouth_z = skull.depth_at(f.mouth_y) + 0.07
    key = np.array(
        [
            [-f.eye_x, f.eye_y, eye_z],
            [f.eye_x, f.eye_y, eye_z],
            [0, f.nose_y, nose_z],
            [0, f.mouth_y, mouth_z],
            [-0.73, 0.12, 0.0],
            [0.73, 0.12, 0.0],
        ],
        np.float32,
    )
    hull = np.array(
        [[0, -0.27, 0.78], [0, 1.0, 0.62], [-0.68, 0.3, 0.2], [0.68, 0.3, 0.2], [0, f.nose_y, nose_z - 0.1]],
        np.float32,
    )
    points = _project(key @ rot.T, camera) / SUPER
    h = _project(hull @ rot.T, camera) / SUPER
    lo, hi = h.min(0), h.max(0)
    side = max(hi[0] - lo[0], hi[1] - lo[1]) * 1.02
    return np.array([*((lo + hi) / 2), side], np.float32), points.astype(np.float32)


def _pose(r):
    wide = _chance(r, 0.25)
    yaw = r.uniform(-80, 80) if wide else np.clip(r.normal(0, 22), -60, 60)
    pitch = np.clip(r.normal(0, 10), -27, 27)
    return np.radians(yaw), np.radians(pitch)


def _dress(r, skull, f, skin, hair):
    """Hair, hat, scarf and glasses, as a list of surfaces."""
    out = []
    wrapped = _chance(r, 0.09)
    if wrapped:
        out += _wrap(r, skull)
    else:
        styles = ["bald", "ring", "crop", "short", "short", "short", "fringe", "curly", "bob", "long", "long"]
        style = styles[r.integers(len(styles))]
        if style != "bald":
            out += _hair(r, skull, hair, style)
        if _chance(r, 0.14):
            out += _hat(r, skull)
    if _chance(r, 0.22):
        out += _glasses(r, skull, f)
    return out


def draw_head(r, yaw=None, pitch=None, features=True, light=None, only_body=False):
    """Draws a head. `features` False draws a dummy without a face; `only_body`
    leaves the head out. Cost: about 60 ms on one core."""
    skull, f = _Skull(r), _layout(r)
    skin = float(np.clip(r.beta(1.6, 1.2) * 0.85 + 0.1, 0.08, 0.95))
    hair = r.uniform(0.01, 0.22) if _chance(r, 0.72) else r.uniform(0.2, 0.9)
    y0, p0 = _pose(r)
    yaw = y0 if yaw is None else yaw
    pitch = p0 if pitch is None else pitch
    surfaces = [_neck(r, skin), _torso(r, skin)]
    if not only_body:
        canvas = _paint(r, f, skin, hair, features)
        surfaces.append(_head_surface(r, skull, canvas))
        if features or _chance(r, 0.5):
            surfaces += _ears(r, skin)
            surfaces += _dress(r, skull, f, skin, hair)
    rot = _rotation(yaw, pitch)
    follow = r.uniform(0, 1)
    body = _rotation(yaw * follow if abs(yaw) < 1.6 else yaw, 0)
    camera = r.uniform(4.5, 12)
    light = light or Light(r)
    grey, alpha = _raster(*_splat(surfaces, rot, body, light, camera))
    box, points = _labels(skull, f, rot, camera)
    order = [0, 1, 2, 3, 4, 5]
    if points[0, 0] > points[1, 0]:
        order = [1, 0, 2, 3, 5, 4]
    exposure = r.uniform(0.75, 1.3)
    out = np.clip(grey * exposure * 255, 0, 255).astype(np.uint8)
    return Head(out, (alpha * 255).astype(np.uint8), box, points[order])
