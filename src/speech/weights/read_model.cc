// SPDX-License-Identifier: Apache-2.0
#include "speech/weights/read_model.h"

#include <algorithm>
#include <string_view>

#include "speech/weights/read_ggml.h"
#include "speech/weights/read_pt.h"
#include "speech/weights/read_safetensors.h"

namespace pinhole::speech {
namespace {

using base::Error;

constexpr std::size_t kGlance = 256;  // bytes that are looked at to tell what a file is

bool IsText(std::string_view text) {
  return std::ranges::all_of(
      text, [](char c) { return (c >= ' ' && c <= '~') || c == '\n' || c == '\r' || c == '\t'; });
}

// What a file is that no reader takes.
base::Unexpected Refuse(std::span<const std::byte> file, base::Diagnosis& why) {
  const std::string_view begin(reinterpret_cast<const char*>(file.data()),
                               std::min(file.size(), kGlance));
  if (file.empty()) {
    return why.Fail(Error::kWrongKind, "the file is empty");
  }
  if (begin.starts_with("version https://git-lfs")) {
    return why.Fail(Error::kWrongKind,
                    "the file is only a pointer that Git LFS leaves in place of "
                    "a model: fetch the model itself (git lfs pull)");
  }
  if (begin.starts_with('<')) {
    return why.Fail(Error::kWrongKind,
                    "the file is a web page, not a model: a download went to "
                    "the wrong address");
  }
  if (begin.starts_with("GGUF")) {
    return why.Fail(Error::kUnsupported,
                    "the file is a GGUF model; Whisper in ggml's own format "
                    "(.bin), .safetensors and .pt can be read");
  }
  if (begin.starts_with("\x80\x02")) {
    return why.Fail(Error::kUnsupported,
                    "the file is a bare pickle, as torch wrote before 1.6: "
                    "load it in torch and save it anew");
  }
  if (IsText(begin)) {
    return why.Fail(Error::kWrongKind,
                    "the file is text, not a model: ggml's .bin, .safetensors "
                    "and .pt can be read");
  }
  return why.Fail(Error::kWrongKind,
                  "the file is no Whisper model that can be read: ggml's .bin, "
                  ".safetensors and .pt can");
}

}  // namespace

base::Result<ModelFile> ReadModelFile(std::span<const std::byte> file, const ReadOptions& options,
                                      base::Diagnosis& why) {
  if (LooksLikeGgml(file)) {
    return ReadGgml(file, options, why);
  }
  if (LooksLikeTorch(file)) {
    return ReadPt(file, options, why);
  }
  if (LooksLikeSafetensors(file)) {
    return ReadSafetensors(file, options, why);
  }
  return Refuse(file, why);
}

}  // namespace pinhole::speech
