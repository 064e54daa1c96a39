#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""smbus2 (and smbus, where installed) on the served file: what Python programs on a Raspberry Pi do.

usage: smbus2_client.py DEMO_PROGRAM
"""

import errno
import os
import random
import subprocess
import sys
import time

import served

SYSTEM_PYTHON = "/usr/bin/python3"  # where Debian's python3-smbus2 can be imported
ADDRESS = 0x62


def with_smbus2():
    try:
        import smbus2  # noqa: F401
    except ImportError:
        if os.path.realpath(sys.executable) != os.path.realpath(SYSTEM_PYTHON) and os.path.exists(SYSTEM_PYTHON):
            os.execv(SYSTEM_PYTHON, [SYSTEM_PYTHON, *sys.argv])
        served.skip("no smbus2: install python3-smbus2")


def expect_error(number, call):
    try:
        call()
    except OSError as error:
        assert error.errno == number, error
    else:
        raise AssertionError(f"no error: {errno.errorcode[number]} was expected")


def read(bus, count):
    import smbus2
    message = smbus2.i2c_msg.read(ADDRESS, count)
    bus.i2c_rdwr(message)
    return bytes(message)


def reads(bus):
    import smbus2
    served.check_packet(read(bus, 39))
    forty = read(bus, 40)
    served.check_packet(forty[:39])
    assert forty[39] == 0
    # 32 and 7 after a repeated start are one packet.
    first, second = smbus2.i2c_msg.read(ADDRESS, 32), smbus2.i2c_msg.read(ADDRESS, 7)
    bus.i2c_rdwr(first, second)
    served.check_packet(bytes(first) + bytes(second))
    # A register byte first.
    register, packet = smbus2.i2c_msg.write(ADDRESS, [0x62]), smbus2.i2c_msg.read(ADDRESS, 39)
    bus.i2c_rdwr(register, packet)
    served.check_packet(bytes(packet))
    # SMBus blocks hold 32 bytes at most, and a stop lies between two: both begin at byte 0.
    block = bytes(bus.read_i2c_block_data(ADDRESS, 0, 32))
    again = bytes(bus.read_i2c_block_data(ADDRESS, 0, 7))
    assert block[:5] == again[:5] == bytes([0, 0, 33, 0, 1]), (block, again)
    assert bus.read_byte(ADDRESS) == 0
    assert bus.read_byte_data(ADDRESS, 0) == 0
    assert bus.read_word_data(ADDRESS, 0) == 0


def the_face_moves(bus):
    before, deadline = served.check_packet(read(bus, 39)), time.monotonic() + 20
    while served.check_packet(read(bus, 39)) == before:
        assert time.monotonic() < deadline, "the packet never changed"


def standby_and_single_shot(bus):
    bus.write_byte_data(ADDRESS, 1, 0)
    frozen = read(bus, 39)
    time.sleep(0.2)  # ten ticks
    assert read(bus, 39) == frozen, "standby does not freeze the packet"
    bus.write_byte_data(ADDRESS, 3, 0)
    deadline = time.monotonic() + 20
    while read(bus, 39) == frozen:
        assert time.monotonic() < deadline, "a single shot changes nothing"
    shot = read(bus, 39)
    time.sleep(0.2)
    assert read(bus, 39) == shot, "more than a single shot"
    bus.write_byte_data(ADDRESS, 1, 1)
    the_face_moves(bus)


def errors(bus):
    expect_error(errno.ENXIO, lambda: bus.read_byte(0x50))
    expect_error(errno.ENXIO, lambda: bus.write_quick(0x50))
    expect_error(errno.EOPNOTSUPP, lambda: bus.read_block_data(ADDRESS, 0))
    expect_error(errno.EOPNOTSUPP, lambda: bus.process_call(ADDRESS, 0, 0))
    bus.write_quick(ADDRESS)


def random_writes(bus):
    numbers = random.Random(1)
    for _ in range(10000):
        count = numbers.randint(0, 8)
        bus.write_i2c_block_data(ADDRESS, numbers.randint(0, 9), [numbers.randint(0, 9) for _ in range(count)])
    bus.write_byte_data(ADDRESS, 1, 1)
    the_face_moves(bus)


def one_byte_and_gone(path):
    subprocess.run([sys.executable, "-c", f"open({path!r}, 'rb', buffering=0)"], check=True)
    program = (f"import fcntl, os; f = os.open({path!r}, os.O_RDWR); fcntl.ioctl(f, 0x0703, 0x62); "
               "assert os.read(f, 1) == b'\\0'; os._exit(0)")
    subprocess.run([sys.executable, "-c", program], check=True)


def main():
    with_smbus2()
    served.in_own_dev()
    import smbus2
    with served.served(sys.argv[1]), smbus2.SMBus(1) as bus:
        for part in (reads, the_face_moves, standby_and_single_shot, errors, random_writes):
            part(bus)
            print(f"smbus2: {part.__name__}")
        one_byte_and_gone("/dev/i2c-1")
        reads(bus)
    try:
        import smbus
    except ImportError:
        print("smbus is not installed: its part is left out")
        return
    with served.served(sys.argv[1]):
        bus = smbus.SMBus(1)
        for count in (7, 13, 32):
            block = bytes(bus.read_i2c_block_data(ADDRESS, 0, count))
            assert len(block) == count and block[:5] == bytes([0, 0, 33, 0, 1]), block
        bus.close()
        print("smbus: blocks")


if __name__ == "__main__":
    main()
