#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""torchvision.ops.nms as a worker, on boxes as boxes_file.h has them. Boxes below the score are left out by a mask,
which is timed where there is such a threshold."""

import numpy
import torch
import torchvision

import worker


class Torchvision:
    def load(self, path):
        values = numpy.fromfile(path, numpy.float32)
        self.overlap, self.min_score = float(values[0]), float(values[1])
        rows = torch.from_numpy(values[2:].reshape(-1, 5).copy())
        self.boxes, self.scores = rows[:, :4].contiguous(), rows[:, 4].contiguous()
        self.kept = None
        torch.set_num_threads(1)
        return {"version": f"torchvision {torchvision.__version__}, torch {torch.__version__}"}

    def fill(self, index, data):
        raise worker.Unsupported("boxes are loaded")

    def run(self):
        if self.min_score <= 0.0:
            self.kept = torchvision.ops.nms(self.boxes, self.scores, self.overlap)
            return
        rows = torch.nonzero(self.scores >= self.min_score).squeeze(1)
        self.kept = rows[torchvision.ops.nms(self.boxes[rows], self.scores[rows], self.overlap)]

    def outputs(self):
        return [self.kept.numpy().astype(numpy.uint32).tobytes()]


if __name__ == "__main__":
    worker.serve(Torchvision())
