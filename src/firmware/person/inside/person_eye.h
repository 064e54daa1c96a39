// SPDX-License-Identifier: Apache-2.0
#pragma once

// The inside of a person sensor on a microcontroller: a camera and a network in, PersonFacts out.
//
//   PersonEye eye(camera, network, finder, watch);
//   eye.Look()      one picture, and what is believed after it
//   eye.Glance()    what is believed of as many pictures as that takes, and of none before
//   eye.Rest()      no picture is on its way any more
//
// It owns none of these, allocates nothing, and knows nothing of who hears
// the facts. Each picture is wiped before the network runs (inside/sense/person_watch.h), and the
// camera takes the next one meanwhile.

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

class PersonEye {
 public:
  // All are the caller's and outlive the eye. `finder` is bound, `network` is what it was made for.
  PersonEye(EyeCamera& camera, sense::Network& network, sense::FaceFinder& finder,
            sense::PersonWatch& watch)
      : camera_(camera), network_(network), finder_(finder), watch_(watch) {}

  // One picture. No reading where the capture or the network failed. Blocks until there is one.
  facts::PersonFacts Look();

  // Looks at k + 1 pictures with nothing in mind: what is in all of them is believed with the last
  // (decode/belief.h). For a sensor that slept.
  facts::PersonFacts Glance();

  // Before a pause: the camera holds nothing during it.
  void Rest() { camera_.Stop(); }

 private:
  EyeCamera& camera_;
  sense::Network& network_;
  sense::FaceFinder& finder_;
  sense::PersonWatch& watch_;
};

}  // namespace pinhole::firmware::person::inside
