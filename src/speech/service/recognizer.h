// SPDX-License-Identifier: Apache-2.0
#pragma once

// What the service has its work done by: a file of sound in, a transcript out.
//
// The service has as many recognizers as workers. Each belongs to one worker's thread and is called
// by that thread alone, one file at a time; what they share (a model) is only read.

#include <string>
#include <vector>

#include "base/diagnosis.h"
#include "base/result.h"
#include "speech/service/upload.h"
#include "speech/transcribe/transcriber.h"

namespace pinhole::speech::service {

// What the recognizers hear with, as clients are told.
struct ModelInfo {
  std::string name = {};         // "tiny.en": what a request's `model` may say
  std::string description = {};  // a sentence
  std::string attribution_name = {}, attribution_url = {};
  bool is_multilingual = false;             // else English alone, and nothing is translated
  std::vector<std::string> languages = {};  // codes
};

class Recognizer {
 public:
  virtual ~Recognizer() = default;

  // The whole of `upload`, whatever its format. progress.heard is asked now and then, and its false
  // ends the work soon; what is returned then is not looked at. Errors: what is wrong with the file
  // (kWrongKind, kMalformed, kTruncated, kTooLarge, kUnsupported) or with the options
  // (kInvalidArgument); all others are taken for our own. May throw.
  virtual base::Result<Transcript> Transcribe(const Upload& upload,
                                              const TranscribeOptions& options,
                                              const Progress& progress, base::Diagnosis& why) = 0;
};

}  // namespace pinhole::speech::service
