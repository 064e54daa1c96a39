// SPDX-License-Identifier: Apache-2.0
#pragma once
namespace pinhole::inside::capture {
int Peek();
}  // namespace pinhole::inside::capture
