// SPDX-License-Identifier: Apache-2.0
// The second boot stage: 256 bytes that the ROM copies to the end of RAM, checks and runs. It makes
// flash readable at 0x10000000 by four data lines, then starts the program behind it.
//
// For chips of the W25Q class (and all that know the commands 06h, 01h, 05h, 35h, EBh and the
// continuous mode with A0h): the quad-enable bit is set once where it is missing, one EBh with mode
// bits A0h is sent, and from there on every read is address and mode bits alone, 28 clocks for a
// line of the cache. The serial clock is half the system's.
//
// Called again by flash_write.cc, from RAM and with a return address, after flash was written; the
// ROM comes with none.
//
// Source: RP2040 datasheet, chapters 2.8.1.3.1, 4.10 (the interface), 2.19.6.4 (pads).
    .syntax unified
    .cpu cortex-m0plus
    .thumb

    .equ INTERFACE, 0x18000000
    .equ PADS,      0x40020000
    .equ CTRLR0,    0x00
    .equ CTRLR1,    0x04
    .equ SSIENR,    0x08
    .equ BAUDR,     0x14
    .equ SR,        0x28
    .equ DR0,       0x60
    // Above what an offset can be: from r3 + 0xF0.
    .equ RX_SAMPLE, 0x00
    .equ SPI_CTRL,  0x04

    .section .boot_stage, "ax"
    .global boot_stage
    .thumb_func
boot_stage:
    push {r4, lr}
    // Pads: the clock fast and with 8 mA; data lines without hysteresis, which delays.
    ldr  r3, =PADS
    movs r0, #0x21
    str  r0, [r3, #4]
    ldr  r0, [r3, #8]
    movs r1, #2
    bics r0, r1
    str  r0, [r3, #8]
    str  r0, [r3, #12]
    str  r0, [r3, #16]
    str  r0, [r3, #20]

    // Plain serial, bytes both ways, to talk to the chip.
    ldr  r3, =INTERFACE
    movs r4, #0xF0
    adds r4, r4, r3
    movs r0, #0
    str  r0, [r3, #SSIENR]
    movs r0, #2
    str  r0, [r3, #BAUDR]
    movs r0, #1
    str  r0, [r4, #RX_SAMPLE]      // samples a cycle late: half a serial clock
    ldr  r0, =(7 << 16)
    str  r0, [r3, #CTRLR0]
    movs r0, #1
    str  r0, [r3, #SSIENR]

    // Four data lines want bit 1 of the second status register.
    movs r0, #0x35
    bl   read_status
    movs r1, #2
    tst  r0, r1
    bne  quad_enabled
    movs r0, #0x06
    str  r0, [r3, #DR0]
    bl   wait_idle
    ldr  r0, [r3, #DR0]
    movs r0, #0x01
    str  r0, [r3, #DR0]
    movs r0, #0
    str  r0, [r3, #DR0]
    movs r0, #2
    str  r0, [r3, #DR0]
    bl   wait_idle
    ldr  r0, [r3, #DR0]
    ldr  r0, [r3, #DR0]
    ldr  r0, [r3, #DR0]
still_busy:
    movs r0, #0x05
    bl   read_status
    movs r1, #1
    tst  r0, r1
    bne  still_busy

quad_enabled:
    // One read by command EBh: command on one line, address and mode bits on four.
    movs r0, #0
    str  r0, [r3, #SSIENR]
    ldr  r0, =(2 << 21 | 31 << 16 | 3 << 8)
    str  r0, [r3, #CTRLR0]
    movs r0, #0
    str  r0, [r3, #CTRLR1]
    ldr  r0, =(4 << 11 | 2 << 8 | 8 << 2 | 1)
    str  r0, [r4, #SPI_CTRL]
    movs r0, #1
    str  r0, [r3, #SSIENR]
    movs r0, #0xEB
    str  r0, [r3, #DR0]
    movs r0, #0xA0
    str  r0, [r3, #DR0]
    bl   wait_idle

    // From here on without a command; the mode bits of every read keep it so.
    movs r0, #0
    str  r0, [r3, #SSIENR]
    ldr  r0, =(0xA0 << 24 | 4 << 11 | 8 << 2 | 2)
    str  r0, [r4, #SPI_CTRL]
    movs r0, #1
    str  r0, [r3, #SSIENR]

    pop  {r0, r1}
    cmp  r1, #0
    beq  start
    mov  r4, r0
    bx   r1
start:
    ldr  r0, =0x10000100
    ldr  r1, =0xE000ED08
    str  r0, [r1]
    ldm  r0!, {r1, r2}
    msr  msp, r1
    bx   r2

// r0: command -> r0: the byte behind it. Changes r1, r2.
    .thumb_func
read_status:
    push {lr}
    str  r0, [r3, #DR0]
    str  r0, [r3, #DR0]
    bl   wait_idle
    ldr  r0, [r3, #DR0]
    ldr  r0, [r3, #DR0]
    pop  {pc}

// Until everything was sent. Changes r1, r2.
    .thumb_func
wait_idle:
    ldr  r2, [r3, #SR]
    movs r1, #4
    tst  r2, r1
    beq  wait_idle
    movs r1, #1
    tst  r2, r1
    bne  wait_idle
    bx   lr
    .ltorg
