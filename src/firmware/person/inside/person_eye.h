// SPDX-License-Identifier: Apache-2.0
#pragma once

// The inside of a person sensor on a microcontroller: a camera and a network in, PersonFacts out.
//
//   auto eye = PersonEye::Make(camera, network, model, work_memory, {}, why);
//   eye->Look()      one picture, and what is believed after it
//   eye->Glance()    what is believed of as many pictures as that takes, and of none before
//
// It owns neither camera nor network nor memory, allocates nothing, and knows nothing of who hears
// the facts. Each picture is wiped before its facts are there (inside/sense/person_watch.h).

#include <cstddef>
#include <span>

#include "base/diagnosis.h"
#include "base/result.h"
#include "facts/person_facts.h"
#include "inside/capture/frame_source.h"
#include "inside/sense/face_finder.h"
#include "inside/sense/network.h"
#include "inside/sense/person_watch.h"

namespace pinhole::firmware::person::inside {

namespace capture = ::pinhole::inside::capture;
namespace sense = ::pinhole::inside::sense;

struct PersonEyeOptions {
  std::size_t max_candidates = 32;  // see FaceFinder::Make; two hundred bytes each
  sense::PersonWatchOptions watch = {};
};

class PersonEye {
 public:
  // `model` describes `network`. `work` is what WorkBytes says, aligned to 16. All but `model` must
  // outlive the eye. Errors: FaceFinder's and PersonWatch's.
  static base::Result<PersonEye> Make(capture::FrameSource& camera, sense::Network& network,
                                      const sense::FaceModel& model, std::span<std::byte> work,
                                      const PersonEyeOptions& options, base::Diagnosis& why);

  // One picture. No reading where the capture or the network failed. Blocks until there is one.
  facts::PersonFacts Look();

  // Looks at k + 1 pictures with nothing in mind: what is in all of them is believed with the last
  // (decode/belief.h). For a sensor that slept.
  facts::PersonFacts Glance();

 private:
  PersonEye(capture::FrameSource& camera, sense::Network& network, const sense::FaceFinder& finder,
            const sense::PersonWatch& watch, int pictures_to_believe)
      : camera_(&camera),
        network_(&network),
        finder_(finder),
        watch_(watch),
        pictures_to_believe_(pictures_to_believe) {}

  capture::FrameSource* camera_;
  sense::Network* network_;
  sense::FaceFinder finder_;
  sense::PersonWatch watch_;
  int pictures_to_believe_;
};

}  // namespace pinhole::firmware::person::inside
