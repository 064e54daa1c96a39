// SPDX-License-Identifier: Apache-2.0
// The worker's half of the protocol, for engines that JavaScript calls (worker_protocol.h has the words).
//
// An engine is an object with load(path) -> facts, fill(index, bytes), run() and outputs() -> [bytes]; `serve` does the
// talking. What load throws becomes the answer `no`: the engine can't do this model, which is a result and no failure.
// node compiles WebAssembly quickly first and well later, what is called often. It is told to do so early, and before the
// first time that is told runs are made for WARM_UP_MS, so that only the code that stays is measured.
import { readFileSync, writeFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { setFlagsFromString } from 'node:v8';

const WARM_UP_MS = 2500;
setFlagsFromString('--wasm-tiering-budget=20000');
let warm = false;

function warmUp(engine) {
  const end = performance.now() + WARM_UP_MS;
  while (performance.now() < end) {
    engine.run();
  }
  warm = true;
}

// Nanoseconds on the wall and of the processor, which node tells in microseconds: bursts are thousands of them.
function timed(engine, count) {
  if (!warm) {
    warmUp(engine);
  }
  const processor = process.cpuUsage();
  const begin = process.hrtime.bigint();
  for (let i = 0; i < count; ++i) {
    engine.run();
  }
  const wall = process.hrtime.bigint() - begin;
  const { user, system } = process.cpuUsage(processor);
  return `${wall} ${(user + system) * 1000}`;
}

async function answer(engine, line) {
  const [request, first, ...rest] = line.split(' ');
  switch (request) {
    case 'load':
      return JSON.stringify(await engine.load([first, ...rest].join(' ')));
    case 'fill':
      engine.fill(Number(first), readFileSync(rest.join(' ')));
      return '';
    case 'outputs': {
      engine.run();
      const outputs = engine.outputs();
      outputs.forEach((bytes, i) => writeFileSync(`${first}.out${i}`, bytes));
      return `${outputs.length}`;
    }
    case 'run':
      return timed(engine, Number(first));
    default:
      throw new Error(`unknown request '${line}'`);
  }
}

export async function serve(engine) {
  for await (const line of createInterface({ input: process.stdin })) {
    if (line === 'quit') {
      return;
    }
    try {
      process.stdout.write(`ok ${await answer(engine, line)}\n`);
    } catch (error) {
      const text = String(error?.message ?? error).replace(/\s+/g, ' ').slice(0, 300);
      process.stdout.write(`no ${text}\n`);
    }
  }
}
