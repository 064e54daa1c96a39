# SPDX-License-Identifier: Apache-2.0
"""The model's own vocabulary: byte-level BPE by ranks, and the numbers of the special tokens.

Tokens 0..255 are the bytes by value; each further token joins two earlier ones, learnt from the
texts that `sentences.py` draws. Encoding is that of Whisper and GPT-2: split by the pattern, then join
the neighbours whose concatenation has the lowest rank until none is left.

The special tokens follow in the order and at the distances of Whisper's English-only vocabulary,
counted from the number of ordinary tokens n (there 50256, here COUNT): EOT n, SOT n+1, 99 places for
languages n+2 .. n+100, translate n+101, transcribe n+102, start of LM n+103, start of previous n+104,
no speech n+105, no timestamps n+106, then <|0.00|> n+107 and one more for each 20 ms up to the
window's end. Only EOT, SOT, no speech, no timestamps and the timestamps are ever trained.
"""

import collections
import re

import numpy as np

import sentences

COUNT = 1000
WINDOW = 10.0  # seconds
EOT, SOT = COUNT, COUNT + 1
NO_SPEECH, NO_TIMESTAMPS, ZERO = COUNT + 105, COUNT + 106, COUNT + 107
SIZE = ZERO + round(WINDOW / 0.02) + 1
TEXTS, SEED = 40000, 3

# GPT-2's pattern; letters are what is neither a digit nor punctuation.
PATTERN = re.compile(r"'s|'t|'re|'ve|'m|'ll|'d| ?[^\W\d_]+| ?\d+| ?(?:_|[^\s\w])+|\s+(?!\S)|\s+")


def _join(parts, joined):
    """Neighbours whose concatenation is `joined` become one, from the left."""
    out, i = [], 0
    while i < len(parts):
        if i + 1 < len(parts) and parts[i] + parts[i + 1] == joined:
            out.append(joined)
            i += 2
        else:
            out.append(parts[i])
            i += 1
    return out


def learn(texts, count=COUNT):
    """The `count` tokens as bytes, in order of rank."""
    words = collections.Counter(w.encode() for t in texts for w in PATTERN.findall(" " + t))
    pieces = {w: [bytes([b]) for b in w] for w in words}
    tokens = [bytes([b]) for b in range(256)]
    known = set(tokens)
    while len(tokens) < count:
        pairs = collections.Counter()
        for w, parts in pieces.items():
            for a, b in zip(parts, parts[1:]):
                pairs[a + b] += words[w]
        best = max((p for p in pairs if p not in known), key=lambda p: (pairs[p], p), default=None)
        if best is None:
            raise ValueError(f"the texts hold only {len(tokens)} tokens; {count} were asked for")
        tokens.append(best)
        known.add(best)
        pieces = {w: _join(parts, best) if best in w else parts for w, parts in pieces.items()}
    return tokens


def standard():
    """The tokens of the bundled model."""
    r = np.random.default_rng(SEED)
    return learn([sentences.draw(r) for _ in range(TEXTS)])


class Tokenizer:
    def __init__(self, tokens):
        self.tokens = tokens
        self.rank = {t: i for i, t in enumerate(tokens)}
        self.cache = {}

    def _encode_word(self, word):
        parts = [bytes([b]) for b in word]
        while len(parts) > 1:
            best = min((a + b for a, b in zip(parts, parts[1:])), key=lambda p: self.rank.get(p, len(self.tokens)))
            if best not in self.rank:
                break
            parts = _join(parts, best)
        return [self.rank[p] for p in parts]

    def encode(self, text):
        out = []
        for word in PATTERN.findall(text):
            if word not in self.cache:
                self.cache[word] = self._encode_word(word.encode())
            out += self.cache[word]
        return out

    def decode(self, ids):
        """Ordinary tokens as text; special ones say nothing."""
        return b"".join(self.tokens[i] for i in ids if i < len(self.tokens)).decode("utf-8", "replace")
