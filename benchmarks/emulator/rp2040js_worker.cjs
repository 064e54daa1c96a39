// SPDX-License-Identifier: Apache-2.0

// Runs one ELF file in RAM on npm's rp2040js until its breakpoint, and says how it went as one line
// of JSON: instructions, processor seconds of this process for them, version.
//
//   node rp2040js_worker.cjs FOLDER_OF_NODE_MODULES PROGRAM.elf

const fs = require('fs');
const path = require('path');

const [folder, program] = process.argv.slice(2);
const modules = path.resolve(folder, 'node_modules', 'rp2040js');
const { RP2040 } = require(modules);
const { version } = JSON.parse(fs.readFileSync(path.join(modules, 'package.json'), 'utf8'));

const file = fs.readFileSync(program);
const chip = new RP2040();
const headers = file.readUInt32LE(28);
for (let i = 0; i < file.readUInt16LE(44); ++i) {
  const header = headers + i * 32;
  if (file.readUInt32LE(header) !== 1) {
    continue;
  }
  const from = file.readUInt32LE(header + 4);
  const to = file.readUInt32LE(header + 12);
  chip.sram.set(file.subarray(from, from + file.readUInt32LE(header + 16)), to - 0x20000000);
}
const core = chip.core;
core.PC = file.readUInt32LE(24) & ~1;
core.SP = 0x20042000;
let stopped = false;
chip.onBreak = () => {
  stopped = true;
};

const before = process.cpuUsage();
let instructions = 0;
while (!stopped) {
  core.executeInstruction();
  ++instructions;
}
const { user, system } = process.cpuUsage(before);
console.log(JSON.stringify({ instructions, seconds: (user + system) / 1e6, version }));
