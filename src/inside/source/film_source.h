// SPDX-License-Identifier: Apache-2.0
#pragma once

// Picture files as a source of frames: a folder in the order of its names, or one picture, shown
// for kStillFrames frames.
//
// Each goes over as it is, or made smaller by a whole number where it is too large (shrink.h). A
// picture that can't be read is a failed capture and one line for the owner. With options.loop the
// film begins again at its end, and the folder is listed anew.

#include <functional>
#include <string_view>

#include "inside/camera/shared_frames.h"
#include "inside/source/beat.h"
#include "inside/source/source_options.h"

namespace pinhole::inside::source {

// One sentence for the owner.
using Say = std::function<void(std::string_view sentence)>;

// As many as a sensor needs to make up its mind about one picture, and some more.
inline constexpr std::size_t kStillFrames = 16;

// Until the film, or the beat, ends. Throws system::Failure where there is nothing to show.
void PlayFilm(const SourceOptions& options, Beat& beat, camera::FrameWriter& writer,
              const Say& say);

}  // namespace pinhole::inside::source
