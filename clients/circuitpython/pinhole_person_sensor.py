# SPDX-License-Identifier: Apache-2.0
"""A Pinhole person sensor on I2C, for CircuitPython.

    import board, time
    from pinhole_person_sensor import PersonSensor

    sensor = PersonSensor(board.I2C())
    while True:
        for face in sensor.read():
            print(face.confidence, face.left, face.top, face.right, face.bottom, face.facing)
        time.sleep(0.2)
"""

from collections import namedtuple

ADDRESS = 0x62
_PACKET_BYTES = 39
_MOST_FACES = 4

# confidence: 1 to 100. The box on a grid that lays 0 to 255 over the picture's width and height.
Face = namedtuple("Face", ("confidence", "left", "top", "right", "bottom", "facing"))


def _checksum(data):
    """CRC-16/MCRF4XX."""
    crc = 0xFFFF
    for byte in data:
        crc ^= byte
        for _ in range(8):
            crc = crc >> 1 ^ 0x8408 if crc & 1 else crc >> 1
    return crc


class PersonSensor:
    def __init__(self, i2c):
        self._i2c = i2c
        self._packet = bytearray(_PACKET_BYTES)

    def read(self):
        """A list of faces, the largest first; empty where nobody is seen. OSError: no sensor, or a broken packet."""
        self._with_bus(lambda: self._i2c.readfrom_into(ADDRESS, self._packet))
        packet = self._packet
        if packet[4] > _MOST_FACES or _checksum(packet[:37]) != packet[37] | packet[38] << 8:
            raise OSError("a packet with a wrong checksum from 0x62; look at the wires")
        faces = (packet[5 + 8 * i : 13 + 8 * i] for i in range(packet[4]))
        return [Face(f[0], f[1], f[2], f[3], f[4], f[7] != 0) for f in faces]

    def standby(self, on):
        """In standby the sensor does not look; shoot() makes it look once."""
        self._write(1, 0 if on else 1)

    def shoot(self):
        self._write(3, 0)

    def _write(self, register, value):
        self._with_bus(lambda: self._i2c.writeto(ADDRESS, bytes((register, value))))

    def _with_bus(self, transfer):
        while not self._i2c.try_lock():
            pass
        try:
            transfer()
        finally:
            self._i2c.unlock()
