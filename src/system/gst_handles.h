// SPDX-License-Identifier: Apache-2.0
#pragma once

// GStreamer's objects with an owner each. Who includes this links GStreamer; this room does not.

#include <gst/gst.h>

#include <memory>

#include "base/freed.h"

namespace pinhole::system::gst {

using Element = std::unique_ptr<GstElement, base::Freed<gst_object_unref>>;
using Bus = std::unique_ptr<GstBus, base::Freed<gst_object_unref>>;
using Message = std::unique_ptr<GstMessage, base::Freed<gst_message_unref>>;
using Sample = std::unique_ptr<GstSample, base::Freed<gst_sample_unref>>;
using GlibError = std::unique_ptr<GError, base::Freed<g_error_free>>;
using GlibText = std::unique_ptr<gchar, base::Freed<g_free>>;

// A pipeline that is stopped before it is given up.
struct StopAndFree {
  void operator()(GstElement* pipeline) const {
    gst_element_set_state(pipeline, GST_STATE_NULL);
    gst_object_unref(pipeline);
  }
};
using Pipeline = std::unique_ptr<GstElement, StopAndFree>;

}  // namespace pinhole::system::gst
