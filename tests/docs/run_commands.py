#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Runs the commands that the documents show, so that none of them rots.

usage: run_commands.py SOURCE_DIR PROGRAM

In every Markdown file, each fenced block marked `console` is a terminal: lines that begin with `$ ` are run by bash, one
after the other in one folder for the whole file, where the repository's `models/` and `docs/` are to be seen, and the
firmware for a Pico as `pico/`; where that was not built, the commands that name it are left out. A command has to exit with
0, or with N where its line ends in `# exits with N`. A line of output shown below it has to stand in the real output, numbers aside; `...` stands for lines left out. Blocks marked otherwise (`sh`, `text`) are not run.
"""

import os
import pathlib
import re
import subprocess
import sys
import tempfile


def terminals(path):
    """Yields (line number, command, [shown output lines]) of one file."""
    inside, command = False, None
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
        fence = re.match(r"\s*```\s*(\w*)", line)
        if fence:
            if command:
                yield command
            inside, command = not inside and fence.group(1) == "console", None
        elif inside and line.startswith("$ "):
            if command:
                yield command
            command = (number, line[2:], [])
        elif inside and command and line.strip() and line.strip() != "...":
            command[2].append(line)
    if command:
        yield command


def words(line):
    """A line without its numbers and spacing, which differ from machine to machine."""
    return re.sub(r"[\s─-╿▀-▟]+", " ", re.sub(r"\d+(\.\d+)?", "0", line)).strip()


def problem(command, shown, folder, environment):
    wanted = int(match.group(1)) if (match := re.search(r"# exits with (\d+)\s*$", command)) else 0
    try:
        done = subprocess.run(["bash", "-c", command], cwd=folder, env=environment, stdin=subprocess.DEVNULL,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=120, check=False)
    except subprocess.TimeoutExpired:
        return "did not end in 120 s"
    if done.returncode != wanted:
        return f"exit {done.returncode}, {wanted} expected: {done.stdout[-600:]}"
    real = {words(line) for line in done.stdout.splitlines()}
    for line in shown:
        if words(line) not in real:
            return f"shows '{line.strip()}', which it does not print: {done.stdout[:1500]}"
    return None


def main():
    source, program = pathlib.Path(sys.argv[1]).resolve(), pathlib.Path(sys.argv[2]).resolve()
    environment = dict(os.environ, PATH=f"{program.parent}:{os.environ['PATH']}", NO_COLOR="1")
    firmware = program.parent.parent.parent / "firmware" / "pico"
    ran = wrong = left_out = 0
    for path in [source / "README.md", source / "CONTRIBUTING.md", *sorted((source / "docs").rglob("*.md")),
                 *sorted((source / "models").rglob("*.md"))]:
        with tempfile.TemporaryDirectory() as folder:
            for name in ("models", "docs"):
                os.symlink(source / name, os.path.join(folder, name))
            if firmware.exists():
                os.symlink(firmware, os.path.join(folder, "pico"))
            for number, command, shown in terminals(path):
                if " pico/" in command and not firmware.exists():
                    left_out += 1
                    continue
                ran += 1
                if found := problem(command, shown, folder, environment):
                    wrong += 1
                    print(f"{path.relative_to(source)}:{number}: $ {command}\n  {found}")
    print(f"{ran} commands run, {wrong} wrong, {left_out} left out for want of firmware")
    return 1 if wrong or not ran else 0


if __name__ == "__main__":
    sys.exit(main())
