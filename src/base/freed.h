// SPDX-License-Identifier: Apache-2.0
#pragma once

// A C library's objects with an owner: std::unique_ptr<GstBus, base::Freed<gst_object_unref>>.

namespace pinhole::base {

template <auto kFree>
struct Freed {
  template <typename T>
  void operator()(T* object) const {
    kFree(object);
  }
};

}  // namespace pinhole::base
