// SPDX-License-Identifier: Apache-2.0
#pragma once

// Inside the room only: an operator's options, from the file's union to Attributes.

#include "base/result.h"
#include "engine/format/flatbuffer.h"
#include "engine/format/reading.h"
#include "engine/tensor/op.h"

namespace pinhole::engine::format {

// The options of an operator of kind `kind`, every field in its range: strides, dilations and
// filters 1 to 65535, enumerations known, masks six bits, floats finite. monostate where the kind
// has none or the file gives none and the kind can do without; a CustomOptions for custom
// operators. VAR_HANDLE's name is not read here. Errors: kMalformed, kUnsupported, with the option.
base::Result<Attributes> ReadOptions(Reading& reading, const flat::Table& op, OpKind kind,
                                     bool is_custom);

}  // namespace pinhole::engine::format
