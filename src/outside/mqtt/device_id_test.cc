// SPDX-License-Identifier: Apache-2.0
#include "outside/mqtt/device_id.h"

#include <gtest/gtest.h>

#include <set>
#include <vector>

namespace pinhole::outside::mqtt {
namespace {

std::string Hex(std::string_view text) {
  const std::vector<std::uint8_t> bytes(text.begin(), text.end());
  std::string hex;
  for (const std::uint8_t byte : Sha256(bytes)) {
    hex += "0123456789abcdef"[byte >> 4];
    hex += "0123456789abcdef"[byte & 15];
  }
  return hex;
}

// The first three are NIST's examples; the others, around a block's end, are from coreutils'
// sha256sum.
TEST(Sha256, GivesThePublishedDigests) {
  EXPECT_EQ(Hex(""), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  EXPECT_EQ(Hex("abc"), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  EXPECT_EQ(Hex("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq"),
            "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1");
  EXPECT_EQ(Hex(std::string(55, 'a')),
            "9f4390f8d30c2dd92ec9f095b65e2b9ae9b0a925a5258e241c9f1e910f734318");
  EXPECT_EQ(Hex(std::string(64, 'a')),
            "ffe054fe7ae0cb6dc65c3af9b61d5209f439851db43d0ba5997337df154668eb");
}

TEST(DeviceId, IsStableAndIsNotTheMachineId) {
  const std::string machine = "0123456789abcdef0123456789abcdef";
  const auto id = DeviceIdFor(machine + "\n");
  ASSERT_TRUE(id);
  // printf 'pinhole mqtt device id0123456789abcdef0123456789abcdef' | sha256sum
  EXPECT_EQ(*id, "pinhole-3d092037");
  EXPECT_EQ(DeviceIdFor(machine), id);
  EXPECT_EQ(id->find(machine.substr(0, 8)), std::string::npos);
}

TEST(DeviceId, DiffersFromMachineToMachine) {
  std::set<std::string> ids;
  for (char digit = '0'; digit <= '9'; ++digit) {
    ids.insert(*DeviceIdFor(std::string(31, '0') + digit));
  }
  EXPECT_EQ(ids.size(), 10U);
}

TEST(DeviceId, WantsAMachineId) {
  for (const char* wrong : {"", "\n", "uninitialized\n", "0123456789abcdef0123456789abcde",
                            "0123456789abcdef0123456789abcdef0", "0123456789ABCDEF0123456789ABCDEF",
                            "0123456789abcdef0123456789abcdeg"}) {
    EXPECT_FALSE(DeviceIdFor(wrong)) << wrong;
  }
}

}  // namespace
}  // namespace pinhole::outside::mqtt
