// SPDX-License-Identifier: Apache-2.0
// Prints the faces that a Pinhole person sensor sees, and lights the LED while one looks this way.
#include <Wire.h>

#include "PinholePersonSensor.h"

PinholePersonSensor sensor(Wire);

void setup() {
  Serial.begin(115200);
  Wire.begin();
  pinMode(LED_BUILTIN, OUTPUT);
}

void loop() {
  if (!sensor.read()) {
    Serial.println("no sensor at 0x62");
  } else {
    bool watched = false;
    for (uint8_t i = 0; i < sensor.count(); ++i) {
      const PinholePersonSensor::Face& face = sensor.face(i);
      Serial.print(face.confidence);
      Serial.print(" % at ");
      Serial.print((face.left + face.right) / 2);
      Serial.print(", ");
      Serial.println((face.top + face.bottom) / 2);
      watched = watched || face.facing;
    }
    digitalWrite(LED_BUILTIN, watched ? HIGH : LOW);
  }
  delay(200);
}
