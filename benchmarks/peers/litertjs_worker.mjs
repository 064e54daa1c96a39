// SPDX-License-Identifier: Apache-2.0
// LiteRT.js from npm: node litertjs_worker.mjs PACKAGE relaxed|compat PYTHON
//
// PACKAGE is the folder of @litertjs/core. `relaxed` is its module with relaxed vectors and one thread, `compat` the one for
// browsers without these; both compute by XNNPACK. PYTHON runs repair.py on models that LiteRT refuses.
// The package is made for a page: what it asks of one (self, importScripts) is given here. Its own JavaScript takes no
// int8 and checks every run; runs are the calls below it, of the module's own interface, so that its time is the network's.
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { setFlagsFromString } from 'node:v8';
import { runInThisContext } from 'node:vm';

import { serve } from './worker.mjs';

const MODULES = { relaxed: 'litert_wasm_internal.js', compat: 'litert_wasm_compat_internal.js' };

class LiteRtJs {
  constructor(folder, kind, python) {
    Object.assign(this, { folder, kind, python });
  }

  // The package, and below it the module's interface.
  async start() {
    const wasm = join(this.folder, 'wasm');
    globalThis.self = globalThis;
    globalThis.require = createRequire(import.meta.url);
    globalThis.__dirname = wasm;
    globalThis.__filename = join(wasm, MODULES[this.kind]);
    globalThis.importScripts = (path) => runInThisContext(readFileSync(path, 'utf8'), { filename: path });
    // Its remarks are for a console; the worker's answers are on standard output.
    for (const level of ['log', 'info', 'warn', 'debug']) {
      console[level] = console.error;
    }
    const { loadLiteRt } = await import(join(this.folder, 'dist', 'index.js'));
    const litert = await loadLiteRt(join(wasm, MODULES[this.kind]));
    this.wasm = litert.liteRtWasm;
    return litert.getDefaultEnvironment();
  }

  async load(path) {
    const environment = await this.start();
    const file = execFileSync(this.python, [fileURLToPath(new URL('repair.py', import.meta.url)), path],
      { maxBuffer: 1 << 30 });
    const at = this.wasm._malloc(file.length);
    this.wasm.HEAPU8.set(file, at);
    const model = this.wasm.loadModel(environment.liteRtEnvironment, at, file.length);
    this.model = await this.wasm.compileModel(environment.liteRtEnvironment, model,
      { environment, accelerator: 'wasm', cpuOptions: { numThreads: 1 }, gpuOptions: {}, webNNOptions: {} });
    const names = model.getSignature(0).inputNames();
    this.inputs = Array.from({ length: names.size() }, (_, i) => this.buffer(environment, model.getInputTensorType(0, i)));
    const { version } = JSON.parse(readFileSync(join(this.folder, 'package.json'), 'utf8'));
    return { version: `LiteRT.js ${version}, ${MODULES[this.kind]}, V8 ${process.versions.v8}` };
  }

  buffer(environment, type) {
    return this.wasm.LiteRtTensorBuffer.createManaged(environment.liteRtEnvironment,
      this.wasm.LiteRtTensorBufferType.HOST_MEMORY, type, type.bytes());
  }

  fill(index, data) {
    const input = this.inputs[index];
    const at = input.lock(this.wasm.LiteRtTensorBufferLockMode.WRITE);
    this.wasm.HEAPU8.set(data, at);
    input.unlock();
  }

  // Outputs are new buffers each time: there is no other way to run.
  run() {
    this.found?.forEach((buffer) => buffer.delete());
    this.found = this.model.run(0, this.inputs);
  }

  outputs() {
    return this.found.map((buffer) => {
      const size = buffer.size();
      const at = buffer.lock(this.wasm.LiteRtTensorBufferLockMode.READ);
      const bytes = this.wasm.HEAPU8.slice(at, at + size);
      buffer.unlock();
      return bytes;
    });
  }
}

setFlagsFromString('--experimental-wasm-relaxed-simd');  // node before 21 wants to be asked
await serve(new LiteRtJs(process.argv[2], process.argv[3], process.argv[4]));
