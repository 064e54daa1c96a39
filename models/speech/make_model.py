# SPDX-License-Identifier: Apache-2.0
"""Makes speech.bin from nothing, with one command.

    python make_model.py            the whole recipe, under three hours of one CPU core
    python make_model.py --quick    a smoke test of every step, minutes; the
                                    result is useless and goes to --work

Steps: speak the clips, train, train on from a middling rate, export, write the golden files and the
held-out list, measure. Seeds are fixed, but training ends by the clock: another computer makes another
file. Clips and checkpoints stay in --work; shards that are there are not spoken again, and training goes
on where it was.
"""

import argparse
import json
from pathlib import Path

import torch

import evaluate
import export
import golden
import synthesize
import train_speech

HERE = Path(__file__).resolve().parent
SHARDS, MINUTES = 60, 150
FIRST = 0.45  # of the minutes before the rate is raised again


def _arguments():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("--quick", action="store_true", help="two small shards and one minute")
    p.add_argument("--work", type=Path, help="where clips and the checkpoint go")
    p.add_argument("--out", type=Path, help="where speech.bin and golden/ go")
    p.add_argument("--minutes", type=float, default=MINUTES, help="of training")
    args = p.parse_args()
    args.work = args.work or HERE / ".work" / ("quick" if args.quick else "full")
    args.out = args.out or (args.work if args.quick else HERE)
    return args


def main():
    args = _arguments()
    shards, size = (2, 200) if args.quick else (SHARDS, synthesize.SHARD)
    minutes = 1 if args.quick else args.minutes
    for seed in range(shards):
        synthesize.shard(args.work / "clips", seed, size)
    args.out.mkdir(parents=True, exist_ok=True)
    rows = evaluate.held_out_rows()
    evaluate.write_rows(args.out / "heldout.tsv", rows)
    torch.set_num_threads(1)
    first, checkpoint = args.work / "first.pt", args.work / "checkpoint.pt"
    train_speech.train(args.work / "clips", first, FIRST * minutes)
    train_speech.train(args.work / "clips", checkpoint, (1 - FIRST) * minutes, seed=2, start=first)
    state_model, tokenizer = evaluate.load(checkpoint)
    (args.out / "speech.bin").write_bytes(export.export(state_model, tokenizer.tokens))
    model, tokenizer = export.load(args.out / "speech.bin")
    golden.write(args.out / "golden", model, tokenizer)
    rows = rows[::10] if args.quick else rows
    facts = {name: round(100 * rate, 2) for name, rate in evaluate.held_out_table(model, tokenizer, rows).items()}
    (args.work / "facts.json").write_text(json.dumps(facts, indent=1) + "\n")
    print(json.dumps(facts, indent=1))


if __name__ == "__main__":
    main()
