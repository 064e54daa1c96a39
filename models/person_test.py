# SPDX-License-Identifier: Apache-2.0
"""Tests of the face detector's recipe and of the file it made.

    python -m unittest models/person_test.py

What needs a peer (numpy, PyTorch, OpenCV, LiteRT) skips and names it where it is missing.
"""

import importlib
import sys
import unittest
from pathlib import Path

HERE = Path(__file__).resolve().parent
PERSON = HERE / "person"
sys.path[:0] = [str(HERE), str(PERSON)]

MODEL = PERSON / "person.tflite"
METADATA_HEAD = b"pinhole-detector 1\nclasses face\nstrides 8 16\nanchors_per_cell 1 1\nkeypoints 6\ninput_range -1 1\nmin_score "


def peer(name):
    """The module; where it is missing the test skips."""
    try:
        return importlib.import_module(name)
    except ImportError:
        raise unittest.SkipTest(f"the Python package {name.split('.')[0]} is not installed") from None


def _interpreter(data, reference):
    lr = peer("ai_edge_litert.interpreter")
    kinds = lr.OpResolverType
    it = lr.Interpreter(model_content=data, experimental_op_resolver_type=kinds.BUILTIN_REF if reference else kinds.AUTO)
    it.allocate_tensors()
    return it


def _invoke(it, x):
    it.set_tensor(it.get_input_details()[0]["index"], x)
    it.invoke()
    return [it.get_tensor(o["index"])[0] for o in it.get_output_details()]


def _golden(np, i):
    folder = PERSON / "golden"
    x = np.frombuffer((folder / f"input{i}.i8").read_bytes(), np.int8).reshape(1, 128, 128, 1)
    regs = np.frombuffer((folder / f"regressors{i}.f32").read_bytes(), "<f4").reshape(320, 16)
    logits = np.frombuffer((folder / f"logits{i}.f32").read_bytes(), "<f4").reshape(320, 1)
    return x, regs, logits


class PersonModelTest(unittest.TestCase):
    """The file, as it is committed."""

    def test_file_is_small_and_carries_its_metadata(self):
        data = MODEL.read_bytes()
        self.assertLess(len(data), 300_000)
        self.assertEqual(data[4:8], b"TFL3")
        self.assertIn(METADATA_HEAD, data)
        self.assertIn(b"pinhole.detector", data)

    def test_card_gives_its_size_and_threshold(self):
        card = (PERSON / "CARD.md").read_text()
        data = MODEL.read_bytes()
        threshold = data[data.index(METADATA_HEAD) + len(METADATA_HEAD) :].split(b"\n")[0].decode()
        self.assertIn(f"{len(data):,} bytes", card)
        self.assertIn(f"threshold {threshold}", card)

    def test_clip_has_a_count_for_each_frame(self):
        rows = (PERSON / "clip" / "faces.csv").read_text().split()
        self.assertEqual(len(rows) - 1, len(list((PERSON / "clip").glob("frame_*.jpg"))))

    def test_reference_kernels_give_the_golden_bytes(self):
        np = peer("numpy")
        for i in range(2):
            with self.subTest(i):
                x, regs, logits = _golden(np, i)
                r, s = _invoke(_interpreter(MODEL.read_bytes(), True), x)
                np.testing.assert_array_equal(r, regs)
                np.testing.assert_array_equal(s, logits)

    def test_default_kernels_stay_close_to_the_golden(self):
        """XNNPACK rounds requantisation once where the reference rounds twice; an
        off-by-one may travel through the layers, so the band is a few steps."""
        np = peer("numpy")
        for i in range(2):
            with self.subTest(i):
                x, regs, logits = _golden(np, i)
                r, s = _invoke(_interpreter(MODEL.read_bytes(), False), x)
                self.assertLessEqual(np.abs(r - regs).max(), 6.0)  # pixels, where no face is
                self.assertLessEqual(np.abs(r - regs).mean(), 0.3)
                self.assertLessEqual(np.abs(s - logits).max(), 0.8)

    def test_golden_input_is_the_quantised_picture(self):
        np, cv2, _ = peer("numpy"), peer("cv2"), peer("torch")
        import quantize

        picture = cv2.imread(str(PERSON / "golden" / "input0.png"), cv2.IMREAD_GRAYSCALE)
        np.testing.assert_array_equal(quantize.quantize_input(picture[None]), _golden(np, 0)[0])


class RecipeTest(unittest.TestCase):
    """The arithmetic of the steps that made it."""

    def test_multiply_is_the_exact_rounding(self):
        np, _ = peer("numpy"), peer("torch")
        import quantize

        r = np.random.default_rng(3)
        for _ in range(300):
            x, real = int(r.integers(-(2**26), 2**26)), float(np.exp(r.uniform(-12, -0.1)))
            m, s = quantize.quantize_multiplier(real)
            got = int(quantize.multiply(np.array([x], np.int64), m, s)[0])
            self.assertLessEqual(abs(got - x * real), 1.0)
            self.assertEqual(quantize.multiply(np.array([0], np.int64), m, s)[0], 0)

    def test_targets_decode_to_the_face(self):
        np, _ = peer("numpy"), peer("torch")
        import detect
        import train

        for side in (12.0, 30.0, 90.0):
            points = np.arange(12, dtype=np.float32) + 40
            face = np.concatenate([[60, 70, side], points, [1]]).astype(np.float32)
            label, regs, _ = train.targets(face[None])
            self.assertTrue((label == 1).any())
            logits = np.where(label == 1, 5.0, -5.0)[:, None]
            rows = detect.suppress(detect.decode(regs, logits, 0.5))
            self.assertEqual(len(rows), 1)
            np.testing.assert_allclose(rows[0, 1:5], [60 - side / 2, 70 - side / 2, 60 + side / 2, 70 + side / 2], atol=1e-3)
            np.testing.assert_allclose(rows[0, 5:], points, atol=1e-3)

    def test_letterbox_leaves_black_bars(self):
        np, _ = peer("numpy"), peer("torch")
        import detect

        white = np.full((240, 320), 255, np.uint8)
        a = detect.letterbox(white)
        self.assertTrue((a[:15] == 0).all() and (a[-15:] == 0).all())
        self.assertTrue((a[17:111] == 255).all())

    def test_simulation_and_peer_agree_on_random_weights(self):
        """The integer simulation against LiteRT's reference kernels, bit by bit."""
        np, torch = peer("numpy"), peer("torch")
        peer("flatbuffers")
        import export
        import quantize
        from network import Detector

        torch.manual_seed(5)
        model = Detector()
        for m in model.modules():
            if isinstance(m, torch.nn.BatchNorm2d):
                torch.nn.init.uniform_(m.weight, 0.8, 2.0)
                torch.nn.init.normal_(m.bias, 0.3, 0.5)
        pictures = np.random.default_rng(6).integers(0, 256, (8, 128, 128)).astype(np.uint8)
        model.train()
        with torch.no_grad():
            for _ in range(60):
                model(torch.from_numpy(pictures).float()[:, None] * (2 / 255) - 1)
        q = quantize.quantize(model.eval(), quantize.calibrate(model, pictures))
        it = _interpreter(export.export(q, 0.5), True)
        x = quantize.quantize_input(pictures[:2])
        regs, logits = quantize.outputs(q, quantize.run(q, x))
        self.assertGreater(len(np.unique(logits)), 20)
        for i in range(2):
            r, s = _invoke(it, x[i : i + 1])
            np.testing.assert_array_equal(r, regs[i])
            np.testing.assert_array_equal(s, logits[i])


if __name__ == "__main__":
    unittest.main()
