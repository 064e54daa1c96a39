// SPDX-License-Identifier: Apache-2.0
// Prints what a Pinhole person sensor says, from Linux.
//
//   cc -O2 -o person_sensor person_sensor.c
//   ./person_sensor /dev/i2c-1         a line a second; with --once one line
//
// The file is a real bus, or the one that `pinhole run person` serves.
#include <fcntl.h>
#include <linux/i2c-dev.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

enum { kAddress = 0x62, kPacketBytes = 39, kFirstFace = 5, kFaceBytes = 8, kMostFaces = 4 };

// CRC-16/MCRF4XX, as the packet's last two bytes have it.
static uint16_t checksum(const uint8_t* bytes, int count) {
  uint16_t crc = 0xFFFF;
  for (int i = 0; i < count; ++i) {
    crc ^= bytes[i];
    for (int bit = 0; bit < 8; ++bit) {
      crc = (crc & 1) != 0 ? (uint16_t)(crc >> 1 ^ 0x8408) : (uint16_t)(crc >> 1);
    }
  }
  return crc;
}

static int is_sound(const uint8_t* packet) {
  const int crc = packet[kPacketBytes - 2] | packet[kPacketBytes - 1] << 8;
  return packet[4] <= kMostFaces && crc == checksum(packet, kPacketBytes - 2);
}

static void print_faces(const uint8_t* packet) {
  printf("%d face%s", packet[4], packet[4] == 1 ? "" : "s");
  for (int i = 0; i < packet[4]; ++i) {
    const uint8_t* const face = packet + kFirstFace + kFaceBytes * i;
    printf("; %d%% (%d, %d) to (%d, %d)%s", face[0], face[1], face[2], face[3], face[4],
           face[7] != 0 ? " facing" : "");
  }
  printf("\n");
  fflush(stdout);
}

int main(int argc, char** argv) {
  const int once = argc == 3 && strcmp(argv[2], "--once") == 0;
  if (argc != 2 && !once) {
    fprintf(stderr, "usage: person_sensor /dev/i2c-N [--once]\n");
    return 2;
  }
  const int bus = open(argv[1], O_RDWR | O_CLOEXEC);
  if (bus < 0 || ioctl(bus, I2C_SLAVE, kAddress) != 0) {
    perror(argv[1]);
    return 1;
  }
  for (;;) {
    uint8_t packet[kPacketBytes];
    if (read(bus, packet, sizeof packet) != sizeof packet || !is_sound(packet)) {
      fprintf(stderr, "%s: no sound packet from 0x62; is the sensor on this bus?\n", argv[1]);
      return 1;
    }
    print_faces(packet);
    if (once) {
      return 0;
    }
    sleep(1);
  }
}
