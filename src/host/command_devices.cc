// SPDX-License-Identifier: Apache-2.0
// pinhole devices: what this machine has that a sensor could use.

#include <string>
#include <string_view>

#include "host/commands.h"
#include "host/devices.h"
#include "host/json.h"
#include "host/names.h"

namespace pinhole::host {

namespace {

std::string Line(std::string_view text) { return "  " + std::string(text) + "\n"; }

std::string CameraText(const CameraDevice& device) {
  if (!device.problem.empty()) {
    return Line(Printable(device.problem));
  }
  const inside::camera::CameraDescription& camera = device.camera;
  std::string text = Line(Inked(Printable(device.path), Ink::kBold) + "  " + camera.name + "  (" +
                          camera.driver + ", " + camera.bus + ")");
  text += Line(std::string("  grade ") + camera.grade + ": pinhole run person --input " +
               Printable(camera.input));
  for (const inside::camera::CameraFormat& format : camera.formats) {
    std::string line = "  " + format.name;
    for (const std::string& size : format.sizes) {
      line += "  " + size;
    }
    text += Line(line);
  }
  return text;
}

std::string GpioText(const GpioChip& chip) {
  return Line(Printable(chip.path) + "  " +
              (chip.problem.empty()
                   ? chip.label + "  " + std::to_string(chip.lines) + " lines"
                   : "can't be asked: " + chip.problem +
                         "; add this user to the group 'gpio', or change the device's rights"));
}

template <typename Things, typename Text>
std::string Section(std::string_view title, const Things& things, std::string_view none,
                    Text text_of) {
  std::string text = Inked(title, Ink::kBold) + "\n";
  for (const auto& thing : things) {
    text += text_of(thing);
  }
  return text + (things.empty() ? Line("none; " + std::string(none)) : "");
}

std::string WallText(const WallParts& wall) {
  const auto row = [](std::string_view part, bool there, const std::string& yes,
                      std::string_view advice) {
    std::string name(part);
    name.resize(17, ' ');
    return Line(name + (there ? yes : "no; " + std::string(advice)));
  };
  return Inked("the wall's parts", Ink::kBold) + "\n" +
         row("Landlock", wall.landlock_abi > 0, "version " + std::to_string(wall.landlock_abi),
             "files are guarded by rights only: use a kernel from 5.13 on, and 'landlock' in its "
             "list of security modules (lsm=)") +
         row("seccomp", wall.seccomp, "yes",
             "no sensor runs without it: use a kernel with CONFIG_SECCOMP_FILTER") +
         row("user namespaces", wall.user_namespaces, "yes",
             "allow them with sysctl user.max_user_namespaces, or start the sensor as root") +
         row("FUSE", wall.fuse, "yes",
             "for /dev/i2c files of the sensor's own: install the package fuse3, and modprobe "
             "fuse") +
         row("CUSE", wall.cuse, "yes",
             "modprobe cuse, as root; without it the I2C file lies in a folder (FUSE)");
}

std::string Text(const Devices& devices) {
  return Section("cameras", devices.cameras,
                 "plug one in, or take a network camera (--input rtsp://...) or a film (--input "
                 "FOLDER)",
                 CameraText) +
         Section("microphones", devices.microphones, "plug one in; the person sensor needs none",
                 [](const Microphone& microphone) {
                   return Line(microphone.device + "  " + microphone.name);
                 }) +
         Section("GPIO chips", devices.gpio_chips,
                 "a pin needs a board that has some, such as a Raspberry Pi", GpioText) +
         Section("I2C buses", devices.i2c_buses,
                 "the sensor makes a file that is like one; a real bus appears with modprobe "
                 "i2c-dev, where the board has one",
                 [](const I2cBus& bus) { return Line(Printable(bus.path) + "  " + bus.name); }) +
         WallText(devices.wall);
}

Json CameraJson(const CameraDevice& device) {
  if (!device.problem.empty()) {
    return Json::Object({{"path", device.path}, {"problem", device.problem}});
  }
  Json formats = Json::Array();
  for (const inside::camera::CameraFormat& format : device.camera.formats) {
    formats.Add(Json::Object({{"name", format.name},
                              {"inside_reads_it", format.readable},
                              {"sizes", Json::Array(format.sizes)}}));
  }
  return Json::Object({{"path", device.path},
                       {"name", device.camera.name},
                       {"driver", device.camera.driver},
                       {"bus", device.camera.bus},
                       {"grade", std::string(1, device.camera.grade)},
                       {"input", device.camera.input},
                       {"formats", formats}});
}

Json AsJson(const Devices& devices) {
  Json cameras = Json::Array();
  for (const CameraDevice& camera : devices.cameras) {
    cameras.Add(CameraJson(camera));
  }
  Json microphones = Json::Array();
  for (const Microphone& microphone : devices.microphones) {
    microphones.Add(Json::Object({{"device", microphone.device}, {"name", microphone.name}}));
  }
  Json chips = Json::Array();
  for (const GpioChip& chip : devices.gpio_chips) {
    chips.Add(chip.problem.empty()
                  ? Json::Object({{"path", chip.path},
                                  {"name", chip.name},
                                  {"label", chip.label},
                                  {"lines", chip.lines}})
                  : Json::Object({{"path", chip.path}, {"problem", chip.problem}}));
  }
  Json buses = Json::Array();
  for (const I2cBus& bus : devices.i2c_buses) {
    buses.Add(Json::Object({{"path", bus.path}, {"name", bus.name}}));
  }
  return Json::Object({{"cameras", cameras},
                       {"microphones", microphones},
                       {"gpio_chips", chips},
                       {"i2c_buses", buses},
                       {"wall", Json::Object({{"landlock", devices.wall.landlock_abi},
                                              {"seccomp", devices.wall.seccomp},
                                              {"user_namespaces", devices.wall.user_namespaces},
                                              {"fuse", devices.wall.fuse},
                                              {"cuse", devices.wall.cuse}})}});
}

}  // namespace

int ShowDevices(const DevicesOptions& options) {
  const Devices devices = FindDevices();
  Print(options.json ? AsJson(devices).Line() : Text(devices));
  return 0;
}

}  // namespace pinhole::host
