// SPDX-License-Identifier: Apache-2.0
#include "host/commands.h"

int main(int argc, char** argv) { return pinhole::host::RunCommand(argc, argv); }
