# SPDX-License-Identifier: Apache-2.0
"""Whisper's architecture in miniature. The names of the weights are OpenAI's.

Encoder: two convolutions (the second with stride 2), sinusoidal positions, pre-LN blocks. Decoder:
learnt positions, causal self-attention, cross-attention, the token embedding again as output. GELU is
the erf form; keys have no bias.
"""

import numpy as np
import torch
import torch.nn.functional as F
from torch import nn

import vocabulary

DIMS = {
    "n_vocab": vocabulary.SIZE, "n_audio_ctx": 500, "n_audio_state": 160, "n_audio_head": 5, "n_audio_layer": 4,
    "n_text_ctx": 64, "n_text_state": 160, "n_text_head": 5, "n_text_layer": 2, "n_mels": 80,
}


def sinusoids(length, channels):
    step = np.log(10000) / (channels // 2 - 1)
    t = np.arange(length)[:, None] * np.exp(-step * np.arange(channels // 2))[None]
    return torch.from_numpy(np.concatenate([np.sin(t), np.cos(t)], 1)).float()


class Attention(nn.Module):
    def __init__(self, state, heads):
        super().__init__()
        self.heads = heads
        self.query, self.key = nn.Linear(state, state), nn.Linear(state, state, bias=False)
        self.value, self.out = nn.Linear(state, state), nn.Linear(state, state)

    def _split(self, x):
        return x.view(x.shape[0], x.shape[1], self.heads, -1).transpose(1, 2)

    def forward(self, x, other=None, causal=False):
        other = x if other is None else other
        q, k, v = self._split(self.query(x)), self._split(self.key(other)), self._split(self.value(other))
        # Written out: on CPUs PyTorch's fused attention is much slower than this in bfloat16, backward above all.
        scores = (q * q.shape[-1] ** -0.5) @ k.transpose(-1, -2)
        if causal:
            scores = scores + torch.full(scores.shape[-2:], -torch.inf, dtype=scores.dtype).triu(1)
        y = scores.softmax(-1).to(v.dtype) @ v
        return self.out(y.transpose(1, 2).flatten(2))


class Block(nn.Module):
    def __init__(self, state, heads, cross):
        super().__init__()
        self.attn, self.attn_ln = Attention(state, heads), nn.LayerNorm(state)
        if cross:
            self.cross_attn, self.cross_attn_ln = Attention(state, heads), nn.LayerNorm(state)
        self.mlp = nn.Sequential(nn.Linear(state, 4 * state), nn.GELU(), nn.Linear(4 * state, state))
        self.mlp_ln = nn.LayerNorm(state)

    def forward(self, x, audio=None):
        x = x + self.attn(self.attn_ln(x), causal=audio is not None)
        if audio is not None:
            x = x + self.cross_attn(self.cross_attn_ln(x), audio)
        return x + self.mlp(self.mlp_ln(x))


class Encoder(nn.Module):
    def __init__(self, d):
        super().__init__()
        state = d["n_audio_state"]
        self.conv1 = nn.Conv1d(d["n_mels"], state, 3, padding=1)
        self.conv2 = nn.Conv1d(state, state, 3, stride=2, padding=1)
        self.register_buffer("positional_embedding", sinusoids(d["n_audio_ctx"], state))
        self.blocks = nn.ModuleList(Block(state, d["n_audio_head"], False) for _ in range(d["n_audio_layer"]))
        self.ln_post = nn.LayerNorm(state)

    def forward(self, mel):
        """(B, 80, T) -> (B, T / 2, state); T is even and at most twice the window's positions."""
        x = F.gelu(self.conv2(F.gelu(self.conv1(mel)))).transpose(1, 2)
        x = x + self.positional_embedding[: x.shape[1]]
        for block in self.blocks:
            x = block(x)
        return self.ln_post(x)


class Decoder(nn.Module):
    def __init__(self, d):
        super().__init__()
        state = d["n_text_state"]
        self.token_embedding = nn.Embedding(d["n_vocab"], state)
        self.positional_embedding = nn.Parameter(torch.randn(d["n_text_ctx"], state) * 0.01)
        self.blocks = nn.ModuleList(Block(state, d["n_text_head"], True) for _ in range(d["n_text_layer"]))
        self.ln = nn.LayerNorm(state)
        nn.init.normal_(self.token_embedding.weight, std=0.05)

    def forward(self, tokens, audio):
        """(B, t) and the encoder's output -> logits (B, t, n_vocab)."""
        x = self.token_embedding(tokens) + self.positional_embedding[: tokens.shape[1]]
        for block in self.blocks:
            x = block(x, audio)
        return self.ln(x) @ self.token_embedding.weight.t()


class Whisper(nn.Module):
    def __init__(self, dims=None):
        super().__init__()
        self.dims = dict(dims or DIMS)
        self.encoder, self.decoder = Encoder(self.dims), Decoder(self.dims)

    def forward(self, mel, tokens):
        return self.decoder(tokens, self.encoder(mel))
