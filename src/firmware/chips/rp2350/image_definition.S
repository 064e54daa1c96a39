// SPDX-License-Identifier: Apache-2.0
// What the RP2350's ROM looks for in the first 4 KB of flash: this is a program for its Cortex-M33
// cores, in the secure world, and its vector table stands at the start of flash. Never run.
//
// Source: RP2350 datasheet, chapter 5.9 (blocks, items, IMAGE_TYPE).
    .section .image_definition, "a"
    .global image_definition
    .balign 4
image_definition:
    .word 0xFFFFDED3            // a block begins
    .byte 0x42, 1               // item: image type, one word
    .hword 0x1021               // executable, secure, Arm, RP2350
    .byte 0xFF                  // last item
    .hword 1                    // words of items before it
    .byte 0
    .word 0                     // a loop of this one block
    .word 0xAB123579            // it ends
