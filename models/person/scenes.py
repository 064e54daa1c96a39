# SPDX-License-Identifier: Apache-2.0
"""Composes training pictures from a bank of drawn parts.

In: a `Bank`, a numpy generator. Out: a uint8 (128, 128) picture as the
letterbox would make it (black bars where the picture does not reach), and the
faces in it as rows of (cx, cy, side, 6 x (x, y), state), in pixels; state is
1 for a face to find and 0 for one that is too hidden or too faint to count.
"""

import cv2
import numpy as np

SIDE = 128
BOX_MIN, BOX_MAX = 11.0, 122.0


def _chance(r, p):
    return r.random() < p


class _Scene:
    """A picture in the making. `view` is the rectangle inside the letterbox."""

    def __init__(self, r, bank):
        self.view = _view(r)
        self.img = _ground(r, bank)
        self.faces = []
        self.alias = _chance(r, 0.3)  # single-tap sampling, as the letterbox does

    def paste(self, pair, matrix, gain=1.0, lift=0.0, extend=False):
        """Warps (grey, alpha) into the picture; returns the coverage. `extend`
        continues what touches the drawing's edge (a body) beyond it."""
        size = (SIDE, SIDE)
        flags = cv2.INTER_LINEAR
        shrink = np.sqrt(abs(np.linalg.det(matrix[:, :2])))
        grey, alpha = pair[0], pair[1]
        if shrink < 0.5 and not self.alias:
            grey, alpha, matrix = _halve(grey, alpha, matrix, shrink)
        edge = cv2.BORDER_REPLICATE
        g = cv2.warpAffine(grey, matrix, size, flags=flags, borderMode=edge)
        m = cv2.warpAffine(alpha, matrix, size, flags=flags, borderMode=edge if extend else 0)
        m = m.astype(np.float32) / 255
        self.img += m * (g.astype(np.float32) * gain + lift - self.img)
        return m


def _halve(grey, alpha, matrix, shrink):
    """Area-averages the source first, so that small pastes do not alias."""
    k = int(np.clip(np.floor(1 / shrink), 2, 6))
    size = (grey.shape[1] // k, grey.shape[0] // k)
    weight = cv2.resize(alpha, size, interpolation=cv2.INTER_AREA)
    light = cv2.resize(cv2.multiply(grey, alpha, scale=1 / 255), size, interpolation=cv2.INTER_AREA)
    g = np.clip(light.astype(np.float32) * 255 / np.maximum(weight, 1), 0, 255).astype(np.uint8)
    m = matrix.copy()
    m[:, :2] *= grey.shape[0] / size[0]
    return g, weight, m


def _view(r):
    """Where the picture lies in the square: (x0, y0, x1, y1)."""
    if _chance(r, 0.4):
        return np.array([0, 0, SIDE, SIDE], np.float32)
    bar = round(r.uniform(2, 36))
    if _chance(r, 0.55):
        return np.array([0, bar, SIDE, SIDE - bar], np.float32)
    return np.array([bar, 0, SIDE - bar, SIDE], np.float32)


def _ground(r, bank):
    b = bank.background[r.integers(len(bank.background))]
    n = int(r.uniform(70, 160))
    x, y = r.integers(0, 160 - n + 1, 2)
    a = cv2.resize(b[y : y + n, x : x + n], (SIDE, SIDE), interpolation=cv2.INTER_LINEAR).astype(np.float32)
    if _chance(r, 0.5):
        a = a[:, ::-1]
    if _chance(r, 0.4):
        a = cv2.GaussianBlur(a, (0, 0), r.uniform(0.5, 5))
    k = r.uniform(0.3, 1.1)
    return np.ascontiguousarray(a * k + r.uniform(0, 1 - min(k, 1)) * 255, np.float32)


def _affine(r, source, scale, angle, at, flip=False):
    """The matrix that puts `source` at `at`, scaled, turned, maybe mirrored."""
    ax = r.uniform(0.93, 1.07)
    c, s = np.cos(angle) * scale, np.sin(angle) * scale
    m = np.array([[c * ax * (-1 if flip else 1), -s], [s * ax * (-1 if flip else 1), c]], np.float32)
    return np.concatenate([m, (np.asarray(at) - m @ source)[:, None]], 1).astype(np.float32)


def _turn(r):
    """An upright face's roll."""
    if _chance(r, 0.2):
        return np.radians(r.uniform(-30, 30))
    return np.radians(np.clip(r.normal(0, 8), -25, 25))


def _add_thing(r, scene, bank):
    pair = bank.thing[r.integers(len(bank.thing))]
    size = np.exp(r.uniform(np.log(14), np.log(170)))
    m = _affine(r, np.array([56, 56]), size / 104, r.normal(0, 0.35), r.uniform(0, SIDE, 2), _chance(r, 0.5))
    scene.paste(pair, m, r.uniform(0.6, 1.1), r.uniform(0, 25))


def _place(r, view, side, partial):
    """A centre for a box of `side` such that most of it is in the view."""
    out = 0.5 if not partial else r.uniform(-0.05, 0.3)
    lo, hi = view[:2] + out * side, view[2:] - out * side
    mid = (lo + hi) / 2
    lo, hi = np.minimum(lo, mid), np.maximum(hi, mid)
    return r.uniform(lo, hi)


def _size(r, view, crowd):
    room = min(view[2] - view[0], view[3] - view[1])
    top = min(BOX_MAX, room * (0.36 if crowd else 0.95))
    if not crowd and _chance(r, 0.45):
        return float(r.uniform(24, max(top, 26)))
    return float(np.exp(r.uniform(np.log(BOX_MIN), np.log(max(top, 14)))))


def _scramble(r, grey, box):
    """Parts in the wrong places, wiped out, negative: not a face any more."""
    g = grey.copy()
    x, y, s = box[0] - box[2] / 2, box[1] - box[2] / 2, box[2]
    kind = r.random()
    if kind < 0.25:
        return 255 - g
    x0, y0, n = int(max(0, x)), int(max(0, y)), int(s)
    part = g[y0 : y0 + n, x0 : x0 + n]
    h, w = part.shape
    if kind < 0.6:  # shuffled tiles
        k = int(r.integers(2, 4))
        th, tw = h // k, w // k
        order = r.permutation(k * k)
        while np.mean(order == np.arange(k * k)) > 0.3:
            order = r.permutation(k * k)
        src = part.copy()
        for i, j in enumerate(order):
            a, b, c, d = i // k * th, i % k * tw, j // k * th, j % k * tw
            part[a : a + th, b : b + tw] = src[c : c + th, d : d + tw]
    elif kind < 0.8:  # the inside wiped out
        soft = cv2.GaussianBlur(part, (0, 0), s * 0.22)
        yy, xx = np.mgrid[0:h, 0:w]
        m = np.exp(-((((xx - w / 2) / (w * 0.42)) ** 4) + ((yy - h / 2) / (h * 0.5)) ** 4))
        part[:] = (part * (1 - m) + soft * m).astype(np.uint8)
    else:  # upside down inside an upright head
        part[:] = part[::-1]
    return g


def _add_lure(r, scene, bank):
    """Something that has the outline or the parts of a face but is none."""
    size = _size(r, scene.view, False)
    angle = r.normal(0, 0.15)
    if _chance(r, 0.45):
        pair = bank.lure[r.integers(len(bank.lure))]
        box = np.array([80, 87, 60], np.float32)
    else:
        i = r.integers(len(bank.head))
        pair, box = bank.head[i], bank.box[i]
        if _chance(r, 0.3):
            angle = np.pi + r.normal(0, 0.5)
        else:
            pair = np.stack([_scramble(r, pair[0], box), pair[1]])
    at = _place(r, scene.view, size, _chance(r, 0.2))
    m = _affine(r, box[:2], size / box[2], angle, at, _chance(r, 0.5))
    scene.paste(pair, m, r.uniform(0.6, 1.1), r.uniform(0, 30), extend=_chance(r, 0.5))


def _add_face(r, scene, bank, crowd):
    i = r.integers(len(bank.head))
    box, points = bank.box[i], bank.points[i]
    size = _size(r, scene.view, crowd)
    at = _place(r, scene.view, size, _chance(r, 0.25))
    flip = _chance(r, 0.5)
    m = _affine(r, box[:2], size / box[2], _turn(r), at, flip)
    gain, lift = r.uniform(0.6, 1.15), r.uniform(0, 40) * _chance(r, 0.5)
    cover = scene.paste(bank.head[i], m, gain, lift, extend=_chance(r, 0.5))
    moved = points @ m[:, :2].T + m[:, 2]
    if flip:
        moved = moved[[1, 0, 2, 3, 5, 4]]
    face = {"box": np.array([*at, size]), "points": moved, "seen": 1.0}
    for other in scene.faces:
        other["seen"] -= _share(cover, other["box"])
    scene.faces.append(face)


def _share(cover, box):
    """How much of a box's inner part a coverage hides."""
    c, h = box[:2], box[2] * 0.4
    x0, y0 = np.clip(np.floor(c - h), 0, SIDE - 1).astype(int)
    x1, y1 = np.clip(np.ceil(c + h), 1, SIDE).astype(int)
    part = cover[y0:y1, x0:x1]
    return float(part.mean()) if part.size else 0.0


def _occlude(r, scene, bank):
    """A bar, a hand or another thing over a face."""
    f = scene.faces[r.integers(len(scene.faces))]
    c, s = f["box"][:2], f["box"][2]
    at = c + r.uniform(-0.6, 0.6, 2) * s
    if _chance(r, 0.5):
        cover = np.zeros((SIDE, SIDE), np.float32)
        th = r.uniform(0, np.pi)
        d = np.array([np.cos(th), np.sin(th)]) * s * r.uniform(0.5, 2)
        ends = [tuple(int(v) for v in p) for p in (at - d, at + d)]
        cv2.line(cover, *ends, 1.0, max(1, int(s * r.uniform(0.05, 0.2))), cv2.LINE_AA)
        scene.img += cover * (r.uniform(0, 255) - scene.img)
    else:
        pair = bank.thing[r.integers(len(bank.thing))]
        m = _affine(r, np.array([56, 56]), s * r.uniform(0.3, 0.8) / 104, r.uniform(-1, 1), at)
        cover = scene.paste(pair, m, r.uniform(0.5, 1))
    for g in scene.faces:
        g["seen"] -= _share(cover, g["box"])


def _light(r, a):
    """Uneven light, vignette, tone curve."""
    y, x = np.mgrid[-1 : 1 : SIDE * 1j, -1 : 1 : SIDE * 1j].astype(np.float32)
    if _chance(r, 0.3):
        a = a * np.clip(1 + r.normal(0, 0.25) * x + r.normal(0, 0.25) * y, 0.2, 2)
    if _chance(r, 0.2):
        a = a * (1 - r.uniform(0.1, 0.5) * (x * x + y * y) / 2)
    if _chance(r, 0.4):  # as a camera exposes: most of the range is used
        lo, hi = np.percentile(a, (r.uniform(0, 3), r.uniform(97, 100)))
        a = (a - lo) * (255 / max(hi - lo, 20))
    a = np.clip(a / 255, 0, 1) ** np.exp(r.normal(0, 0.3))
    k = r.uniform(0.45, 1.1) if _chance(r, 0.5) else 1.0
    return (a * k + r.uniform(0, max(0.0, 1 - k)) * _chance(r, 0.5)) * 255


def _optics(r, a):
    """Lower resolution, blur, noise."""
    if _chance(r, 0.25):
        n = int(r.uniform(40, 120))
        a = cv2.resize(cv2.resize(a, (n, n), interpolation=cv2.INTER_AREA), (SIDE, SIDE), interpolation=int(r.integers(0, 3)))
    elif _chance(r, 0.3):
        a = cv2.GaussianBlur(a, (0, 0), r.uniform(0.4, 1.6))
    elif _chance(r, 0.25):  # sharpening halo
        a = a + r.uniform(0.3, 1.5) * (a - cv2.GaussianBlur(a, (0, 0), r.uniform(0.6, 1.5)))
    if _chance(r, 0.06):
        k = np.zeros((9, 9), np.float32)
        n, th = r.uniform(1, 4), r.uniform(0, np.pi)
        d = np.array([np.cos(th), np.sin(th)]) * n
        cv2.line(k, *[tuple(int(round(v)) for v in p) for p in (4 - d, 4 + d)], 1.0)
        a = cv2.filter2D(a, -1, k / k.sum())
    if _chance(r, 0.6):
        a = a + r.standard_normal(a.shape, dtype=np.float32) * r.exponential(5)
    return a


def _encode(r, a):
    """To bytes, maybe through a JPEG."""
    a = np.clip(a, 0, 255).astype(np.uint8)
    if _chance(r, 0.35):
        _, data = cv2.imencode(".jpg", a, [cv2.IMWRITE_JPEG_QUALITY, int(r.integers(20, 92))])
        a = cv2.imdecode(data, cv2.IMREAD_GRAYSCALE)
    return a


def _visible(box, view):
    lo = np.maximum(box[:2] - box[2] / 2, view[:2])
    hi = np.minimum(box[:2] + box[2] / 2, view[2:])
    return float(np.prod(np.clip(hi - lo, 0, None)) / box[2] ** 2)


def _contrast(a, box):
    c, h = box[:2], box[2] * 0.4
    x0, y0 = np.clip(c - h, 0, SIDE - 2).astype(int)
    x1, y1 = np.clip(c + h + 1, 2, SIDE).astype(int)
    if x1 <= x0 or y1 <= y0:
        return 0.0
    calm = cv2.GaussianBlur(a, (0, 0), 0.3 + 0.03 * box[2])  # noise is not contrast
    return float(calm[y0:y1, x0:x1].std())


def _finish(r, scene):
    x0, y0, x1, y1 = scene.view.astype(int)
    a = _encode(r, _optics(r, _light(r, scene.img)))
    out = np.zeros_like(a)
    out[y0:y1, x0:x1] = a[y0:y1, x0:x1]
    if _chance(r, 0.15):  # a picture with its own plain border
        out[:y0], out[y1:], out[:, :x0], out[:, x1:] = [r.integers(0, 256)] * 4
    rows = []
    for f in scene.faces:
        shown = f["seen"] * _visible(f["box"], scene.view)
        if shown < 0.12:
            continue
        state = shown > 0.5 and _contrast(out, f["box"]) > 8
        rows.append([*f["box"], *f["points"].ravel(), float(state)])
    return out, np.array(rows, np.float32).reshape(-1, 16)


def compose(r, bank, faces=None):
    """One picture. `faces` fixes how many; None draws it."""
    scene = _Scene(r, bank)
    if faces is None:
        faces = int(r.choice([0, 1, 2, 3, 5], p=[0.38, 0.36, 0.14, 0.08, 0.04]))
    for _ in range(int(r.choice([0, 1, 2, 4], p=[0.45, 0.3, 0.15, 0.1]))):
        _add_thing(r, scene, bank)
    if _chance(r, 0.45 if faces == 0 else 0.12):
        _add_lure(r, scene, bank)
    for _ in range(faces):
        _add_face(r, scene, bank, faces > 1)
    if faces and _chance(r, 0.15):
        _occlude(r, scene, bank)
    return _finish(r, scene)
