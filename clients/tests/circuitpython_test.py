#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The CircuitPython client on a busio.I2C that is not there.

usage: circuitpython_test.py
"""

import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "circuitpython"))

from pinhole_person_sensor import Face, PersonSensor  # noqa: E402

# One face at (64, 0) to (191, 127), 57 %, facing; and nobody. Without their checksums.
NOBODY = bytes((0, 0, 33, 0, 0)) + bytes(32)
ONE = bytes((0, 0, 33, 0, 1, 57, 64, 0, 191, 127, 0, 255, 1)) + bytes(24)


def with_checksum(packet):
    """CRC-16/MCRF4XX by its definition: reflected, polynomial 0x1021, from 0xFFFF."""
    def reflected(value, bits):
        return int(f"{value:0{bits}b}"[::-1], 2)
    crc = 0xFFFF
    for byte in packet:
        crc ^= reflected(byte, 8) << 8
        for _ in range(8):
            crc = (crc << 1 ^ 0x1021 if crc & 0x8000 else crc << 1) & 0xFFFF
    crc = reflected(crc, 16)
    return packet + bytes((crc & 255, crc >> 8))


class FakeI2C:
    """What CircuitPython's busio.I2C does, and its rule: no transfer without the lock."""

    def __init__(self, packet):
        self.packet, self.written, self.locked, self.busy = packet, [], False, 2

    def try_lock(self):
        self.busy -= 1
        if self.locked or self.busy >= 0:
            return False
        self.locked = True
        return True

    def unlock(self):
        assert self.locked
        self.locked = False

    def readfrom_into(self, address, buffer):
        assert self.locked and address == 0x62
        if self.packet is None:
            raise OSError(19, "No such device")
        buffer[:] = self.packet[:len(buffer)]

    def writeto(self, address, data):
        assert self.locked and address == 0x62
        self.written.append(bytes(data))


def refused(i2c):
    try:
        PersonSensor(i2c).read()
    except OSError:
        assert not i2c.locked, "the bus stays locked"
        return True
    return False


def main():
    assert PersonSensor(FakeI2C(with_checksum(ONE))).read() == [Face(57, 64, 0, 191, 127, True)]
    assert PersonSensor(FakeI2C(with_checksum(NOBODY))).read() == []
    assert refused(FakeI2C(None))
    for byte in range(39):
        packet = bytearray(with_checksum(ONE))
        packet[byte] ^= 1
        assert refused(FakeI2C(bytes(packet))), byte
    assert refused(FakeI2C(with_checksum(bytes((0, 0, 33, 0, 5)) + bytes(32)))), "five faces"
    i2c = FakeI2C(with_checksum(ONE))
    sensor = PersonSensor(i2c)
    sensor.standby(True)
    sensor.shoot()
    sensor.standby(False)
    assert i2c.written == [b"\x01\x00", b"\x03\x00", b"\x01\x01"] and not i2c.locked
    print("circuitpython: faces, broken packets, commands")


if __name__ == "__main__":
    main()
