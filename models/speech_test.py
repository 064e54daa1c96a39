# SPDX-License-Identifier: Apache-2.0
"""Tests of the speech model's recipe and of the file it made.

    python -m unittest models/speech_test.py

What needs a peer (numpy, PyTorch) or a synthesizer skips and names it where it is missing.
"""

import importlib
import json
import struct
import sys
import tempfile
import unittest
import wave
from pathlib import Path

HERE = Path(__file__).resolve().parent
SPEECH = HERE / "speech"
MODEL = SPEECH / "speech.bin"


def peer(name):
    """The module; where it is missing the test skips."""
    try:
        return importlib.import_module(name)
    except ImportError:
        raise unittest.SkipTest(f"the Python package {name.split('.')[0]} is not installed") from None


_PARTS = {}


def part(name):
    """A module of the recipe. Other recipes have modules of the same names, so speech's are out of sight
    again when this returns."""
    names = {path.stem for path in SPEECH.glob("*.py")}
    outside = {k: sys.modules.pop(k) for k in names if k in sys.modules}
    sys.modules.update(_PARTS)
    sys.path.insert(0, str(SPEECH))
    try:
        return importlib.import_module(name)
    finally:
        sys.path.remove(str(SPEECH))
        _PARTS.update({k: sys.modules.pop(k) for k in names if k in sys.modules})
        sys.modules.update(outside)


def rows_of_held_out():
    lines = (SPEECH / "heldout.tsv").read_text().splitlines()
    names = lines[0].split("\t")
    return [dict(zip(names, line.split("\t"), strict=True)) for line in lines[1:]]


class SpeechFileTest(unittest.TestCase):
    """The file, as it is committed. Needs nothing beside Python."""

    @classmethod
    def setUpClass(cls):
        cls.data = MODEL.read_bytes()
        cls.file = part("ggml").read(cls.data)

    def test_file_is_small_and_whole(self):
        self.assertLess(len(self.data), 6_000_000)
        self.assertEqual(part("ggml").write(self.file), self.data)

    def test_cut_file_is_refused(self):
        for size in (0, 3, 20, 50, 1000, len(self.data) // 2, len(self.data) - 1):
            with self.subTest(size), self.assertRaises(ValueError):
                part("ggml").read(self.data[:size])

    def test_dims_are_those_of_a_window_of_ten_seconds(self):
        d = self.file.dims
        self.assertEqual(d["n_audio_ctx"], 500)
        self.assertEqual(d["n_vocab"], len(self.file.tokens) + 107 + d["n_audio_ctx"] + 1)
        self.assertEqual(d["n_audio_state"] % d["n_audio_head"], 0)
        self.assertEqual(self.file.filters_shape, (80, 201))

    def test_first_tokens_are_the_bytes_and_none_comes_twice(self):
        tokens = self.file.tokens
        self.assertEqual(tokens[:256], [bytes([b]) for b in range(256)])
        self.assertEqual(len(set(tokens)), len(tokens))

    def test_tensors_are_openai_s(self):
        d, names = self.file.dims, set(self.file.tensors)
        want = {"encoder.positional_embedding", "decoder.positional_embedding", "decoder.token_embedding.weight"}
        want |= {f"encoder.conv{i}.{k}" for i in (1, 2) for k in ("weight", "bias")}
        want |= {f"{n}.{k}" for n in ("encoder.ln_post", "decoder.ln") for k in ("weight", "bias")}
        for side, layers in (("encoder", d["n_audio_layer"]), ("decoder", d["n_text_layer"])):
            for i in range(layers):
                attentions = ("attn", "cross_attn") if side == "decoder" else ("attn",)
                parts = [f"{a}.{p}" for a in attentions for p in ("query", "key", "value", "out")]
                parts += [f"{a}_ln" for a in attentions] + ["mlp.0", "mlp.2", "mlp_ln"]
                want |= {f"{side}.blocks.{i}.{p}.{k}" for p in parts for k in ("weight", "bias") if (p.split(".")[-1], k) != ("key", "bias")}
        self.assertEqual(names, want)

    def test_every_number_is_finite(self):
        for name, t in self.file.tensors.items():
            with self.subTest(name):
                count, kind = (len(t.data) // 4, "f") if t.type == 0 else (len(t.data) // 2, "e")
                values = struct.unpack(f"<{count}{kind}", t.data)
                self.assertTrue(all(abs(x) < 100 for x in values))  # NaN fails too

    def test_card_gives_its_size(self):
        self.assertIn(f"{len(self.data):,} bytes", (SPEECH / "CARD.md").read_text())


class HeldOutTest(unittest.TestCase):
    """The list that word error rates are measured on."""

    def test_texts_and_voices_are_kept_from_training(self):
        sentences = part("sentences")
        for row in rows_of_held_out():
            with self.subTest(row["seed"]):
                self.assertTrue(sentences.is_held_out(row["text"]) or len(row["text"].split()) <= 2)
                if row["set"] == "accent":
                    self.assertTrue(row["voice"].startswith("en-gb-x-gbcwmd+"))

    def test_training_never_plans_a_held_out_voice_or_text(self):
        peer("numpy")
        synthesize, sentences = part("synthesize"), part("sentences")
        held = {row["voice"] for row in rows_of_held_out()}
        for row in synthesize.plan(0) + synthesize.plan(1):
            self.assertNotIn(row["voice"], held)
            self.assertFalse(sentences.is_held_out(row["text"]))
        self.assertFalse(set(synthesize.VARIANTS) & set(synthesize.HELD_OUT_VARIANTS))
        self.assertNotIn(synthesize.HELD_OUT_ACCENT, synthesize.ACCENTS)
        self.assertNotIn(synthesize.HELD_OUT_FESTIVAL, synthesize.FESTIVAL)

    def test_list_is_what_the_recipe_draws(self):
        peer("numpy"), peer("torch")
        evaluate = part("evaluate")
        self.assertEqual(evaluate.held_out_rows(), evaluate.read_rows())


class VocabularyTest(unittest.TestCase):
    def test_decoding_an_encoded_text_gives_the_text(self):
        peer("numpy")
        v = part("vocabulary")
        tokenizer = v.Tokenizer(part("ggml").read(MODEL.read_bytes()).tokens)
        for text in (" Turn on the light.", " It's five o'clock, isn't it?", " Zürich  42\n 日本", ""):
            self.assertEqual(tokenizer.decode(tokenizer.encode(text)), text)

    def test_learning_joins_the_commonest_neighbours_first(self):
        peer("numpy")
        v = part("vocabulary")
        tokens = v.learn(["aa ab ab ab"], 258)
        self.assertEqual(tokens[256:], [b" a", b" ab"])

    def test_file_holds_the_learnt_tokens(self):
        peer("numpy")
        v = part("vocabulary")
        self.assertEqual(v.standard(), part("ggml").read(MODEL.read_bytes()).tokens)
        self.assertEqual(v.SIZE, part("ggml").read(MODEL.read_bytes()).dims["n_vocab"])


class SentencesTest(unittest.TestCase):
    def test_numbers_in_words(self):
        words = part("sentences").in_words
        self.assertEqual([words(n) for n in (0, 13, 20, 42)], ["zero", "thirteen", "twenty", "forty two"])
        self.assertEqual([words(n) for n in (100, 2305)], ["one hundred", "two thousand three hundred five"])

    def test_every_text_is_plain_and_ends_with_a_mark(self):
        np = peer("numpy")
        sentences, r = part("sentences"), np.random.default_rng(8)
        held = 0
        for _ in range(3000):
            text = sentences.draw(r)
            self.assertRegex(text, r"^[A-Z][A-Za-z ,']*[.?]$")
            self.assertNotIn("  ", text)
            held += sentences.is_held_out(text)
        self.assertTrue(60 < held < 250, held)


class FrontEndTest(unittest.TestCase):
    def test_filters_have_equal_areas_and_one_peak(self):
        np = peer("numpy")
        peer("torch")
        filters = part("features").mel_filters()
        self.assertEqual(filters.shape, (80, 201))
        self.assertTrue((filters >= 0).all() and (filters.max(1) > 0).all())
        wide = filters[60:]  # many bins to a filter: the sum is the area
        np.testing.assert_allclose(wide.sum(1) * 40, 1, atol=0.01)

    def test_log_mel_of_a_tone_is_loudest_in_its_band(self):
        np, torch = peer("numpy"), peer("torch")
        features = part("features")
        tone = torch.sin(torch.arange(16000) * (2 * np.pi * 2000 / 16000))[None]
        x = features.log_mel(tone)
        self.assertEqual(tuple(x.shape), (1, 80, 100))
        band = int(x[0, :, 50].argmax())
        self.assertEqual(int(features.mel_filters()[band].argmax()), 50)
        self.assertLessEqual(float(x.max() - x.min()), 2.0)

    def test_another_throat_moves_a_tone_and_leaves_the_ordinary_filters_alone(self):
        np, torch = peer("numpy"), peer("torch")
        features = part("features")
        tone = torch.sin(torch.arange(16000) * (2 * np.pi * 2000 / 16000))[None]
        power = torch.stft(tone, 400, 160, window=torch.hann_window(400), return_complex=True).abs()[0, :, 50] ** 2
        bands = [int((filters @ power).argmax()) for filters in features._WARPED]
        self.assertEqual(bands[0], bands[16])  # the ordinary ones, and a factor of one
        self.assertEqual(bands[1:], sorted(bands[1:]))
        self.assertLess(bands[1], bands[0] - 3)
        self.assertGreater(bands[-1], bands[0] + 3)

    def test_spoiling_keeps_the_length_and_the_range(self):
        np = peer("numpy")
        peer("torch")
        spoiler = part("features").Spoiler(1)
        for n in (1600, 16000, 80000):
            for _ in range(20):
                x = spoiler(np.random.default_rng(n).standard_normal(n) * 0.1)
                self.assertEqual(len(x), n)
                self.assertTrue(np.abs(x).max() <= 1.0001)


class NetworkTest(unittest.TestCase):
    def test_decoder_sees_no_later_token(self):
        torch = peer("torch")
        network = part("network")
        torch.manual_seed(1)
        model = network.Whisper().eval()
        audio = torch.randn(1, 30, 160)
        a, b = torch.tensor([[1, 2, 3, 4, 5]]), torch.tensor([[1, 2, 3, 9, 8]])
        with torch.no_grad():
            x, y = model.decoder(a, audio), model.decoder(b, audio)
        torch.testing.assert_close(x[:, :3], y[:, :3])
        self.assertGreater(float((x[:, 3:] - y[:, 3:]).abs().max()), 1e-3)

    def test_attention_is_the_sum_of_values_by_softmax(self):
        torch = peer("torch")
        network = part("network")
        torch.manual_seed(2)
        a = network.Attention(64, 2)
        x = torch.randn(1, 7, 64)
        q, k, v = (f(x)[0] for f in (a.query, a.key, a.value))
        for causal in (False, True):
            mixed = torch.zeros(7, 64)
            for head in (slice(0, 32), slice(32, 64)):
                for t in range(7):
                    seen = t + 1 if causal else 7
                    shares = torch.softmax(k[:seen, head] @ q[t, head] / 32**0.5, 0)
                    mixed[t, head] = shares @ v[:seen, head]
            torch.testing.assert_close(a(x, causal=causal)[0], a.out(mixed), rtol=1e-4, atol=1e-5)

    def test_export_and_load_are_inverse_up_to_f16(self):
        torch = peer("torch")
        network, export = part("network"), part("export")
        torch.manual_seed(3)
        model = network.Whisper()
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "a.bin"
            path.write_bytes(export.export(model, [bytes([b]) for b in range(256)]))
            loaded, _ = export.load(path)
        for name, x in model.state_dict().items():
            torch.testing.assert_close(loaded.state_dict()[name], x, rtol=1e-3, atol=1e-6)


class TrainingTest(unittest.TestCase):
    def test_clips_come_in_their_shares_and_each_before_any_again(self):
        np = peer("numpy")
        peer("torch")
        train = part("train_speech")
        engines = ["espeak"] * 80 + ["flite"] * 15 + ["festival"] * 5
        rows = [{"engine": e, "first": i, "last": i + 1, "text": f"{e} {i}", "phones": None} for i, e in enumerate(engines)]
        with tempfile.TemporaryDirectory() as folder:
            np.save(Path(folder) / "clips_000.npy", np.arange(100, dtype=np.int16))
            (Path(folder) / "clips_000.json").write_text(json.dumps(rows))
            shards = train.Shards(folder, 1)
            texts = [shards.next()[1] for _ in range(2000)]
        for engine, share in train.MIX.items():
            mine = [t for t in texts if t.startswith(engine)]
            self.assertAlmostEqual(len(mine) / 2000, share, delta=0.05)
            once = engines.count(engine)
            self.assertEqual(len(set(mine[:once])), once)

    def test_targets_are_the_inputs_one_later(self):
        peer("numpy"), peer("torch")
        v, train = part("vocabulary"), part("train_speech")
        examples = train.Examples.__new__(train.Examples)
        examples.tokenizer = v.Tokenizer([bytes([b]) for b in range(256)])
        for draw, first in ((0.4, v.NO_TIMESTAMPS), (0.6, v.ZERO + 50)):
            examples.r = type("R", (), {"random": staticmethod(lambda draw=draw: draw)})
            ids, targets = examples._tokens([(16000, 32000)], ["Yes."])
            self.assertEqual(ids[0], v.SOT)
            self.assertEqual(ids[1], first)
            self.assertEqual(targets, [*ids[1:], v.EOT])
        self.assertEqual(ids[-1], v.ZERO + 100)

    def test_update_is_nearly_orthogonal_and_keeps_directions(self):
        torch = peer("torch")
        train = part("train_speech")
        torch.manual_seed(4)
        for shape in ((1, 32, 32), (2, 64, 32), (2, 32, 64)):
            u, _, w = torch.linalg.svd(torch.randn(*shape), full_matrices=False)
            k = min(shape[1:])
            x = u @ torch.diag_embed(torch.linspace(0.1, 1, k).expand(shape[0], k)) @ w
            got = train.orthogonal(x)
            values = torch.linalg.svdvals(got)
            self.assertTrue(0.6 < float(values.min()) and float(values.max()) < 1.3, values)
            along = (u.transpose(1, 2) @ got @ w.transpose(1, 2)).diagonal(dim1=1, dim2=2)
            self.assertGreater(float(along.min()), 0.6)

    def test_phonemes_lie_where_they_were_spoken(self):
        peer("numpy"), peer("torch")
        train = part("train_speech")
        examples = train.Examples.__new__(train.Examples)
        got = examples._phones(32000, [(6400, 12800, [("t", 0), ("aI", 3200), ("_", 5760)], 1.0), (16000, 22400, None, 1.0)])
        t, ai = train.PHONES["t"], train.PHONES["aI"]
        self.assertEqual(got[:20].tolist(), [0] * 20)
        self.assertEqual(got[20:38].tolist(), [t] * 10 + [ai] * 8)
        self.assertEqual(got[41:50].tolist(), [0] * 9)
        self.assertTrue((got[50:71] == -100).all() and (got[71:] == 0).all())

    def test_word_errors(self):
        peer("numpy"), peer("torch")
        errors = part("evaluate").errors
        self.assertEqual(errors("Turn on the light.", " turn on the light"), (0, 4))
        self.assertEqual(errors("Turn on the light.", " Turn the red light."), (2, 4))
        self.assertEqual(errors("Yes.", ""), (1, 1))


class GoldenTest(unittest.TestCase):
    def test_committed_file_gives_the_golden_answers(self):
        np, torch = peer("numpy"), peer("torch")
        export, golden = part("export"), part("golden")
        torch.set_num_threads(1)
        model, tokenizer = export.load(MODEL)
        files = sorted((SPEECH / "golden").glob("*.json"))
        self.assertEqual(len(files), 4)
        for path in files:
            with self.subTest(path.stem):
                want = json.loads(path.read_text())
                got = golden.answers(model, tokenizer, golden.read(path.with_suffix(".wav")))
                self.assertEqual(got["tokens"], want["tokens"])
                self.assertEqual(got["tokens_timed"], want["tokens_timed"])
                np.testing.assert_allclose(got["logits"], want["logits"], atol=2e-3)
                np.testing.assert_allclose(got["encoder_20"], want["encoder_20"], atol=2e-3)

    def test_clips_are_heard_as_they_were_said(self):
        for path in (SPEECH / "golden").glob("*.json"):
            facts = json.loads(path.read_text())
            self.assertEqual(facts["text"].strip(), facts["said"], path.stem)

    def test_clips_are_sixteen_kilohertz_mono(self):
        for path in (SPEECH / "golden").glob("*.wav"):
            with wave.open(str(path)) as f:
                self.assertEqual((f.getframerate(), f.getnchannels(), f.getsampwidth()), (16000, 1, 2))


if __name__ == "__main__":
    unittest.main()
