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
  command->add_flag("--must-end", options->must_end,
                    "That --cycles passed before the program ended is an error,\nreported with the "
                    "place it was at");
  command->add_flag(
      "--pins", options->pins,
      "Pins that changed: one live line on a terminal, else a line\non standard error "
      "for each change");
  command
      ->add_option("--camera", options->camera,
                   "A camera as an HM01B0 on the board's wires; it sees this\npicture, or the "
                   "pictures of this folder one by one")
      ->type_name("PATH");
  command
      ->add_option("--picture-frames", options->picture_frames,
                   "Frames for which each picture is shown; the last one stays")
      ->type_name("N")
      ->check(CLI::Range(1, 1'000'000).description(""))
      ->capture_default_str();
  command
      ->add_option("--camera-pins", options->camera_pins,
                   "The camera's wires: the lowest of eight data lines, pixel\nclock, row, frame")
      ->type_name("D,C,R,F")
      ->capture_default_str();
  command
      ->add_option(
          "--i2c", options->i2c,
          "At this address of both I2C buses: a second chip that runs\nthe program WHAT, or "
          "a memory of 256 bytes with the file's\nbytes, or an empty one for the word "
          "memory; may be given more\nthan once")
      ->type_name("ADDRESS=WHAT");
  command->add_flag("--join-i2c", options->join_i2c,
                    "Both I2C blocks on one bus, so that one can be the\nother's target");
  command->add_flag("--read-sensor", options->read_sensor,
                    "Read the Person Sensor's packet at 0x62 five times a second\nand print it");
  command->add_flag("--counts", options->counts,
                    "Cycles, instructions and time on standard error at the end");
  command->add_flag("--flash-cache", options->flash_cache,
                    "Model the flash's cache: cores wait for its misses, which are\ncounted");
  command->add_flag("--speed", options->speed,
                    "How fast it went beside the chip itself, on standard error\nat the end");
  command->add_flag("--json", options->json,
                    "The counts as a JSON object on standard output; what the\nprogram sends then "
                    "goes to standard error");
  command->add_flag("--real-time", options->real_time, "Not faster than the chip itself");
  command->add_flag("--profile", options->profile,
                    "Which functions the cycles went to, on standard error at the\nend; names want "
                    "an ELF file");
  command->add_flag("--trace", options->trace, "Every instruction on standard error");
  command
      ->add_option("--gdb", options->gdb,
                   "Wait for GDB on this port of the loopback, and let it\ndrive core 0")
      ->type_name("PORT")
      ->check(CLI::Range(1, 65535).description(""));
  command->add_flag(
      "--keep-going", options->keep_going,
      "After a core has locked up go on, as the chip does:\nPIO, DMA and the other core "
      "still work");
  command->add_option("--flash", options->flash_mib, "Size of the flash, in MiB")
      ->type_name("N")
      ->check(CLI::Range(1, 16).description(""))
      ->capture_default_str();
  command->footer(
      "What the program sends over its UARTs and its USB port goes to standard output; standard "
      "input\n"
      "goes to the USB port where the program opened one, else to UART 0. Ctrl-C ends the run. A "
      "fault that the\n"
      "program does not handle is reported with registers and, for ELF files, names; the exit code "
      "is then 1.\n"
      "\n"
      "Examples:\n"
      "  pinhole emulate hello_serial.uf2 --cycles 200000000\n"
      "  pinhole emulate blink.elf --pins --cycles 500000000\n"
      "  pinhole emulate test.elf --until PASSED --cycles 1000000000\n"
      "  pinhole emulate person_sensor.uf2 --camera pictures --read-sensor --cycles 1000000000\n"
      "  pinhole emulate client.uf2 --i2c 0x62=person_sensor.uf2 --camera pictures\n"
      "  pinhole emulate firmware.elf --gdb 3333");
}

}  // namespace pinhole::host
