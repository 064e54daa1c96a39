#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The C client on the file that outside/i2cdev serves, and on files that are no bus.

usage: c_test.py CLIENT DEMO_PROGRAM        (tests/i2c on PYTHONPATH)
"""

import os
import re
import subprocess
import sys
import tempfile

import served


def run(*arguments):
    return subprocess.run(arguments, capture_output=True, text=True, timeout=20, check=False)


def main():
    client, demo = sys.argv[1:3]
    assert run(client).returncode == 2
    assert run(client, "/nowhere/i2c-1").returncode == 1
    refused = run(client, "/dev/null", "--once")
    assert refused.returncode == 1 and "/dev/null" in refused.stderr, refused
    if not os.access("/dev/fuse", os.R_OK | os.W_OK):
        served.skip("/dev/fuse can't be opened")
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "i2c-1")
        with served.served(demo, path):
            done = run(client, path, "--once")
            assert done.returncode == 0, done
            shown = re.fullmatch(r"1 face; 98% \((\d+), 40\) to \((\d+), 140\) facing\n", done.stdout)
            assert shown and int(shown.group(2)) == int(shown.group(1)) + 50, done.stdout
    print("c: a moving face, and no bus")


if __name__ == "__main__":
    main()
