// SPDX-License-Identifier: Apache-2.0
#pragma once

// The mel filters in front of Whisper: triangles over the 201 bins of a 400-sample spectrum at 16
// kHz.
//
// `mels` triangles from 0 to 8000 Hz, evenly spaced on Slaney's mel scale (linear up to 1000 Hz,
// 200/3 Hz a mel; logarithmic above, 27 mels for a factor of 6.4), each with an area of about one.
// Computed in double precision and rounded once; equal within 1e-7 to the table that OpenAI ships,
// which librosa made.
//
// Source: M. Slaney, "Auditory Toolbox", Interval Research TR 1998-010; librosa.filters.mel.

#include <span>

#include "base/result.h"

namespace pinhole::signal {

// `filters`, [mels][201], filled. Error: kInvalidArgument, unless 1 <= mels <= 128 and `filters`
// holds that many.
base::Status SlaneyMelFilters(int mels, std::span<float> filters);

}  // namespace pinhole::signal
