# SPDX-License-Identifier: Apache-2.0
"""Draws the demonstration clip: 48 frames of an invented room.

The room is empty; a drawn person walks in from the left, turns to the camera
and looks around; a second one comes in from the right; both leave. Out: a
folder of frame_00.jpg ... frame_47.jpg (320 x 240, grey) and faces.csv with
the number of faces that are in view, taken from the drawing.
"""

import argparse
from pathlib import Path

import cv2
import numpy as np

from head import draw_head, noise

WIDTH, HEIGHT, FRAMES = 320, 240, 48
HERE = Path(__file__).resolve().parent

# (frame, x in pixels, yaw in degrees); in between, straight lines.
FIRST = ((5, -70, 55), (14, 100, 45), (17, 104, 0), (27, 104, -12), (31, 106, 20), (38, 108, 0), (41, 90, -50), (47, -90, -60))
SECOND = ((19, 400, -55), (28, 228, -40), (31, 226, 0), (37, 224, 12), (40, 236, 50), (46, 405, 60))


def _room(r):
    y, x = np.mgrid[0:HEIGHT, 0:WIDTH].astype(np.float32)
    a = 150 + 0.12 * x - 0.1 * y
    a[y > 178 + 0.05 * x] = 96
    cv2.rectangle(a, (206, 18), (296, 92), 60.0, -1)
    cv2.rectangle(a, (211, 23), (291, 87), 222.0, -1)
    cv2.line(a, (251, 20), (251, 90), 60.0, 4)
    cv2.line(a, (208, 55), (294, 55), 60.0, 4)
    cv2.rectangle(a, (22, 14), (92, 54), 78.0, -1)
    cv2.rectangle(a, (25, 17), (89, 51), 188.0, -1)
    cv2.fillPoly(a, [np.array([[25, 51], [25, 42], [50, 30], [70, 40], [89, 34], [89, 51]])], 120.0)
    cv2.rectangle(a, (110, 150), (205, 215), 66.0, -1)
    cv2.rectangle(a, (106, 142), (209, 151), 88.0, -1)
    cv2.ellipse(a, (155, 120), (14, 20), 0, 0, 360, 176.0, -1)
    cv2.rectangle(a, (149, 136), (161, 143), 120.0, -1)
    a = a * (1 + 0.03 * noise(r, a.shape, (3, 6, 40)))
    return cv2.GaussianBlur(a.astype(np.float32), (0, 0), 0.8)


def _at(path, frame):
    keys = [p[0] for p in path]
    if not keys[0] <= frame <= keys[-1]:
        return None
    return tuple(float(np.interp(frame, keys, [p[i] for p in path])) for i in (1, 2))


def _enter(a, seed, state, height, scale):
    """Draws a person into the frame; returns whether the face is in view."""
    x, yaw = state
    h = draw_head(np.random.default_rng(seed), yaw=np.radians(yaw), pitch=np.radians(4.0))
    m = np.array([[scale, 0, x - 80 * scale], [0, scale, height]], np.float32)
    size = (WIDTH, HEIGHT)
    grey = cv2.warpAffine(h.grey, m, size, borderMode=cv2.BORDER_REPLICATE).astype(np.float32)
    alpha = cv2.warpAffine(h.alpha, m, size, borderMode=cv2.BORDER_REPLICATE).astype(np.float32) / 255
    a += alpha * (grey - a)
    centre = h.box[0] * scale + m[0, 2]
    return 0.15 * h.box[2] * scale < centre < WIDTH - 0.15 * h.box[2] * scale


def frames(first_seed, second_seed):
    """Yields (uint8 (240, 320), number of faces in view)."""
    room = _room(np.random.default_rng(77))
    grain = np.random.default_rng(78)
    for i in range(FRAMES):
        a, count = room.copy(), 0
        bob = 2.0 * abs(np.sin(i * 1.3))
        for path, seed, height, scale in ((SECOND, second_seed, 62, 1.05), (FIRST, first_seed, 34, 1.3)):
            state = _at(path, i)
            if state:
                count += _enter(a, seed, state, height + bob, scale)
        a = a + grain.normal(0, 2.5, a.shape)
        yield np.clip(a, 0, 255).astype(np.uint8), count


def main():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("--out", type=Path, default=HERE / "clip")
    p.add_argument("--first", type=int, default=2044)
    p.add_argument("--second", type=int, default=2032)
    args = p.parse_args()
    args.out.mkdir(parents=True, exist_ok=True)
    rows = ["frame,faces"]
    for i, (picture, count) in enumerate(frames(args.first, args.second)):
        cv2.imwrite(str(args.out / f"frame_{i:02d}.jpg"), picture, [cv2.IMWRITE_JPEG_QUALITY, 85])
        rows.append(f"{i},{count}")
    (args.out / "faces.csv").write_text("\n".join(rows) + "\n")


if __name__ == "__main__":
    main()
