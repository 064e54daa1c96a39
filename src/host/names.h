// SPDX-License-Identifier: Apache-2.0
#pragma once

// Words of lower rooms that nearly every file of this room says.

#include "system/failure.h"
#include "system/files.h"
#include "system/installed.h"
#include "system/terminal.h"

namespace pinhole::host {

using system::AlignedBytes;
using system::Bar;
using system::Bundled;
using system::Failure;
using system::FlushOutput;
using system::Grouped;
using system::Ink;
using system::Inked;
using system::OutputFiles;
using system::Print;
using system::Printable;
using system::PrintError;
using system::Progress;
using system::ReadFile;
using system::Rounded;
using system::ShownPath;
using system::ShownWidth;
using system::StatusLine;
using system::Stream;
using system::Table;
using system::TerminalWidth;
using system::WrongUsage;

}  // namespace pinhole::host
