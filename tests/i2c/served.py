# SPDX-License-Identifier: Apache-2.0
"""What the tests of this folder share: a /dev/i2c-1 of their own, and what a packet has to be.

Programs that speak I2C open /dev/i2c-1 and nothing else. So the test runs once more in a mount namespace of its own, where
/dev is an empty folder with just enough in it: the machine's own /dev is not touched, and nothing is left behind.
"""

import contextlib
import os
import struct
import subprocess
import sys

SKIPPED = 77  # ctest's SKIP_RETURN_CODE
NODES = ("fuse", "null", "zero", "urandom")


def skip(reason):
    print(f"skipped: {reason}")
    sys.exit(SKIPPED)


def in_own_dev():
    """Returns in a process that has a /dev of its own. Skips where that can't be had."""
    if os.environ.get("PINHOLE_OWN_DEV"):
        return
    if not os.access("/dev/fuse", os.R_OK | os.W_OK):
        skip("/dev/fuse can't be opened")
    nodes = [node for node in NODES if os.path.exists(f"/dev/{node}")]
    keep = "; ".join(f"touch /run/{node}; mount --bind /dev/{node} /run/{node}" for node in nodes)
    give = "; ".join(f"touch /dev/{node}; mount --bind /run/{node} /dev/{node}" for node in nodes)
    script = f'set -e; mount -t tmpfs tmpfs /run; {keep}; mount -t tmpfs tmpfs /dev; {give}; exec "$@"'
    if subprocess.run(["unshare", "-m", "true"], capture_output=True, check=False).returncode != 0:
        skip("no mount namespace of our own can be had (unshare -m)")
    os.environ["PINHOLE_OWN_DEV"] = "1"
    os.execvp("unshare", ["unshare", "-m", "bash", "-c", script, "bash", sys.executable, *sys.argv])


@contextlib.contextmanager
def served(program, path="/dev/i2c-1", tick_ms=20):
    """Serves a moving face at `path` for as long as the block lasts, and checks that nothing stays behind."""
    there = os.path.lexists(path)
    with subprocess.Popen([program, path, "file", str(tick_ms)], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                          text=True) as process:
        line = process.stdout.readline()
        assert line == f"serving {path}\n", line
        yield
        process.stdin.close()
        process.stdout.read()
        assert process.wait(timeout=20) == 0
    with open("/proc/self/mountinfo", encoding="utf-8") as mounts:
        assert f" {path} " not in mounts.read(), "a mount was left behind"
    assert os.path.lexists(path) == there, "a file was left behind"


def crc(data):
    """CRC-16/MCRF4XX."""
    value = 0xFFFF
    for byte in data:
        value ^= byte
        for _ in range(8):
            value = value >> 1 ^ (0x8408 if value & 1 else 0)
    return value


def check_packet(data):
    """Raises where `data` is no packet of 39 bytes with the demo's face in it; returns the face's left edge."""
    assert len(data) == 39, len(data)
    zero, length, faces = struct.unpack_from("<HHB", data)
    assert (zero, length, faces) == (0, 33, 1), (zero, length, faces)
    confidence, left, top, right, bottom, id_confidence, face_id, facing = struct.unpack_from("<BBBBBBbB", data, 5)
    assert (confidence, top, bottom, id_confidence, face_id, facing) == (98, 40, 140, 0, -1, 1), data
    assert right == left + 50, (left, right)
    assert struct.unpack_from("<H", data, 37)[0] == crc(data[:37]), "the checksum is wrong"
    return left
