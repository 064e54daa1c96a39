// SPDX-License-Identifier: Apache-2.0
// Runs a WebAssembly program that was built for WASI: node run_wasi.mjs PROGRAM.wasm [ARGUMENT ...]
// It sees the whole file system and the environment: for tests and measurements, not for strangers' programs.
import { readFileSync } from 'node:fs';
import { setFlagsFromString } from 'node:v8';
import { WASI } from 'node:wasi';

const [program, ...rest] = process.argv.slice(2);
if (!program) {
  console.error('usage: node run_wasi.mjs PROGRAM.wasm [ARGUMENT ...]');
  process.exit(2);
}
const code = readFileSync(program);
if (!WebAssembly.validate(code)) {
  // Older versions of node know relaxed vectors, and want to be asked for them.
  setFlagsFromString('--experimental-wasm-relaxed-simd');
}
const wasi = new WASI({
  version: 'preview1', args: [program, ...rest], env: process.env, preopens: { '/': '/' }, returnOnExit: true,
});
const instance = await WebAssembly.instantiate(await WebAssembly.compile(code), wasi.getImportObject());
process.exitCode = wasi.start(instance);
