# SPDX-License-Identifier: Apache-2.0
"""Runs person.tflite over real pictures: is a face there, yes or no?

The last step of the recipe, and never a part of it: no training step and no
threshold is chosen on these pictures. In: the folder named by PINHOLE_DATA
(default ../shared/data beside the repository), with images/MANIFEST.md. Out:
a table on standard output. Needs the ai-edge-litert package.
"""

import argparse
import os
import re
from pathlib import Path

import cv2
import numpy as np
from ai_edge_litert.interpreter import Interpreter

from detect import decode, letterbox, suppress
from quantize import quantize_input

HERE = Path(__file__).resolve().parent


def data_folder():
    default = HERE.parents[1].parent / "shared" / "data"
    return Path(os.environ.get("PINHOLE_DATA", default))


def manifest(folder):
    """[(file name, number of faces)] from the table of MANIFEST.md."""
    rows = []
    for line in (folder / "images" / "MANIFEST.md").read_text().splitlines():
        cells = [c.strip() for c in line.strip("|").split("|")]
        if len(cells) > 3 and re.fullmatch(r"\d+", cells[2]):
            rows.append((cells[0], int(cells[2])))
    return rows


class Model:
    """The .tflite file in the LiteRT interpreter, with its own threshold."""

    def __init__(self, path):
        data = Path(path).read_bytes()
        self.threshold = float(re.search(rb"min_score ([0-9.]+)\n", data).group(1))
        self.it = Interpreter(model_content=data)
        self.it.allocate_tensors()
        self.input = self.it.get_input_details()[0]["index"]
        self.outputs = [o["index"] for o in self.it.get_output_details()]

    def __call__(self, square):
        """uint8 (128, 128) -> regressors (320, 16), logits (320, 1)."""
        self.it.set_tensor(self.input, quantize_input(square[None]))
        self.it.invoke()
        return tuple(self.it.get_tensor(i)[0] for i in self.outputs)


def main():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("--model", type=Path, default=HERE / "person.tflite")
    p.add_argument("--draw", type=Path, help="write the squares with their boxes to this .png")
    args = p.parse_args()
    model = Model(args.model)
    folder = data_folder()
    right, sheet = 0, []
    rows = manifest(folder)
    print(f"threshold {model.threshold}\nfile, faces, found, best score, right")
    for name, faces in rows:
        grey = cv2.imread(str(folder / "images" / name), cv2.IMREAD_GRAYSCALE)
        square = letterbox(grey)
        regs, logits = model(square)
        best = float(1 / (1 + np.exp(-logits.max())))
        found = suppress(decode(regs, logits, model.threshold))
        ok = (len(found) > 0) == (faces > 0)
        right += ok
        print(f"{name}, {faces}, {len(found)}, {best:.3f}, {'yes' if ok else 'NO'}")
        sheet.append(_boxes(square, found))
    print(f"right {right} of {len(rows)}")
    if args.draw:
        sheet += [np.zeros_like(sheet[0])] * (-len(sheet) % 8)
        lines = [np.hstack(sheet[i : i + 8]) for i in range(0, len(sheet), 8)]
        cv2.imwrite(str(args.draw), np.vstack(lines))


def _boxes(square, found):
    out = cv2.resize(square, None, fx=2, fy=2, interpolation=cv2.INTER_NEAREST)
    for f in found:
        a, b = [tuple(int(round(2 * v)) for v in f[i : i + 2]) for i in (1, 3)]
        cv2.rectangle(out, a, b, 255, 1)
        for x, y in f[5:].reshape(6, 2) * 2:
            cv2.circle(out, (int(round(x)), int(round(y))), 2, 255, -1)
    return out


if __name__ == "__main__":
    main()
