#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Holds a firmware program's link map against the claim that pictures stay where they come in.

usage: check_frame_buffer.py PROGRAM.elf PROGRAM.map [...]      any number of such pairs

The frame buffer is a section of its own (.frame_buffer). Programs are linked with --emit-relocs, so every word of code or
data that holds an address inside it is listed in the ELF file; the map says which object each such word came from.
  1. The section is made by objects of firmware/inside/ alone.
  2. Every word that refers to it is in an object of firmware/inside/, or is a start-up's that clears memory as a whole.
  3. No other object names a symbol that lies in it.
Start-up clears .bss from its first byte, which is the buffer's first byte too; it is the one exception, by name.
Prints one line a breach and exits 1; prints what was checked and exits 0. A program without the section has no buffer.
"""

import os
import re
import struct
import sys

OWNER = "libpinhole_firmware_inside.a"
START_UP = re.compile(r"libpinhole_firmware_hal\.a\(start\.cc\.obj\)$")
# What start-up may name: the ends of what it clears and of what it copies, which is where the buffer begins.
CLEARED = {"__bss_start", "__bss_end", "__data_end"}
REL, SYMTAB, ALLOCATED = 9, 2, 2


def sections_of(elf):
    """[(name, type, flags, address, offset, size, link, info)]"""
    offset, = struct.unpack_from("<I", elf, 32)
    entry, count, names = struct.unpack_from("<HHH", elf, 46)
    raw = [struct.unpack_from("<10I", elf, offset + i * entry) for i in range(count)]
    text = raw[names][4]
    found = []
    for name, kind, flags, address, at, size, link, info, _, _ in raw:
        end = elf.index(b"\0", text + name)
        found.append((elf[text + name:end].decode(), kind, flags, address, at, size, link, info))
    return found


def symbols_of(elf, sections):
    """[(name, value, section index)] of the symbol table."""
    table = next(s for s in sections if s[1] == SYMTAB)
    text = sections[table[6]][4]
    found = []
    for at in range(table[4], table[4] + table[5], 16):
        name, value, _, _, _, where = struct.unpack_from("<IIIBBH", elf, at)
        end = elf.index(b"\0", text + name)
        found.append((elf[text + name:end].decode(), value, where))
    return found


def objects_of(map_text):
    """[(address, end, object, input section)] in the order of the map."""
    found = []
    pattern = re.compile(r"^ (\.[\w.$\-]+)(?:\n)?\s+0x([0-9a-f]+)\s+0x([0-9a-f]+) (\S+)$", re.M)
    for section, address, size, name in pattern.findall(map_text):
        start, length = int(address, 16), int(size, 16)
        if length:
            found.append((start, start + length, name, section))
    return found


def owner_of(address, objects):
    for start, end, name, _ in objects:
        if start <= address < end:
            return name
    return "an unknown object"


def references(elf, sections, symbols, first, last):
    """(address of the word, symbol) for every relocation in loaded sections whose value lies in the buffer."""
    for _, kind, _, _, at, size, _, target in sections:
        if kind != REL or not sections[target][2] & ALLOCATED:
            continue
        base, offset = sections[target][3], sections[target][4]
        for place in range(at, at + size, 8):
            address, info = struct.unpack_from("<II", elf, place)
            name, value, where = symbols[info >> 8]
            # The linker has written the whole address into words of 32 bits already.
            if info & 0xFF == 2 and sections[target][1] != 8:
                value, = struct.unpack_from("<I", elf, offset + address - base)
            if first <= value < last and where != 0:
                yield address, name or f"section {sections[where][0]}" if where < 0xFF00 else name


def check(elf_path, map_path):
    """(breaches, references by the owner, bytes of the buffer)"""
    with open(elf_path, "rb") as file:
        elf = file.read()
    with open(map_path, encoding="utf-8") as file:
        objects = objects_of(file.read())
    sections = sections_of(elf)
    symbols = symbols_of(elf, sections)
    buffer = next((s for s in sections if s[0] == ".frame_buffer"), None)
    if buffer is None or buffer[5] == 0:
        return [], 0, 0
    first, last = buffer[3], buffer[3] + buffer[5]
    breaches, own = [], 0
    makers = {name for start, end, name, _ in objects if first <= start < last}
    if not makers:
        breaches.append("the map names nobody who makes .frame_buffer")
    for maker in makers:
        if OWNER not in maker:
            breaches.append(f"{maker} puts something into .frame_buffer")
    for address, name in references(elf, sections, symbols, first, last):
        owner = owner_of(address, objects)
        if OWNER in owner:
            own += 1
        elif not (START_UP.search(owner) and name in CLEARED):
            breaches.append(f"{owner} refers to {name} in the frame buffer, at 0x{address:08x}")
    if own == 0 and not breaches:
        breaches.append("nobody refers to the frame buffer: the program was linked without --emit-relocs")
    return breaches, own, buffer[5]


def main():
    paths = sys.argv[1:]
    wrong, buffers = 0, 0
    for elf_path, map_path in zip(paths[::2], paths[1::2]):
        if not os.path.exists(elf_path):
            print(f"{elf_path} is missing: build first")
            return 1
        breaches, own, size = check(elf_path, map_path)
        for breach in breaches:
            print(f"wall: {os.path.basename(elf_path)}: {breach}")
        wrong += len(breaches)
        buffers += size > 0
        print(f"{os.path.basename(elf_path)}: a frame buffer of {size} bytes, {own} references by its owner, "
              f"{len(breaches)} breaches")
    return 1 if wrong or not buffers else 0


if __name__ == "__main__":
    sys.exit(main())
