// SPDX-License-Identifier: Apache-2.0
#include "inside/capture/frame.h"
int main() { return pinhole::inside::capture::Peek(); }
