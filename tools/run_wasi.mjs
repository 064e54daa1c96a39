// SPDX-License-Identifier: Apache-2.0
// Runs a WebAssembly program that was built for WASI: node run_wasi.mjs PROGRAM.wasm [ARGUMENT ...]
// It sees the whole file system and the environment: for tests and measurements, not for strangers' programs.
import { readFileSync } from 'node:fs';
import { WASI } from 'node:wasi';

const [program, ...rest] = process.argv.slice(2);
if (!program) {
  console.error('usage: node run_wasi.mjs PROGRAM.wasm [ARGUMENT ...]');
  process.exit(2);
}
const wasi = new WASI({
  version: 'preview1', args: [program, ...rest], env: process.env, preopens: { '/': '/' }, returnOnExit: true,
});
const instance = await WebAssembly.instantiate(await WebAssembly.compile(readFileSync(program)), wasi.getImportObject());
process.exitCode = wasi.start(instance);
