#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""i2c-tools on the served file: i2cdetect, i2ctransfer, i2cget, i2cset, i2cdump, as a person types them.

usage: i2c_tools.py DEMO_PROGRAM
"""

import os
import shutil
import subprocess
import sys

import served

os.environ["PATH"] += ":/usr/sbin:/sbin"


def run(*command, fails=False):
    result = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert (result.returncode != 0) == fails, f"{' '.join(command)}: {result.stdout}{result.stderr}"
    return result.stdout + result.stderr


def packet_of(text):
    return bytes(int(word, 16) for word in text.split())


def detect():
    for how in ([], ["-q"], ["-r"]):
        grid = run("i2cdetect", "-y", *how, "1")
        found = [word for line in grid.splitlines()[1:] for word in line.split()[1:] if word not in ("--",)]
        assert found == ["62"], grid
    functions = dict(line.rsplit(maxsplit=1) for line in run("i2cdetect", "-F", "1").splitlines()[1:])
    assert functions["I2C"] == functions["SMBus Quick Command"] == functions["I2C Block Read"] == "yes", functions
    assert functions["SMBus Block Read"] == functions["SMBus PEC"] == "no", functions


def transfer():
    served.check_packet(packet_of(run("i2ctransfer", "-y", "1", "r39@0x62")))
    served.check_packet(packet_of(run("i2ctransfer", "-y", "1", "w1@0x62", "0x62", "r39")))
    first, second = run("i2ctransfer", "-y", "1", "r32@0x62", "r7").splitlines()
    served.check_packet(packet_of(first) + packet_of(second))
    run("i2ctransfer", "-y", "1", "w2@0x62", "0x01", "0x01")
    assert "No such device or address" in run("i2ctransfer", "-y", "1", "r1@0x50", fails=True)


def get_set_dump():
    assert run("i2cget", "-y", "1", "0x62", "0x00").strip() == "0x00"
    assert run("i2cget", "-y", "1", "0x62", "0x00", "w").strip() == "0x0000"
    run("i2cset", "-y", "1", "0x62", "0x01", "0x01")
    run("i2cset", "-y", "1", "0x62", "0x07", "0x01")
    run("i2cset", "-y", "1", "0x62", "0x02", "0x01", "0x00", "i")
    dump = run("i2cdump", "-y", "1", "0x62", "i")
    assert dump.splitlines()[1].startswith("00: 00 00 21 00 01 62"), dump


def main():
    if shutil.which("i2ctransfer") is None:
        served.skip("no i2ctransfer: install i2c-tools")
    served.in_own_dev()
    with served.served(sys.argv[1]):
        for part in (detect, transfer, get_set_dump):
            part()
            print(f"i2c-tools: {part.__name__}")


if __name__ == "__main__":
    main()
