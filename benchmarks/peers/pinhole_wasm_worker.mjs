// SPDX-License-Identifier: Apache-2.0
// Our engine as WebAssembly: node pinhole_wasm_worker.mjs ENGINE.wasm (benchmarks/wasm_engine.cc says what that exports)
import { readFileSync } from 'node:fs';
import { setFlagsFromString } from 'node:v8';
import { WASI } from 'node:wasi';

import { serve } from './worker.mjs';

class PinholeWasm {
  constructor(path) {
    this.path = path;
  }

  async load(path) {
    const wasi = new WASI({ version: 'preview1' });
    const { instance } = await WebAssembly.instantiate(readFileSync(this.path), wasi.getImportObject());
    wasi.initialize(instance);
    this.engine = instance.exports;
    const file = readFileSync(path);
    this.bytes(this.engine.room(file.length), file.length).set(file);
    const loaded = this.engine.load();
    const said = Buffer.from(this.bytes(this.engine.said(), this.engine.said_bytes())).toString();
    if (!loaded) {
      throw new Error(said);
    }
    this.facts = JSON.parse(said);
    this.facts.version += `, V8 ${process.versions.v8}`;
    return this.facts;
  }

  fill(index, data) {
    const size = this.engine.input_bytes(index);
    if (data.length !== size) {
      throw new Error(`input ${index} wants ${size} bytes, not ${data.length}`);
    }
    this.bytes(this.engine.input(index), size).set(data);
  }

  run() {
    if (!this.engine.run()) {
      throw new Error('the model did not run');
    }
  }

  outputs() {
    return this.facts.outputs.map((_, i) => this.bytes(this.engine.output(i), this.engine.output_bytes(i)).slice());
  }

  // A view of the module's memory, which is another one after it has grown.
  bytes(at, size) {
    return new Uint8Array(this.engine.memory.buffer, at, size);
  }
}

setFlagsFromString('--experimental-wasm-relaxed-simd');  // node before 21 wants to be asked
await serve(new PinholeWasm(process.argv[2]));
