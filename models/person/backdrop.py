# SPDX-License-Identifier: Apache-2.0
"""Draws face-less pictures: backgrounds, and objects with an alpha channel.

In: a numpy random generator. Out: `background` gives uint8 (160, 160);
`thing` gives (grey, alpha), both uint8 (112, 112). Many of them are made to
resemble faces on purpose: animals, dials, coins, cups, dummies.
"""

import cv2
import numpy as np

from head import noise

SIDE = 160
OBJ = 112

_YX = np.mgrid[0:SIDE, 0:SIDE].astype(np.float32) / SIDE
_OY, _OX = (np.mgrid[0:OBJ, 0:OBJ].astype(np.float32) + 0.5) / OBJ * 2 - 1


def _chance(r, p):
    return r.random() < p


def _grey(a, r):
    """Stretches a map to a random range of greys."""
    a = a - a.min()
    a = a / (a.max() + 1e-6)
    lo, hi = np.sort(r.uniform(0, 1, 2))
    if hi - lo < 0.1:
        hi = min(1.0, lo + 0.1)
    return lo + (hi - lo) * a


def _pt(p):
    return tuple(int(round(float(v) * 16)) for v in p)


def _disc(img, centre, radius, value, thickness=-1):
    cv2.circle(img, _pt(centre), int(radius * 16), float(value), thickness, cv2.LINE_AA, 4)


def _oval(img, centre, axes, angle, value, thickness=-1):
    cv2.ellipse(img, _pt(centre), _pt(axes), float(angle), 0, 360, float(value), thickness, cv2.LINE_AA, 4)


def _stroke(img, a, b, value, width):
    cv2.line(img, _pt(a), _pt(b), float(value), max(1, int(width)), cv2.LINE_AA, 4)


def _poly(img, pts, value):
    q = (np.asarray(pts) * 16).round().astype(np.int32)
    cv2.fillPoly(img, [q], float(value), cv2.LINE_AA, 4)


def _relief(height, r, strength=None):
    """Lambert shading of a height map."""
    k = strength or r.uniform(1, 5)
    gx = cv2.Sobel(height, cv2.CV_32F, 1, 0, ksize=3)
    gy = cv2.Sobel(height, cv2.CV_32F, 0, 1, ksize=3)
    az = r.uniform(0, 2 * np.pi)
    shade = (1 + k * (np.cos(az) * gx + np.sin(az) * gy)) / np.sqrt(1 + k * k * (gx * gx + gy * gy))
    return np.clip(shade, 0, 2).astype(np.float32)


def fractal(r):
    cells = (2, 4, 8, 16, 32, 64, 128)[r.integers(0, 4) :]
    return _grey(noise(r, (SIDE, SIDE), cells, r.uniform(0.4, 1.0)), r)


def gradient(r):
    th = r.uniform(0, 2 * np.pi)
    a = np.cos(th) * _YX[1] + np.sin(th) * _YX[0]
    if _chance(r, 0.4):
        a = np.hypot(_YX[1] - r.random(), _YX[0] - r.random())
    return _grey(a, r) + r.uniform(0, 0.05) * noise(r, (SIDE, SIDE))


def grating(r):
    th, f = r.uniform(0, np.pi), r.uniform(8, 160)
    warp = noise(r, (SIDE, SIDE), (2, 4)) * r.uniform(0, 3)
    a = np.sin(f * (np.cos(th) * _YX[1] + np.sin(th) * _YX[0]) + warp)
    if _chance(r, 0.4):
        a = (a > r.uniform(-0.5, 0.5)).astype(np.float32)
    return _grey(a, r)


def collage(r):
    a = np.full((SIDE, SIDE), r.random(), np.float32)
    for _ in range(r.integers(2, 22)):
        c = r.random()
        p = r.uniform(-30, SIDE + 30, (4, 2))
        q = r.uniform(3, 60) * r.random()
        fill = -1 if _chance(r, 0.6) else int(r.integers(1, 6))
        k = r.integers(0, 5)
        if k == 0:
            _disc(a, p[0], q, c, fill)
        elif k == 1:
            _oval(a, p[0], (q, r.uniform(3, 50)), r.uniform(0, 180), c, fill)
        elif k == 2:
            _stroke(a, p[0], p[1], c, r.uniform(1, 12))
        elif k == 3:
            _poly(a, p[: 3 + r.integers(0, 2)], c)
        else:
            cv2.rectangle(a, _pt(p[0]), _pt(p[1]), float(c), fill, cv2.LINE_AA, 4)
    if _chance(r, 0.5):
        a = a * 0.75 + 0.25 * fractal(r)
    return a


def page(r):
    paper, ink = r.uniform(0.5, 1), r.uniform(0, 0.45)
    if _chance(r, 0.2):
        paper, ink = ink, paper
    a = np.full((SIDE, SIDE), paper, np.float32)
    size = r.uniform(0.2, 1.6) if _chance(r, 0.8) else r.uniform(2, 5)
    step = size * 24
    y = r.uniform(-10, 10)
    font = int(r.integers(0, 7))
    while y < SIDE + step:
        text = "".join(chr(r.integers(33, 126)) if _chance(r, 0.82) else " " for _ in range(40))
        org = (int(r.uniform(-20, 10)), int(y))
        cv2.putText(a, text, org, font, size, ink, 1 if size < 0.8 else int(r.integers(1, 5)), cv2.LINE_AA)
        y += step * r.uniform(0.9, 1.3)
    m = cv2.getRotationMatrix2D((SIDE / 2, SIDE / 2), r.normal(0, 6), r.uniform(1, 1.2))
    a = cv2.warpAffine(a, m, (SIDE, SIDE), borderMode=cv2.BORDER_REFLECT)
    return a * (1 + 0.15 * noise(r, a.shape, (2, 4)))


def bricks(r):
    a = np.full((SIDE, SIDE), r.uniform(0.2, 0.9), np.float32)
    h = r.uniform(6, 40)
    w = h * r.uniform(1, 3)
    gap = r.uniform(0.5, 4)
    base, spread = r.uniform(0.1, 0.9), r.uniform(0, 0.15)
    row = 0
    y = -r.uniform(0, h)
    while y < SIDE:
        x = -r.uniform(0, 3) - (w / 2 if row % 2 else 0)
        while x < SIDE:
            c = float(base + r.normal(0, spread))
            cv2.rectangle(a, _pt((x + gap, y + gap)), _pt((x + w, y + h)), c, -1, cv2.LINE_AA, 4)
            x += w
        y += h
        row += 1
    return a * (1 + r.uniform(0, 0.5) * noise(r, a.shape, (20, 40, 80)))


def pebbles(r):
    n = int(r.integers(30, 700))
    pts = r.uniform(0, SIDE, (n, 2)).astype(np.float32)
    mask = np.ones((SIDE, SIDE), np.uint8)
    mask[pts[:, 1].astype(int), pts[:, 0].astype(int)] = 0
    d, label = cv2.distanceTransformWithLabels(mask, cv2.DIST_L2, 5, labelType=cv2.DIST_LABEL_PIXEL)
    tone = r.uniform(0.2, 1, label.max() + 1).astype(np.float32)
    dome = np.sqrt(np.clip(1 - (d / (d.max() * r.uniform(0.5, 1.1))) ** 2, 0, 1))
    a = tone[label] * (0.3 + 0.7 * dome)
    return _grey(a * _relief(cv2.GaussianBlur(dome, (0, 0), 1), r), r)


def grass(r):
    a = np.full((SIDE, SIDE), r.uniform(0.1, 0.5), np.float32)
    long_, lean = r.uniform(6, 40), r.normal(0, 0.5)
    for _ in range(int(r.integers(200, 900))):
        p = r.uniform(-5, SIDE + 5, 2)
        d = np.array([np.sin(lean + r.normal(0, 0.5)), -1]) * long_ * r.uniform(0.3, 1)
        _stroke(a, p, p + d, r.uniform(0.05, 0.95), r.integers(1, 3))
    return _grey(cv2.GaussianBlur(a, (0, 0), r.uniform(0.4, 1.2)), r)


def stars(r):
    a = np.full((SIDE, SIDE), r.uniform(0, 0.12), np.float32)
    for _ in range(int(r.integers(20, 300))):
        p, s = r.uniform(0, SIDE, 2), r.exponential(0.9) + 0.4
        _oval(a, p, (s, s * r.uniform(0.3, 1)), r.uniform(0, 180), r.uniform(0.2, 1))
    a = cv2.GaussianBlur(a, (0, 0), r.uniform(0.4, 1.5))
    return a * r.uniform(0.8, 2.0)


def moon(r):
    h = np.zeros((SIDE, SIDE), np.float32)
    for _ in range(int(r.integers(20, 120))):
        p, q = r.uniform(0, SIDE, 2), r.exponential(7) + 1.5
        d = np.hypot(_YX[1] * SIDE - p[0], _YX[0] * SIDE - p[1]) / q
        h += q * 0.05 * (np.exp(-(((d - 1) / 0.25) ** 2)) - 0.7 * np.exp(-(d**4)))
    a = _relief(h, r) * (1 + 0.2 * noise(r, h.shape, (3, 8, 20)))
    return _grey(a, r)


def bokeh(r):
    a = fractal(r) * 0.3
    for _ in range(int(r.integers(5, 50))):
        layer = np.zeros_like(a)
        q = r.uniform(3, 22)
        _disc(layer, r.uniform(0, SIDE, 2), q, r.uniform(0.1, 0.8))
        a = a + cv2.GaussianBlur(layer, (0, 0), r.uniform(0.5, 4))
    return np.clip(a, 0, 1)


def foliage(r):
    a = np.full((SIDE, SIDE), r.uniform(0, 0.5), np.float32)
    size = r.uniform(3, 20)
    tone = r.uniform(0.2, 0.9)
    for i in range(int(r.integers(80, 500))):
        c = tone * (0.4 + 0.6 * i / 300) * r.uniform(0.5, 1.4)
        q = size * r.uniform(0.5, 1.3)
        _oval(a, r.uniform(-5, SIDE + 5, 2), (q, q * r.uniform(0.2, 0.7)), r.uniform(0, 180), c)
    return np.clip(cv2.GaussianBlur(a, (0, 0), r.uniform(0.4, 4)), 0, 1)


def room(r):
    """Walls, a floor, a window, shelves and boxes of furniture."""
    wall, floor = r.uniform(0.2, 0.95), r.uniform(0.1, 0.8)
    a = np.full((SIDE, SIDE), wall, np.float32)
    horizon = r.uniform(90, 150)
    corner = r.uniform(20, 140)
    _poly(a, [[corner, 0], [SIDE, 0], [SIDE, SIDE], [corner, SIDE]], wall * r.uniform(0.7, 1.1))
    _poly(a, [[0, horizon + 20], [corner, horizon], [SIDE, horizon + 20], [SIDE, SIDE], [0, SIDE]], floor)
    for _ in range(int(r.integers(1, 8))):
        _furniture(a, r, horizon)
    a = a * (1 + r.uniform(0, 0.3) * noise(r, a.shape, (2, 3)))
    return cv2.GaussianBlur(a, (0, 0), r.uniform(0.3, 2.5))


def _furniture(a, r, horizon):
    x, w, h = r.uniform(-20, 140), r.uniform(15, 70), r.uniform(15, 80)
    c = r.uniform(0.03, 0.95)
    k = r.random()
    if k < 0.35:  # box on the floor
        y = horizon + r.uniform(0, 25) - h
        cv2.rectangle(a, _pt((x, y)), _pt((x + w, y + h)), c, -1, cv2.LINE_AA, 4)
        _poly(a, [[x, y], [x + w, y], [x + w + 9, y - 7], [x + 9, y - 7]], min(1, c * 1.3))
        for i in range(r.integers(0, 4)):
            _stroke(a, (x, y + i * h / 4), (x + w, y + i * h / 4), c * 0.6, 1)
            _disc(a, (x + w / 2, y + (i + 0.5) * h / 4), 1.5, c * 0.4)
    elif k < 0.6:  # window or picture frame
        y = r.uniform(5, 60)
        cv2.rectangle(a, _pt((x, y)), _pt((x + w, y + h)), c, -1, cv2.LINE_AA, 4)
        inner = r.uniform(0.3, 1)
        cv2.rectangle(a, _pt((x + 3, y + 3)), _pt((x + w - 3, y + h - 3)), inner, -1, cv2.LINE_AA, 4)
        if _chance(r, 0.6):
            _stroke(a, (x + w / 2, y), (x + w / 2, y + h), c, 2)
            _stroke(a, (x, y + h / 2), (x + w, y + h / 2), c, 2)
    elif k < 0.8:  # lamp
        y = r.uniform(10, 80)
        _poly(a, [[x, y + 18], [x + 7, y], [x + 19, y], [x + 26, y + 18]], r.uniform(0.6, 1))
        _stroke(a, (x + 13, y + 18), (x + 13, y + 60), 0.1, 2)
    else:  # shelf of books
        y = r.uniform(20, 90)
        for i in range(int(w // 4)):
            top = y - r.uniform(10, 22)
            cv2.rectangle(a, _pt((x + 4 * i, top)), _pt((x + 4 * i + 3.4, y)), r.random(), -1, cv2.LINE_AA, 4)
        _stroke(a, (x - 4, y), (x + w + 4, y), c * 0.5, 2)


def city(r):
    a = np.full((SIDE, SIDE), r.uniform(0.5, 1), np.float32)
    for _ in range(int(r.integers(3, 10))):
        x, w, top = r.uniform(-20, 150), r.uniform(15, 60), r.uniform(0, 110)
        c, win = r.uniform(0.05, 0.9), r.uniform(0, 1)
        cv2.rectangle(a, _pt((x, top)), _pt((x + w, SIDE)), c, -1, cv2.LINE_AA, 4)
        s = r.uniform(4, 12)
        for yy in np.arange(top + 3, SIDE, s * 1.4):
            for xx in np.arange(x + 2, x + w - s * 0.6, s):
                cv2.rectangle(a, _pt((xx, yy)), _pt((xx + s * 0.55, yy + s * 0.8)), win, -1)
    return a


def landscape(r):
    a = np.full((SIDE, SIDE), r.uniform(0.5, 1), np.float32)
    a += 0.3 * noise(r, a.shape, (2, 4, 8)) * _chance(r, 0.7)
    for k in range(int(r.integers(1, 5))):
        base = 60 + 25 * k + r.uniform(-10, 10)
        line = base + 30 * noise(r, (1, SIDE), (3, 6, 12, 30))[0] * r.random()
        x = np.arange(SIDE)
        pts = np.concatenate([np.stack([x, line], -1), [[SIDE, SIDE], [0, SIDE]]])
        _poly(a, pts, r.uniform(0.05, 0.8))
    return a * (1 + r.uniform(0, 0.4) * noise(r, a.shape, (10, 30, 60)))


def cloth(r):
    h = noise(r, (SIDE, SIDE), (3, 5, 9), 0.6)
    h = cv2.resize(h[:, :: r.integers(1, 4)], (SIDE, SIDE))
    return _grey(_relief(h * 6, r), r)


def coins(r):
    a = np.full((SIDE, SIDE), r.uniform(0, 0.9), np.float32) + 0.1 * noise(r, (SIDE, SIDE), (2, 4))
    n = int(r.integers(2, 7))
    s = SIDE / n
    for i in range(n):
        for j in range(n):
            p = np.array([j + 0.5, i + 0.5]) * s + r.normal(0, s * 0.08, 2)
            g, al = coin(r)
            k = max(6, int(s * r.uniform(0.6, 0.95)))
            stamp(a, cv2.resize(g, (k, k), interpolation=cv2.INTER_AREA), cv2.resize(al, (k, k)), p - k / 2)
    return a


def stamp(a, grey, alpha, at):
    """Pastes uint8 (grey, alpha) on a float picture, clipped at its edges."""
    x, y = int(round(at[0])), int(round(at[1]))
    h, w = grey.shape
    x0, y0, x1, y1 = max(0, x), max(0, y), min(a.shape[1], x + w), min(a.shape[0], y + h)
    if x1 <= x0 or y1 <= y0:
        return
    g = grey[y0 - y : y1 - y, x0 - x : x1 - x].astype(np.float32) / 255
    m = alpha[y0 - y : y1 - y, x0 - x : x1 - x].astype(np.float32) / 255
    part = a[y0:y1, x0:x1]
    part += m * (g - part)


def _out(a, alpha):
    return np.clip(a * 255, 0, 255).astype(np.uint8), np.clip(alpha * 255, 0, 255).astype(np.uint8)


def _ball(r, rx=0.9, ry=0.9):
    """A soft ellipse: (coverage, dome height)."""
    q = (_OX / rx) ** 2 + (_OY / ry) ** 2
    return np.clip((1 - q) * 14, 0, 1), np.sqrt(np.clip(1 - q, 0, 1)).astype(np.float32)


def coin(r):
    """A disc with a rim and a stamped bust in low relief."""
    m, _ = _ball(r)
    h = np.zeros((OBJ, OBJ), np.float32)
    _disc(h, (56, 56), 48, 0.6, 3)
    if _chance(r, 0.7):
        side = 1 if _chance(r, 0.5) else -1
        _oval(h, (56, 46), (17, 22), 8 * side, 1)
        _poly(h, [[56 + 14 * side, 42], [56 + 26 * side, 54], [56 + 14 * side, 58]], 1)
        _poly(h, [[46, 60], [66, 60], [80, 90], [34, 90]], 1)
        _oval(h, (56 - 8 * side, 38), (17, 16), 0, 1.3)
    else:
        for _ in range(6):
            _stroke(h, r.uniform(30, 82, 2), r.uniform(30, 82, 2), 1, 3)
    h = cv2.GaussianBlur(h, (0, 0), r.uniform(1, 2.2)) + 0.12 * noise(r, h.shape, (12, 25, 50))
    tone = r.uniform(0.2, 0.8)
    return _out(tone * _relief(h, r, r.uniform(1, 4)), m)


def dial(r):
    """A clock, a gauge or a plate."""
    m, dome = _ball(r)
    tone, ink = r.uniform(0.4, 1), r.uniform(0, 0.4)
    if _chance(r, 0.2):
        tone, ink = ink, tone
    a = np.full((OBJ, OBJ), tone, np.float32)
    _disc(a, (56, 56), 48, ink, int(r.integers(1, 7)))
    n = int(r.choice([4, 12, 12, 60]))
    for k in range(n):
        d = np.array([np.sin(2 * np.pi * k / n), -np.cos(2 * np.pi * k / n)])
        if n == 12 and _chance(r, 0.5):
            p = 56 + d * 36
            cv2.putText(a, str(k or 12), (int(p[0] - 6), int(p[1] + 5)), 0, 0.42, ink, 1, cv2.LINE_AA)
        else:
            _stroke(a, 56 + d * 38, 56 + d * 44, ink, r.integers(1, 4))
    for k in range(int(r.integers(1, 4))):
        th = r.uniform(0, 2 * np.pi)
        _stroke(a, (56, 56), 56 + np.array([np.sin(th), -np.cos(th)]) * r.uniform(18, 42), ink, r.integers(1, 6))
    _disc(a, (56, 56), r.uniform(1, 6), ink)
    return _out(a * (0.8 + 0.2 * dome), m)


def cup(r):
    """A cup on a saucer, from above or from the side."""
    a = np.full((OBJ, OBJ), 0.5, np.float32)
    m = np.zeros_like(a)
    tone = r.uniform(0.3, 1)
    if _chance(r, 0.6):
        squash = r.uniform(0.5, 1)
        for q, c in ((50, tone * 0.8), (46, tone), (33, tone * 0.6), (30, tone), (26, r.uniform(0, 0.4))):
            _oval(a, (56, 56), (q, q * squash), 0, c)
        _oval(m, (56, 56), (50, 50 * squash), 0, 1)
        _oval(a, (56, 50), (16, 9 * squash), r.uniform(0, 90), r.uniform(0, 0.9), -1 if _chance(r, 0.5) else 2)
        a *= 1 + 0.25 * np.cos(r.uniform(0, 6)) * _OX
    else:
        body = [[26, 30], [80, 30], [72, 92], [34, 92]]
        a[:] = tone * (0.55 + 0.45 * np.cos(_OX * 1.4 - r.uniform(-0.6, 0.6)))
        _poly(m, body, 1)
        _oval(m, (82, 56), (15, 17), 0, 1, 6)
        _oval(m, (53, 30), (27, 7), 0, 1)
        _oval(a, (53, 30), (25, 6), 0, r.uniform(0, 0.5))
    return _out(a, m)


def wheel(r):
    m, _ = _ball(r)
    a = np.full((OBJ, OBJ), r.uniform(0, 0.5), np.float32)
    rim, hub = r.uniform(24, 42), r.uniform(3, 14)
    _disc(a, (56, 56), rim, r.uniform(0.3, 1))
    n = int(r.integers(3, 14))
    for k in range(n):
        th = 2 * np.pi * k / n
        p = 56 + np.array([np.cos(th), np.sin(th)]) * rim * 0.65
        _disc(a, p, rim * r.uniform(0.8, 1.6) / n, r.uniform(0, 0.3))
    _disc(a, (56, 56), hub, r.uniform(0.2, 1))
    return _out(a, m)


def rocket(r):
    a = np.full((OBJ, OBJ), 0.5, np.float32)
    m = np.zeros_like(a)
    w = r.uniform(5, 14)
    _poly(m, [[56 - w, 100], [56 - w, 35], [56, 8], [56 + w, 35], [56 + w, 100]], 1)
    _poly(m, [[56 - w, 75], [56 - 2.3 * w, 104], [56 + 2.3 * w, 104], [56 + w, 75]], 1)
    a[:] = r.uniform(0.4, 1) * (0.5 + 0.5 * np.cos((_OX * 56 / w) * 1.2))
    for y in r.uniform(30, 95, 3):
        _stroke(a, (40, y), (72, y), r.uniform(0, 0.4), r.integers(1, 6))
    _disc(a, (56, 45), w * 0.4, 0.1)
    return _out(a, m)


def hand(r):
    """A hand: palm and fingers with lambert-like shading."""
    h = np.zeros((OBJ, OBJ), np.float32)
    spread = r.uniform(0.05, 0.3)
    _oval(h, (56, 72), (20, 24), 0, 1)
    for k in range(4):
        th = (k - 1.5) * spread
        base = np.array([42 + 9.5 * k, 58.0])
        ln = r.uniform(24, 42) if _chance(r, 0.85) else 10
        _stroke(h, base, base + ln * np.array([np.sin(th), -np.cos(th)]), 1, 9)
    _stroke(h, (40, 78), (20, 58), 1, 10)
    _stroke(h, (56, 85), (56, 112), 1, 28)
    m = h.copy()
    h = cv2.GaussianBlur(h, (0, 0), 3.5) * 7
    return _out(r.uniform(0.15, 0.9) * _relief(h, r, r.uniform(0.3, 1.0)), m)


def silhouette(r):
    """A quadruped or a standing figure, of one tone."""
    m = np.zeros((OBJ, OBJ), np.float32)
    if _chance(r, 0.6):
        _oval(m, (58, 52), (30, 14), 0, 1)
        for x in (34, 42, 74, 82):
            _stroke(m, (x, 56), (x + r.normal(0, 5), 98), 1, 5)
        neck = np.array([20 + r.normal(0, 4), 24 + r.normal(0, 6)])
        _stroke(m, (36, 48), neck, 1, 13)
        _stroke(m, neck, neck + [-13, 10], 1, 9)
        _stroke(m, (86, 48), (97, 74), 1, 4)
    else:
        _disc(m, (56, 20), 9, 1)
        _oval(m, (56, 48), (14, 20), 0, 1)
        for s in (-1, 1):
            _stroke(m, (56 + s * 6, 60), (56 + s * r.uniform(4, 14), 106), 1, 9)
            _stroke(m, (56 + s * 12, 36), (56 + s * r.uniform(12, 30), 66), 1, 6)
    a = np.full((OBJ, OBJ), r.uniform(0, 0.25) if _chance(r, 0.7) else r.random(), np.float32)
    return _out(a, m)


def blob(r):
    """A skin-toned lump with dark dents: an unspecific near miss."""
    m = np.clip((1 - np.hypot(_OX, _OY) / 0.8 + 0.35 * noise(r, _OX.shape, (3, 5))) * 10, 0, 1)
    h = cv2.GaussianBlur(m, (0, 0), 12) * 12 + noise(r, m.shape, (5, 9)) * r.uniform(0, 2)
    a = r.uniform(0.2, 0.9) * _relief(h.astype(np.float32), r, r.uniform(0.3, 1))
    for _ in range(int(r.integers(0, 6))):
        _oval(a, r.uniform(25, 87, 2), r.uniform(2, 12, 2), r.uniform(0, 180), r.uniform(0, 0.6))
    return _out(cv2.GaussianBlur(a, (0, 0), r.uniform(0.5, 2)), m)


def ball(r):
    """A shaded ball, fruit, lamp or bald-looking dome without a face."""
    m, dome = _ball(r, r.uniform(0.6, 0.95), r.uniform(0.6, 0.95))
    a = r.uniform(0.2, 1) * _relief(dome * 20, r, r.uniform(0.3, 1.5))
    a *= 1 + r.uniform(0, 0.3) * noise(r, a.shape, (4, 9, 20))
    if _chance(r, 0.4):
        a = np.where(np.sin(_OX * r.uniform(4, 20)) > 0, a, a * r.uniform(0.2, 0.9))
    return _out(a, m)


def _fur(r):
    th = r.uniform(0, np.pi)
    n = noise(r, (OBJ, OBJ), (16, 32, 64), 0.9)
    k = np.zeros((7, 7), np.float32)
    cv2.line(k, _pt((3 - 3 * np.cos(th), 3 - 3 * np.sin(th))), _pt((3 + 3 * np.cos(th), 3 + 3 * np.sin(th))), 1.0, 1, 8, 4)
    return cv2.filter2D(n, -1, k / (k.sum() + 1e-6))


def animal(r):
    """A cat's, dog's, bear's or owl's head: a face to reject."""
    kind = ("cat", "cat", "dog", "bear", "owl")[r.integers(5)]
    turn = r.normal(0, 0.14)
    rx, ry = r.uniform(0.62, 0.8), r.uniform(0.52, 0.66)
    cy = 0.12
    tone, belly = r.uniform(0.05, 0.9), r.uniform(0.3, 1)
    q = (_OX / rx) ** 2 + ((_OY - cy) / ry) ** 2
    m = np.clip((1 - q) * 12 + 1.5 * _fur(r), 0, 1)
    a = np.full((OBJ, OBJ), tone, np.float32)
    h = np.sqrt(np.clip(1.02 - q, 0, 2)).astype(np.float32) * 14
    _animal_ears(r, kind, m, a, tone)
    my = cy + (0.3 if kind != "owl" else 0.12)
    mx = turn * 1.6
    muzzle = np.exp(-(((_OX - mx) / 0.3) ** 2) - ((_OY - my) / 0.24) ** 2)
    h += muzzle * (10 if kind in ("dog", "bear") else 5)
    a += np.clip(muzzle * 1.2, 0, 1) * (belly - a) * r.uniform(0, 1)
    if kind == "cat" and _chance(r, 0.6):
        stripes = np.sin(_OX * r.uniform(12, 26) + 3 * _OY) * np.exp(-(((_OY + 0.35) / 0.3) ** 2))
        a *= 1 - r.uniform(0.2, 0.7) * np.clip(stripes, 0, 1)
    a *= (1 + r.uniform(0.2, 0.8) * _fur(r)) * _relief(h, r, r.uniform(0.15, 0.5))
    _animal_eyes(r, kind, a, turn, cy)
    _animal_nose(r, kind, a, mx, my)
    return _out(a, m)


def _animal_ears(r, kind, m, a, tone):
    up, apart = r.uniform(0.75, 0.98), r.uniform(0.4, 0.62)
    for s in (-1, 1):
        tip = np.array([56 + s * 56 * (apart + 0.12), 56 - 56 * up])
        inner = np.array([56 + s * 56 * (apart - 0.32), 56 - 56 * 0.36])
        outer = np.array([56 + s * 56 * (apart + 0.14), 56 - 56 * 0.02])
        if kind in ("cat", "owl"):
            _poly(m, [tip, inner, outer], 1)
            mid = (tip + inner + outer) / 3
            _poly(a, [mid + 0.6 * (p - mid) for p in (tip, inner, outer)], tone * r.uniform(0.5, 1.5))
        elif kind == "dog":
            c = (56 + s * 38, 56 + r.uniform(-4, 12))
            _oval(m, c, (11, 24), -s * 12, 1)
            _oval(a, c, (11, 24), -s * 12, tone * r.uniform(0.3, 0.8))
        else:
            c = (56 + s * 32, 30)
            _disc(m, c, 13, 1)
            _disc(a, c, 8, tone * r.uniform(0.4, 1.2))


def _animal_eyes(r, kind, a, turn, cy):
    gap = r.uniform(0.24, 0.36)
    size = r.uniform(5, 11) if kind != "owl" else r.uniform(9, 15)
    iris, slit = r.uniform(0.25, 0.95), r.uniform(0.15, 0.9)
    tilt = r.uniform(0, 25)
    for s in (-1, 1):
        p = (56 + 56 * (s * gap + turn), 56 + 56 * (cy - 0.12))
        if kind in ("dog", "bear"):
            _oval(a, p, (size * 0.7, size * 0.6), 0, r.uniform(0, 0.12))
        else:
            _oval(a, p, (size * 1.15, size * 0.95), s * tilt, 0.05)
            _oval(a, p, (size, size * 0.8), s * tilt, iris)
            _oval(a, p, (size * slit * 0.7, size * 0.72), 0, 0.02)
        _disc(a, (p[0] + size * 0.25, p[1] - size * 0.25), size * 0.16, 1.0)


def _animal_nose(r, kind, a, mx, my):
    x, y = 56 + 56 * mx, 56 + 56 * (my - 0.08)
    n = r.uniform(4, 9)
    dark = r.uniform(0, 0.3)
    if kind == "owl":
        _poly(a, [[x - n, y - n], [x + n, y - n], [x, y + n * 1.6]], r.uniform(0.1, 0.7))
        return
    _poly(a, [[x - n, y - n * 0.6], [x + n, y - n * 0.6], [x, y + n * 0.7]], dark)
    _stroke(a, (x, y), (x, y + n * 1.6), dark, 1)
    for s in (-1, 1):
        _oval(a, (x + s * n, y + n * 1.3), (n, n * 0.6), 0, dark, 1)
        if kind == "cat":
            for k in range(3):
                end = (x + s * r.uniform(38, 56), y + (k - 1) * 9 + r.normal(0, 3))
                _stroke(a, (x + s * n, y + n * 0.8), end, r.uniform(0.6, 1), 1)


_BACKGROUNDS = (
    fractal, gradient, grating, collage, collage, page, bricks, pebbles, grass, stars,
    moon, bokeh, foliage, room, room, room, city, landscape, cloth, coins,
)  # fmt: skip
_THINGS = (animal, animal, animal, dial, cup, wheel, rocket, hand, hand, silhouette, blob, blob, ball, coin)


def background(r):
    """One face-less background, uint8 (160, 160)."""
    a = _BACKGROUNDS[r.integers(len(_BACKGROUNDS))](r)
    if _chance(r, 0.2):
        b = _BACKGROUNDS[r.integers(len(_BACKGROUNDS))](r)
        edge = np.clip((noise(r, (SIDE, SIDE), (2, 3, 6)) + r.normal(0, 0.3)) * 40, 0, 1)
        a = a * (1 - edge) + b * edge
    return np.clip(a * 255, 0, 255).astype(np.uint8)


def thing(r):
    """One face-less object, (grey, alpha), uint8 (112, 112)."""
    return _THINGS[r.integers(len(_THINGS))](r)
