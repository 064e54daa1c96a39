#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Runs the tests of outside/pin and outside/i2cdev, and the person sensor on a camera, in an emulated machine whose kernel has
# what most machines that build have not: CUSE, a V4L2 camera (vivid), and a GPIO chip (gpio-sim) where the kernel that is
# installed has that module (Debian's has not). Not part of ./test. Needs the Debian packages qemu-system-x86 linux-image-amd64 busybox-static cpio; some minutes, no KVM.
# usage: tests/vm/devices.sh [BUILD_DIR]       (default build/release, where the tests are built)
set -euo pipefail
cd "$(dirname "$0")/../.."
build=${1:-build/release}
programs=("$build/src/outside/pin/pinhole_outside_pin_test" "$build/src/outside/i2cdev/pinhole_outside_i2cdev_test")

sensor=("$build"/src/host/pinhole{,-inside,-outside})

missing() {
  echo "this needs $1" >&2
  exit 77
}
command -v qemu-system-x86_64 >/dev/null || missing "qemu-system-x86"
command -v busybox >/dev/null || missing "busybox-static"
command -v cpio >/dev/null || missing "cpio"
kernel=$(ls -v /boot/vmlinuz-* 2>/dev/null | tail -1)
[ -n "$kernel" ] || missing "linux-image-amd64"
for program in "${programs[@]}" "${sensor[@]}"; do
  [ -x "$program" ] || missing "$program: build it"
done

root=$(mktemp -d)
trap 'rm -rf "$root"' EXIT
chmod 755 "$root"
mkdir -p "$root"/{bin,dev,proc,sys,tmp,run,modules}
cp "$(command -v busybox)" "$root/bin/busybox"
mkdir -p "$root/models/person"
cp models/person/person.tflite "$root/models/person/"
for program in "${programs[@]}" "${sensor[@]}"; do
  cp "$program" "$root/bin/"
  ldd "$program" | grep -o '/[^ ]*' | while read -r library; do
    mkdir -p "$root$(dirname "$library")"
    cp -L "$library" "$root$library"
  done
done
# The modules, in the order in which they are to be loaded.
number=0
for module in fuse cuse gpio-sim vivid; do
  while read -r word file _; do
    if [ "$word" = insmod ]; then
      number=$((number + 1))
      cp "$file" "$(printf '%s/modules/%02d-%s' "$root" "$number" "$(basename "$file")")"
    fi
  done < <(/sbin/modprobe -S "${kernel#/boot/vmlinuz-}" --show-depends "$module" 2>/dev/null)
done
cat >"$root/init" <<'INIT'
#!/bin/busybox sh
/bin/busybox --install -s /bin
export PATH=/bin TMPDIR=/tmp NO_COLOR=1
mount -t proc proc /proc
mount -t sysfs sysfs /sys
mount -t devtmpfs devtmpfs /dev
mount -t tmpfs tmpfs /tmp
for module in /modules/*; do insmod "$module" 2>/dev/null; done
ip link set lo up
mount -t configfs configfs /sys/kernel/config
for program in /bin/*_test; do
  "$program" 2>&1 | grep -vE '^\[ (RUN|      OK)'
done
export PINHOLE_MODELS=/models
echo "vm: devices"
pinhole devices
echo "vm: camera"
pinhole run person --input v4l2:/dev/video0 --for 60 --all --json --set http.enabled=false --set 'wall.at_least="A"' \
  --set sensor.fps=5 --set sensor.width=320 --set sensor.height=180 --set restart.most_s=2 &
sleep 20
echo "vm: unplugged"
echo vivid.0 >/sys/bus/platform/drivers/vivid/unbind
sleep 10
echo "vm: plugged in"
echo vivid.0 >/sys/bus/platform/drivers/vivid/bind
wait $!
echo "vm: sensor ended with $?"
pinhole audit wall --only descriptors
echo "vm: done"
poweroff -f
INIT
chmod +x "$root/init"
(cd "$root" && find . | cpio -o -H newc --quiet | gzip -1) >"$root.cpio"
trap 'rm -rf "$root" "$root.cpio"' EXIT

output=$(timeout 560 qemu-system-x86_64 -accel tcg -cpu max -m 1024 -smp 2 -nographic -no-reboot -net none \
  -kernel "$kernel" -initrd "$root.cpio" -append "console=ttyS0 panic=-1 quiet" </dev/null | tr -d '\r')
echo "$output"
grep -q '^vm: done' <<<"$output" || { echo "the machine did not come to the end" >&2; exit 1; }
if [ "$(grep -c '\[  PASSED  \]' <<<"$output")" -ne "${#programs[@]}" ] || grep -q 'FAILED' <<<"$output"; then
  exit 1
fi
grep -q 'the wall stands, grade A' <<<"$output" || { echo "no sensor of grade A" >&2; exit 1; }
between() { sed -n "/^vm: $1/,/^vm: $2/p" <<<"$output"; }
reading='"facts":{"reading":true'
between camera unplugged | grep -q "$reading" || { echo "the camera gave no reading" >&2; exit 1; }
between unplugged 'plugged in' | grep -q 'the camera gives no more frames' || { echo "nobody missed the camera" >&2; exit 1; }
between 'plugged in' 'sensor ended' | grep -q "$reading" || { echo "the camera did not come back" >&2; exit 1; }
grep -q 'vm: sensor ended with 0' <<<"$output" || { echo "the sensor failed" >&2; exit 1; }
grep -q 'SKIPPED.*I2cDevice' <<<"$output" && { echo "CUSE was not to be had" >&2; exit 1; }
grep -q 'SKIPPED.*GpioSim' <<<"$output" && echo "no gpio-sim in $kernel: the pin was tested with its fake only"
exit 0
