// SPDX-License-Identifier: Apache-2.0
#include "inside/source/gst_source.h"

#include <fcntl.h>
#include <gst/app/gstappsink.h>
#include <gst/gst.h>
#include <gst/video/video.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <memory>
#include <optional>
#include <span>
#include <string>

#include "inside/source/gst_text.h"
#include "system/failure.h"
#include "system/gst_handles.h"

namespace pinhole::inside::source {

namespace {

using Kind = GstTrouble::Kind;

using system::gst::Bus;
using system::gst::Element;
using system::gst::GlibError;
using system::gst::GlibText;
using system::gst::Message;
using system::gst::Pipeline;
using system::gst::Sample;
using Caps = std::unique_ptr<GstCaps, base::Freed<gst_caps_unref>>;

// Standard error goes nowhere as long as this lives: plugins that are looked at for the list bring
// libraries that print what they miss behind the wall.
class Hush {
 public:
  Hush() : kept_(::dup(STDERR_FILENO)) {
    const int null = ::open("/dev/null", O_WRONLY | O_CLOEXEC);
    if (null >= 0) {
      ::dup2(null, STDERR_FILENO);
      ::close(null);
    }
  }
  ~Hush() {
    if (kept_ >= 0) {
      ::dup2(kept_, STDERR_FILENO);
      ::close(kept_);
    }
  }
  Hush(const Hush&) = delete;
  Hush& operator=(const Hush&) = delete;

 private:
  int kept_;
};

bool Has(const char* element) {
  GstElementFactory* const factory = gst_element_factory_find(element);
  if (factory != nullptr) {
    gst_object_unref(factory);
  }
  return factory != nullptr;
}

// What stands between the first pair of quotes: GStreamer's way to name an element.
std::string Quoted(const std::string& text) {
  const std::size_t begin = text.find('"');
  const std::size_t end = begin == std::string::npos ? begin : text.find('"', begin + 1);
  return end == std::string::npos ? text : text.substr(begin + 1, end - begin - 1);
}

GstTrouble TroubleOf(const GError& error, const char* debug) {
  GstTrouble trouble{Kind::kOther, error.message, {}, {}};
  const std::string_view details = debug == nullptr ? "" : debug;
  if (error.domain == GST_RESOURCE_ERROR) {
    trouble.kind = error.code == GST_RESOURCE_ERROR_NOT_FOUND        ? Kind::kNotThere
                   : error.code == GST_RESOURCE_ERROR_NOT_AUTHORIZED ? Kind::kNotAllowed
                   : error.code == GST_RESOURCE_ERROR_OPEN_READ ||
                           error.code == GST_RESOURCE_ERROR_OPEN_READ_WRITE ||
                           error.code == GST_RESOURCE_ERROR_OPEN_WRITE ||
                           error.code == GST_RESOURCE_ERROR_BUSY ||
                           error.code == GST_RESOURCE_ERROR_SETTINGS
                       ? Kind::kCannotOpen
                       : Kind::kOther;
  } else if (error.domain == GST_STREAM_ERROR) {
    const bool sound_only = error.code == GST_STREAM_ERROR_WRONG_TYPE ||
                            error.code == GST_STREAM_ERROR_CODEC_NOT_FOUND ||
                            details.find("not-linked") != std::string_view::npos;
    trouble.kind = error.code == GST_STREAM_ERROR_TYPE_NOT_FOUND ? Kind::kUnknownType
                   : sound_only                                  ? Kind::kNoPicture
                                                                 : Kind::kOther;
  } else if (error.domain == GST_CORE_ERROR && error.code == GST_CORE_ERROR_MISSING_PLUGIN) {
    trouble.kind = Kind::kNoPicture;  // decodebin: none of the streams is video
  } else if (error.domain == GST_PARSE_ERROR) {
    trouble.kind =
        error.code == GST_PARSE_ERROR_NO_SUCH_ELEMENT ? Kind::kNoElement : Kind::kWrongPipeline;
    trouble.detail = Quoted(trouble.message);
  }
  return trouble;
}

// The message "missing-plugin" of GStreamer's plugins utilities.
std::optional<GstTrouble> MissingDecoder(GstMessage* message) {
  const GstStructure* const structure = gst_message_get_structure(message);
  if (structure == nullptr || !gst_structure_has_name(structure, "missing-plugin")) {
    return std::nullopt;
  }
  GstTrouble trouble{Kind::kNoDecoder, {}, {}, {}};
  const gchar* const type = gst_structure_get_string(structure, "type");
  const gchar* const name = gst_structure_get_string(structure, "name");
  const GValue* const detail = gst_structure_get_value(structure, "detail");
  trouble.name = name == nullptr ? "decoder" : name;
  if (detail != nullptr && GST_VALUE_HOLDS_CAPS(detail)) {
    const GlibText caps(gst_caps_to_string(gst_value_get_caps(detail)));
    trouble.detail = caps.get();
  } else if (detail != nullptr && G_VALUE_HOLDS_STRING(detail)) {
    trouble.detail = g_value_get_string(detail);
  }
  if (type != nullptr && std::string_view(type) == "element") {
    trouble.kind = Kind::kNoElement;
  }
  return trouble;
}

class Stream {
 public:
  Stream(const SourceOptions& options, camera::FrameWriter& writer, const Say& say)
      : options_(options), writer_(writer), say_(say) {
    Build();
  }

  // From the beginning to the end, or to the beat's: true where that was the input's.
  bool Play(Beat& beat) {
    if (gst_element_set_state(pipeline_.get(), GST_STATE_PLAYING) == GST_STATE_CHANGE_FAILURE) {
      Check(GST_SECOND);
      Fail({Kind::kOther, "it does not start", {}, {}});
    }
    for (;;) {
      if (beat.steps() && !owes_frame_ && !beat.Next()) {
        return false;
      }
      owes_frame_ = true;
      const Sample sample = Pull();
      if (sample == nullptr) {
        return true;
      }
      Hand(sample.get());
      owes_frame_ = false;
    }
  }

  // To the beginning: with a new pipeline, since decodebin's pads are linked once only.
  void Rewind() { Build(); }

  [[nodiscard]] std::size_t frames() const { return frames_; }

 private:
  [[noreturn]] void Fail(const GstTrouble& trouble) const {
    throw system::Failure(Sentence(options_.input, trouble));
  }

  void Build() {
    const std::string text = OriginText(options_.input) + FrameText(options_, Has("videoflip"));
    GError* raw = nullptr;
    pipeline_.reset(
        gst_parse_launch_full(text.c_str(), nullptr, GST_PARSE_FLAG_FATAL_ERRORS, &raw));
    const GlibError error(raw);
    if (pipeline_ == nullptr || error != nullptr) {
      Fail(error == nullptr ? GstTrouble{Kind::kWrongPipeline, "no reason given", {}, {}}
                            : TroubleOf(*error, nullptr));
    }
    if (!GST_IS_BIN(pipeline_.get())) {
      Fail({Kind::kWrongPipeline, "it has one element only", {}, {}});
    }
    sink_.reset(gst_bin_get_by_name(GST_BIN(pipeline_.get()), "sink"));
    if (sink_ == nullptr || !GST_IS_APP_SINK(sink_.get())) {
      Fail({Kind::kWrongPipeline, "it has a 'sink' of its own", {}, {}});
    }
    bus_.reset(gst_element_get_bus(pipeline_.get()));
    const std::string property = OriginProperty(options_.input);
    if (property.empty()) {
      return;
    }
    const Element origin(gst_bin_get_by_name(GST_BIN(pipeline_.get()), "origin"));
    g_object_set(origin.get(), property.c_str(), options_.input.value.c_str(), nullptr);
    if (options_.input.kind == InputKind::kRtsp) {
      g_signal_connect(origin.get(), "select-stream", G_CALLBACK(&Stream::SelectVideo), nullptr);
    }
  }

  // Of a network camera's streams only pictures are asked for.
  static gboolean SelectVideo(GstElement*, guint, GstCaps* caps, gpointer) {
    const GstStructure* const structure = gst_caps_get_structure(caps, 0);
    const gchar* const media = gst_structure_get_string(structure, "media");
    return media != nullptr && std::string_view(media) == "video" ? TRUE : FALSE;
  }

  // The next frame; none at the end. Throws where the pipeline failed.
  Sample Pull() {
    for (;;) {
      Sample sample(gst_app_sink_try_pull_sample(GST_APP_SINK(sink_.get()), GST_SECOND / 10));
      if (sample != nullptr) {
        return sample;
      }
      Check(0);
      if (gst_app_sink_is_eos(GST_APP_SINK(sink_.get())) != FALSE) {
        return nullptr;
      }
    }
  }

  // Throws where the pipeline said that something is wrong; waits for that at most `patience`.
  void Check(GstClockTime patience) {
    constexpr auto kWanted = static_cast<GstMessageType>(GST_MESSAGE_ERROR | GST_MESSAGE_ELEMENT);
    for (;;) {
      const Message message(gst_bus_timed_pop_filtered(bus_.get(), patience, kWanted));
      if (message == nullptr) {
        return;
      }
      if (GST_MESSAGE_TYPE(message.get()) == GST_MESSAGE_ELEMENT) {
        if (std::optional<GstTrouble> missing = MissingDecoder(message.get())) {
          missing_ = std::move(missing);
        }
        continue;
      }
      GError* raw = nullptr;
      gchar* debug = nullptr;
      gst_message_parse_error(message.get(), &raw, &debug);
      const GlibError error(raw);
      const GlibText details(debug);
      // A missing decoder is told first, and then the error that comes of it.
      Fail(missing_ ? *missing_ : TroubleOf(*error, details.get()));
    }
  }

  void Hand(GstSample* sample) {
    base::Diagnosis why;
    GstVideoInfo info;
    GstVideoFrame frame;
    GstCaps* const caps = gst_sample_get_caps(sample);
    GstBuffer* const buffer = gst_sample_get_buffer(sample);
    if (caps == nullptr || buffer == nullptr || !gst_video_info_from_caps(&info, caps) ||
        !gst_video_frame_map(&frame, &info, buffer, GST_MAP_READ)) {
      say_(ShownInput(options_.input) + ": a frame can't be read");
      writer_.PublishFailed();
      return;
    }
    const int stride = GST_VIDEO_FRAME_PLANE_STRIDE(&frame, 0);
    const capture::FrameShape shape{.width = GST_VIDEO_FRAME_WIDTH(&frame),
                                    .height = GST_VIDEO_FRAME_HEIGHT(&frame),
                                    .channels = 3,
                                    .stride = static_cast<std::size_t>(std::max(stride, 0))};
    const std::size_t row =
        static_cast<std::size_t>(shape.width) * static_cast<std::size_t>(shape.channels);
    const std::span pixels(static_cast<const std::uint8_t*>(GST_VIDEO_FRAME_PLANE_DATA(&frame, 0)),
                           shape.stride * static_cast<std::size_t>(shape.height - 1) + row);
    if (!writer_.Publish(shape, pixels, why)) {
      say_(ShownInput(options_.input) + ": " + std::string(why.text()));
      writer_.PublishFailed();
    }
    ++frames_;
    gst_video_frame_unmap(&frame);
  }

  const SourceOptions& options_;
  camera::FrameWriter& writer_;
  const Say& say_;
  Pipeline pipeline_;
  Element sink_;
  Bus bus_;
  std::optional<GstTrouble> missing_;
  std::size_t frames_ = 0;
  bool owes_frame_ = false;  // for a step; over the end, where the input begins again
};

}  // namespace

void StartGStreamer() {
  // In this process, which is behind its wall already: another one could not be started there.
  ::setenv("GST_REGISTRY_FORK", "no", 1);
  ::unsetenv("GST_DEBUG");  // what it prints is for people who don't read sentences
  // Settings and proxies of a desktop are none of a sensor's.
  ::setenv("GSETTINGS_BACKEND", "memory", 1);
  ::setenv("GIO_USE_PROXY_RESOLVER", "dummy", 1);
  ::setenv("GIO_USE_VFS", "local", 1);
  // Libraries have much to say on standard error; what matters comes over the bus.
  g_log_set_default_handler([](const gchar*, GLogLevelFlags, const gchar*, gpointer) {}, nullptr);
  g_log_set_writer_func(
      [](GLogLevelFlags, const GLogField*, gsize, gpointer) { return G_LOG_WRITER_HANDLED; },
      nullptr, nullptr);
  GError* raw = nullptr;
  bool well = false;
  {
    const Hush hush;
    well = gst_init_check(nullptr, nullptr, &raw) != FALSE;
  }
  const GlibError error(raw);
  if (!well) {
    throw system::Failure("GStreamer does not start: " +
                          system::Printable(error == nullptr ? "no reason given" : error->message) +
                          "; install the packages gstreamer1.0-plugins-base and "
                          "gstreamer1.0-plugins-good");
  }
}

void PlayStream(const SourceOptions& options, Beat& beat, camera::FrameWriter& writer,
                const Say& say) {
  Stream stream(options, writer, say);
  for (;;) {
    const std::size_t before = stream.frames();
    if (!stream.Play(beat)) {
      return;
    }
    if (stream.frames() == 0) {
      throw system::Failure(ShownInput(options.input) +
                            ": has no frame in it; it may be damaged, or end early");
    }
    if (!options.loop || stream.frames() == before) {
      return;
    }
    stream.Rewind();
  }
}

}  // namespace pinhole::inside::source
