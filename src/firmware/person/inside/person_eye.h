// SPDX-License-Identifier: Apache-2.0
#pragma once

// The inside of a person sensor on a microcontroller: a camera and a network in, PersonFacts out.
//
//   auto eye = PersonEye::Make(camera, network, model, work_memory, {}, why);
//   eye->Look()      one picture, and what is believed after it
//   eye->Glance()    what is believed of as many pictures as that takes, and of none before
//   eye->Rest()      no picture is on its way any more
//
// It owns neither camera nor network nor memory, allocates nothing, and knows nothing of who hears
// the facts. Each picture is wiped before the network runs (inside/sense/person_watch.h), and the
// camera takes the next one meanwhile.

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

// A camera that can take a picture by itself. Device seam.
class EyeCamera : public capture::FrameSource {
 public:
  // Lets the next picture come in; it is what the next Capture hands out. No frame lives.
  virtual void Begin() = 0;
  // Wipes what came in by itself.
  virtual void Stop() = 0;

 protected:
  ~EyeCamera() = default;
};

struct PersonEyeOptions {
  std::size_t max_candidates = 32;  // see FaceFinder::Make; two hundred bytes each
  sense::PersonWatchOptions watch = {};
};

class PersonEye {
 public:
  // `model` describes `network`. `work` is what WorkBytes says, aligned to 16. All but `model` must
  // outlive the eye. Errors: FaceFinder's and PersonWatch's.
  static base::Result<PersonEye> Make(EyeCamera& camera, sense::Network& network,
                                      const sense::FaceModel& model, std::span<std::byte> work,
                                      const PersonEyeOptions& options, base::Diagnosis& why);

  // One picture. No reading where the capture or the network failed. Blocks until there is one.
  facts::PersonFacts Look();

  // Looks at k + 1 pictures with nothing in mind: what is in all of them is believed with the last
  // (decode/belief.h). For a sensor that slept.
  facts::PersonFacts Glance();

  // Before a pause: the camera holds nothing during it.
  void Rest() { camera_->Stop(); }

 private:
  PersonEye(EyeCamera& camera, sense::Network& network, const sense::FaceFinder& finder,
            const sense::PersonWatch& watch, int pictures_to_believe)
      : camera_(&camera),
        network_(&network),
        finder_(finder),
        watch_(watch),
        pictures_to_believe_(pictures_to_believe) {}

  EyeCamera* camera_;
  sense::Network* network_;
  sense::FaceFinder finder_;
  sense::PersonWatch watch_;
  int pictures_to_believe_;
};

}  // namespace pinhole::firmware::person::inside
