// SPDX-License-Identifier: Apache-2.0
#include "inside/pictures/film.h"

#include <filesystem>
#include <system_error>

#include "system/files.h"

namespace pinhole::inside::pictures {

using inside::capture::Frame;

Film::Film(const std::string& path, std::size_t still_frames) {
  std::error_code ignored;
  if (std::filesystem::is_directory(path, ignored)) {
    pictures_ = system::PicturesIn(path);
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
  } catch (const system::Failure& failure) {
    return why.Fail(base::Error::kMalformed, failure.what());
  }
}

}  // namespace pinhole::inside::pictures
