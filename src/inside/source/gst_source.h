// SPDX-License-Identifier: Apache-2.0
#pragma once

// Everything that moves and is no folder of pictures, decoded by GStreamer: video files, network
// cameras, PipeWire, libcamera, cameras that give JPEG, pipelines of the owner's.
//
// Files play at their own pace, or frame by frame in steps; of a live input the newest frame goes
// over. Frames are upright, at most 1280 x 960 (or options.width x options.height), RGB, with
// square pixels. Only video is decoded, never sound.

#include "inside/camera/shared_frames.h"
#include "inside/source/beat.h"
#include "inside/source/film_source.h"
#include "inside/source/source_options.h"

namespace pinhole::inside::source {

// Once, before PlayStream and after the wall is closed: reads GStreamer's list of plugins where
// there is one, else looks at the plugins in this process; starts no other, writes nothing. Throws
// system::Failure.
void StartGStreamer();

// Until the input, or the beat, ends. Throws system::Failure with a sentence where it can't be
// opened or decoded, or breaks off.
void PlayStream(const SourceOptions& options, Beat& beat, camera::FrameWriter& writer,
                const Say& say);

}  // namespace pinhole::inside::source
