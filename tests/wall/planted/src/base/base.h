// SPDX-License-Identifier: Apache-2.0
#pragma once
namespace pinhole::base {
using Byte = unsigned char;
}  // namespace pinhole::base
