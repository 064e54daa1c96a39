// SPDX-License-Identifier: Apache-2.0
// The command that runs programs for a microcontroller.

#include "host/command_line_parts.h"
#include "host/commands.h"

namespace pinhole::host {

void AddEmulate(CLI::App& root, Action& chosen) {
  CLI::App* command =
      root.add_subcommand("emulate", "Run a program for the RP2040 on this computer");
  const auto options = OptionsOf<EmulateOptions>(command, chosen, Emulate);
  command->add_option("PROGRAM", options->program, "An ELF or UF2 file, or the bytes of a flash")
      ->type_name("")
      ->required();
  command
      ->add_option("--cycles", options->cycles,
                   "Stop after N cycles of the system clock; 0 goes on\nuntil it is interrupted")
      ->type_name("N")
      ->capture_default_str();
  command
      ->add_option("--until", options->until,
                   "Stop once TEXT was sent; that --cycles passed before it\nis an error")
      ->type_name("TEXT");
  command->add_flag("--pins", options->pins, "A line on standard error for each change of a pin");
  command->add_flag("--counts", options->counts,
                    "Cycles, instructions and time on standard error at the end");
  command->add_flag("--flash-cache", options->flash_cache,
                    "Count the flash's cache and charge its misses");
  command->add_flag("--trace", options->trace, "Every instruction on standard error");
  command
      ->add_option("--gdb", options->gdb,
                   "Wait for GDB on this port of the loopback, and let it\ndrive core 0")
      ->type_name("PORT")
      ->check(CLI::Range(1, 65535).description(""));
  command
      ->add_option("--i2c", options->i2c,
                   "A memory of 256 bytes at this address of both I2C buses,\nwith a file's bytes; "
                   "may be given more than once")
      ->type_name("ADDRESS=FILE");
  command->add_flag("--join-i2c", options->join_i2c,
                    "Both I2C blocks on one bus, so that one can be the\nother's target");
  command->add_flag(
      "--keep-going", options->keep_going,
      "After a core has locked up go on, as the chip does:\nPIO, DMA and the other core "
      "still work");
  command->add_option("--flash", options->flash_mib, "Size of the flash, in MiB")
      ->type_name("N")
      ->check(CLI::Range(1, 16).description(""))
      ->capture_default_str();
  command->footer(
      "What the program sends over its UARTs goes to standard output. A fault that it does not "
      "handle\n"
      "is reported with registers and, for ELF files, names; the exit code is then 1.\n"
      "\n"
      "Examples:\n"
      "  pinhole emulate hello_serial.uf2 --cycles 200000000\n"
      "  pinhole emulate blink.elf --pins --cycles 500000000\n"
      "  pinhole emulate test.elf --until PASSED --cycles 1000000000\n"
      "  pinhole emulate firmware.elf --gdb 3333");
}

}  // namespace pinhole::host
