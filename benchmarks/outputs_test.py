# SPDX-License-Identifier: Apache-2.0
import os
import struct
import unittest

import outputs

DATA = os.environ.get("PINHOLE_DATA", os.path.join(os.path.dirname(os.path.abspath(__file__)), "../../shared/data"))


class Inputs(unittest.TestCase):
    def golden_input(self, name):
        path = os.path.join(DATA, "golden", "engine", name, "random", "step0.in0.bin")
        if not os.path.exists(path):
            self.skipTest(f"{path} is missing (set PINHOLE_DATA)")
        with open(path, "rb") as file:
            return file.read()

    def test_they_are_the_ones_of_the_reference_outputs(self):
        integers = self.golden_input("mlperf_kws_ref_model")
        self.assertEqual(outputs.random_inputs([{"type": "int8", "bytes": len(integers)}])[0], integers)
        floats = self.golden_input("mlperf_ad01_fp32")
        self.assertEqual(outputs.random_inputs([{"type": "float32", "bytes": len(floats)}])[0], floats)


class Differences(unittest.TestCase):
    INT8 = [{"type": "int8"}]
    FLOAT = [{"type": "float32"}]

    def test_steps_of_integers(self):
        found = outputs.difference([bytes([1, 250, 3])], [bytes([1, 255, 3])], self.INT8)
        self.assertEqual((found["largest"], found["argmax"]), (5, True))
        found = outputs.difference([bytes([4, 0, 3])], [bytes([3, 0, 4])], self.INT8)
        self.assertEqual((found["largest"], found["argmax"]), (1, False))

    def test_floats_by_their_peak(self):
        a, b = struct.pack("<2f", 1.0, -8.0), struct.pack("<2f", 1.5, -8.0)
        found = outputs.difference([a], [b], self.FLOAT)
        self.assertAlmostEqual(found["largest"], 0.5 / 8)
        self.assertTrue(found["argmax"])

    def test_other_sizes_are_no_comparison(self):
        self.assertIsNone(outputs.difference([b"ab"], [b"abc"], self.INT8))


if __name__ == "__main__":
    unittest.main()
