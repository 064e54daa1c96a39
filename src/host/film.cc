// SPDX-License-Identifier: Apache-2.0
#include "host/film.h"

#include <filesystem>
#include <system_error>

#include "host/files.h"

namespace pinhole::host {

using inside::capture::Frame;

Film::Film(const std::string& path, std::size_t still_frames) {
  std::error_code ignored;
  if (std::filesystem::is_directory(path, ignored)) {
    pictures_ = PicturesIn(path);
  } else {
    pictures_.assign(still_frames, path);
    still_ = ReadPicture(path);
  }
}

base::Result<Frame> Film::Capture(base::Diagnosis& why) {
  if (next_ == pictures_.size()) {
    return why.Fail(base::Error::kNotFound, "the film is over");
  }
  try {
    const std::size_t now = next_++;
    Picture picture = still_ ? *still_ : ReadPicture(pictures_[now]);
    pixels_ = std::move(picture.pixels);
    return Frame::Make(
        pixels_, {.width = picture.width, .height = picture.height, .channels = picture.channels},
        why);
  } catch (const Failure& failure) {
    return why.Fail(base::Error::kMalformed, failure.what());
  }
}

}  // namespace pinhole::host
