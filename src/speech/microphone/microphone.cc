// SPDX-License-Identifier: Apache-2.0
#include "speech/microphone/microphone.h"

#include <gst/app/gstappsink.h>
#include <gst/gst.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <chrono>
#include <cmath>
#include <condition_variable>
#include <mutex>
#include <optional>
#include <string_view>
#include <utility>

#include "base/little_endian.h"
#include "signal/sound_source.h"
#include "speech/microphone/sample_ring.h"
#include "system/failure.h"

namespace pinhole::speech {

namespace {

using base::Error;

constexpr int kRate = signal::SoundSource::kRate;
constexpr GstClockTime kPatience = 5 * GST_SECOND;  // of opening
constexpr std::chrono::milliseconds kTick{50};      // between two looks at the stop flag
constexpr const char* kTail =
    "audioconvert ! audioresample quality=10 ! "
    "audio/x-raw,format=F32LE,layout=interleaved,rate=16000,channels=1 ! "
    "appsink name=sink sync=false max-buffers=100";

template <auto kFree>
struct Freed {
  template <typename T>
  void operator()(T* object) const {
    kFree(object);
  }
};
using Element = std::unique_ptr<GstElement, Freed<gst_object_unref>>;
using Bus = std::unique_ptr<GstBus, Freed<gst_object_unref>>;
using Message = std::unique_ptr<GstMessage, Freed<gst_message_unref>>;
using Sample = std::unique_ptr<GstSample, Freed<gst_sample_unref>>;
using Monitor = std::unique_ptr<GstDeviceMonitor, Freed<gst_object_unref>>;
using Device = std::unique_ptr<GstDevice, Freed<gst_object_unref>>;
using Structure = std::unique_ptr<GstStructure, Freed<gst_structure_free>>;
using GlibError = std::unique_ptr<GError, Freed<g_error_free>>;
using GlibText = std::unique_ptr<gchar, Freed<g_free>>;

struct StopAndFree {
  void operator()(GstElement* pipeline) const {
    gst_element_set_state(pipeline, GST_STATE_NULL);
    gst_object_unref(pipeline);
  }
};
using Pipeline = std::unique_ptr<GstElement, StopAndFree>;

std::string Text(const gchar* text) { return text == nullptr ? "" : text; }

// OpenAL gives nothing that the others don't, and its library writes to standard error when it
// looks for devices.
void LeaveOut(const char* feature) {
  GstPluginFeature* const found = gst_registry_lookup_feature(gst_registry_get(), feature);
  if (found != nullptr) {
    gst_plugin_feature_set_rank(found, GST_RANK_NONE);
    gst_object_unref(found);
  }
}

base::Status StartGStreamer(base::Diagnosis& why) {
  GError* raw = nullptr;
  const bool well = gst_init_check(nullptr, nullptr, &raw) != FALSE;
  const GlibError error(raw);
  if (!well) {
    return why.Fail(Error::kUnsupported, "GStreamer does not start: ",
                    error == nullptr ? "no reason given" : error->message,
                    "; install the package gstreamer1.0-plugins-base");
  }
  LeaveOut("openalsrc");
  LeaveOut("openaldeviceprovider");
  return {};
}

// The Debian package that has GStreamer's element `name`.
const char* PackageOf(std::string_view name) {
  return name.starts_with("alsa")    ? "gstreamer1.0-alsa"
         : name.starts_with("pulse") ? "gstreamer1.0-pulseaudio"
         : name.starts_with("pipe")  ? "gstreamer1.0-pipewire"
         : name.starts_with("auto")  ? "gstreamer1.0-plugins-good"
                                     : "gstreamer1.0-plugins-base";
}

// What GStreamer knows of sound that can be captured: devices, and what they are called.
struct Found {
  MicrophoneDevice device;
  Device handle;
};

std::string IdOf(const GstStructure* properties) {
  for (const char* key : {"node.name", "device.path", "device.string", "api.alsa.path"}) {
    const gchar* const value =
        properties == nullptr ? nullptr : gst_structure_get_string(properties, key);
    if (value != nullptr) {
      return value;
    }
  }
  return {};
}

std::vector<Found> FindDevices() {
  std::vector<Found> found;
  const Monitor monitor(gst_device_monitor_new());
  gst_device_monitor_add_filter(monitor.get(), "Audio/Source", nullptr);
  if (gst_device_monitor_start(monitor.get()) == FALSE) {
    return found;
  }
  GList* const devices = gst_device_monitor_get_devices(monitor.get());
  for (GList* item = devices; item != nullptr; item = item->next) {
    Device handle(GST_DEVICE(item->data));
    const GlibText name(gst_device_get_display_name(handle.get()));
    const Structure properties(gst_device_get_properties(handle.get()));
    MicrophoneDevice device{Text(name.get()), IdOf(properties.get()), {}, false};
    if (properties != nullptr) {
      device.api = Text(gst_structure_get_string(properties.get(), "device.api"));
      gboolean chosen = FALSE;
      gst_structure_get_boolean(properties.get(), "is-default", &chosen);
      device.is_default = chosen != FALSE;
    }
    found.push_back({std::move(device), std::move(handle)});
  }
  g_list_free(devices);
  gst_device_monitor_stop(monitor.get());
  return found;
}

base::Result<Element> MakeElement(const char* name, const char* property, const std::string& value,
                                  base::Diagnosis& why) {
  Element element(gst_element_factory_make(name, nullptr));
  if (element == nullptr) {
    return why.Fail(Error::kUnsupported, "the microphone needs GStreamer's '", name,
                    "', which is missing; install the package ", PackageOf(name));
  }
  gst_object_ref_sink(element.get());
  if (!value.empty()) {
    g_object_set(element.get(), property, value.c_str(), nullptr);
  }
  return element;
}

base::Result<Element> MakePart(const std::string& text, base::Diagnosis& why) {
  GError* raw = nullptr;
  Element part(gst_parse_bin_from_description_full(text.c_str(), TRUE, nullptr,
                                                   GST_PARSE_FLAG_FATAL_ERRORS, &raw));
  const GlibError error(raw);
  if (part == nullptr) {
    return why.Fail(Error::kInvalidArgument, "the pipeline '", text,
                    "' is none that GStreamer understands (",
                    error == nullptr ? "no reason given" : error->message, ")");
  }
  gst_object_ref_sink(part.get());
  return part;
}

base::Result<Element> MakeListed(const std::string& name, base::Diagnosis& why) {
  std::string names;
  for (const Found& found : FindDevices()) {
    if (found.device.name == name || (found.device.id == name && !name.empty())) {
      Element element(gst_device_create_element(found.handle.get(), nullptr));
      if (element == nullptr) {
        return why.Fail(Error::kIo, "the microphone '", name, "' can't be opened");
      }
      gst_object_ref_sink(element.get());
      return element;
    }
    names += (names.empty() ? "" : ", ") + found.device.name;
  }
  return why.Fail(Error::kNotFound, "there is no microphone '", name, "'; ",
                  names.empty() ? "none at all is connected" : "these are connected: ", names);
}

base::Result<Element> MakeOrigin(const std::string& device, base::Diagnosis& why) {
  const auto after = [&device](std::string_view scheme) -> std::optional<std::string> {
    return device.starts_with(scheme) ? std::optional(device.substr(scheme.size())) : std::nullopt;
  };
  if (device.empty()) {
    return MakeElement("autoaudiosrc", "", "", why);
  }
  if (const auto name = after("alsa:")) {
    return MakeElement("alsasrc", "device", *name, why);
  }
  if (const auto name = after("pulse:")) {
    return MakeElement("pulsesrc", "device", *name, why);
  }
  if (const auto name = after("pipewire:")) {
    return MakeElement("pipewiresrc", "target-object", *name, why);
  }
  if (const auto pipeline = after("gst:")) {
    // Which may end in a format; the one that follows here is no element for it to be passed on to.
    return MakePart(*pipeline + " ! identity", why);
  }
  return MakeListed(device, why);
}

// autoaudiosrc puts silence in the place of a microphone that is not there.
bool IsPretence(GstElement* origin) {
  if (!GST_IS_BIN(origin)) {
    return false;
  }
  const Element fake(gst_bin_get_by_name(GST_BIN(origin), "fake-auto-audio-src"));
  return fake != nullptr;
}

}  // namespace

class Microphone::Stream {
 public:
  explicit Stream(const MicrophoneOptions& options)
      : device_(options.device),
        ring_(static_cast<std::size_t>(std::max(options.buffer_ms, 100)) * (kRate / 1000)) {}
  ~Stream() { pipeline_.reset(); }  // whose thread uses the rest
  Stream(const Stream&) = delete;
  Stream& operator=(const Stream&) = delete;

  base::Status Open(base::Diagnosis& why);
  base::Result<std::size_t> Read(std::span<float> to, int timeout_ms, base::Diagnosis& why);
  [[nodiscard]] bool ended();
  void Stop() { stop_ = true; }
  [[nodiscard]] std::int64_t lost();

 private:
  static GstFlowReturn TakeSample(GstAppSink* sink, gpointer self);
  static void TakeEnd(GstAppSink* sink, gpointer self);
  void Take(GstBuffer* buffer);
  void CountGap(GstBuffer* buffer, std::size_t count);

  base::Status Build(base::Diagnosis& why);
  // What the pipeline has to say, where that is an error; waits for it at most `patience`.
  base::Status Trouble(GstClockTime patience, base::Diagnosis& why);
  [[nodiscard]] std::string Shown() const {
    return device_.empty() ? "the microphone" : "the microphone '" + device_ + "'";
  }

  const std::string device_;
  std::atomic<bool> stop_ = false;
  std::mutex lock_;  // for all down to pipeline_
  std::condition_variable came_;
  SampleRing ring_;
  bool over_ = false;
  std::int64_t missed_ = 0;  // by the device
  std::optional<GstClockTime> expected_;

  Element origin_;
  Bus bus_;
  Pipeline pipeline_;
};

GstFlowReturn Microphone::Stream::TakeSample(GstAppSink* sink, gpointer self) {
  const Sample sample(gst_app_sink_pull_sample(sink));
  GstBuffer* const buffer = sample == nullptr ? nullptr : gst_sample_get_buffer(sample.get());
  if (buffer != nullptr) {
    static_cast<Stream*>(self)->Take(buffer);
  }
  return GST_FLOW_OK;
}

void Microphone::Stream::TakeEnd(GstAppSink*, gpointer self) {
  auto* const stream = static_cast<Stream*>(self);
  const std::lock_guard hold(stream->lock_);
  stream->over_ = true;
  stream->came_.notify_all();
}

// The device's clock says what did not come.
void Microphone::Stream::CountGap(GstBuffer* buffer, std::size_t count) {
  constexpr GstClockTime kJitter = 2 * GST_MSECOND;
  if (!GST_BUFFER_PTS_IS_VALID(buffer)) {
    return;
  }
  const GstClockTime now = GST_BUFFER_PTS(buffer);
  if (expected_ && now > *expected_ + kJitter) {
    missed_ +=
        static_cast<std::int64_t>(gst_util_uint64_scale(now - *expected_, kRate, GST_SECOND));
  }
  expected_ = now + gst_util_uint64_scale(count, GST_SECOND, kRate);
}

void Microphone::Stream::Take(GstBuffer* buffer) {
  GstMapInfo map;
  if (gst_buffer_map(buffer, &map, GST_MAP_READ) == FALSE) {
    return;
  }
  const std::span bytes = std::as_bytes(std::span(map.data, map.size));
  const std::size_t count = bytes.size() / sizeof(float);
  {
    const std::lock_guard hold(lock_);
    CountGap(buffer, count);
    for (std::size_t i = 0; i < count; ++i) {
      const float sample = base::LoadLeFloat(bytes.data() + i * sizeof(float));
      ring_.Push(std::isnan(sample) ? 0.0F : std::clamp(sample, -1.0F, 1.0F));
    }
  }
  came_.notify_all();
  gst_buffer_unmap(buffer, &map);
}

base::Status Microphone::Stream::Build(base::Diagnosis& why) {
  base::Result<Element> origin = MakeOrigin(device_, why);
  if (!origin) {
    return base::Unexpected(origin.error());
  }
  origin_ = *std::move(origin);
  base::Result<Element> tail = MakePart(kTail, why);
  if (!tail) {
    return why.Fail(Error::kUnsupported,
                    "the microphone needs GStreamer's audioconvert, audioresample and appsink; "
                    "install the package gstreamer1.0-plugins-base");
  }
  const Element sink(gst_bin_get_by_name(GST_BIN(tail->get()), "sink"));
  GstAppSinkCallbacks callbacks{};
  callbacks.new_sample = &Stream::TakeSample;
  callbacks.eos = &Stream::TakeEnd;
  gst_app_sink_set_callbacks(GST_APP_SINK(sink.get()), &callbacks, this, nullptr);
  pipeline_.reset(gst_pipeline_new(nullptr));
  gst_object_ref_sink(pipeline_.get());
  bus_.reset(gst_element_get_bus(pipeline_.get()));
  gst_bin_add_many(GST_BIN(pipeline_.get()), origin_.get(), tail->get(), nullptr);
  if (gst_element_link(origin_.get(), tail->get()) == FALSE) {
    return why.Fail(Error::kInvalidArgument, Shown(),
                    " does not end in raw sound; a pipeline has to end in audio/x-raw");
  }
  return {};
}

base::Status Microphone::Stream::Open(base::Diagnosis& why) {
  PINHOLE_TRY(StartGStreamer(why));
  PINHOLE_TRY(Build(why));
  const GstStateChangeReturn started = gst_element_set_state(pipeline_.get(), GST_STATE_PLAYING);
  const GstStateChangeReturn reached =
      started == GST_STATE_CHANGE_FAILURE
          ? started
          : gst_element_get_state(pipeline_.get(), nullptr, nullptr, kPatience);
  if (IsPretence(origin_.get())) {
    return why.Fail(Error::kNotFound,
                    "there is no microphone: connect one, or name it (a device of ALSA is "
                    "'alsa:hw:1,0')");
  }
  PINHOLE_TRY(Trouble(reached == GST_STATE_CHANGE_FAILURE ? GST_SECOND : 0, why));
  if (reached == GST_STATE_CHANGE_FAILURE || reached == GST_STATE_CHANGE_ASYNC) {
    return why.Fail(Error::kIo, Shown(), " does not start; check that it is connected");
  }
  return {};
}

base::Status Microphone::Stream::Trouble(GstClockTime patience, base::Diagnosis& why) {
  const Message message(gst_bus_timed_pop_filtered(bus_.get(), patience, GST_MESSAGE_ERROR));
  if (message == nullptr) {
    return {};
  }
  GError* raw = nullptr;
  gst_message_parse_error(message.get(), &raw, nullptr);
  const GlibError error(raw);
  const bool absent =
      error->domain == GST_RESOURCE_ERROR &&
      (error->code == GST_RESOURCE_ERROR_NOT_FOUND || error->code == GST_RESOURCE_ERROR_OPEN_READ);
  return why.Fail(absent ? Error::kNotFound : Error::kIo, Shown(), ": ", error->message,
                  "; check its name, that it is connected, and that no other program has it");
}

base::Result<std::size_t> Microphone::Stream::Read(std::span<float> to, int timeout_ms,
                                                   base::Diagnosis& why) {
  using Clock = std::chrono::steady_clock;
  const auto until = Clock::now() + std::chrono::milliseconds(std::max(timeout_ms, 0));
  std::size_t count = 0;
  for (;;) {
    {
      std::unique_lock hold(lock_);
      count += ring_.Pop(to.subspan(count));
      const auto now = Clock::now();
      if (count == to.size() || over_ || stop_ || now >= until) {
        break;
      }
      came_.wait_for(hold, std::min<Clock::duration>(kTick, until - now));
      count += ring_.Pop(to.subspan(count));
    }
    // After the lock was given up: an error's message may be about to be made by who wants it.
    if (count == 0) {
      PINHOLE_TRY(Trouble(0, why));
    }
  }
  return count;
}

bool Microphone::Stream::ended() {
  const std::lock_guard hold(lock_);
  return stop_ || (over_ && ring_.size() == 0);
}

std::int64_t Microphone::Stream::lost() {
  const std::lock_guard hold(lock_);
  return ring_.displaced() + missed_;
}

base::Result<std::vector<MicrophoneDevice>> ListMicrophones(base::Diagnosis& why) {
  PINHOLE_TRY(StartGStreamer(why));
  std::vector<MicrophoneDevice> devices;
  for (Found& found : FindDevices()) {
    devices.push_back(std::move(found.device));
  }
  return devices;
}

Microphone::Microphone(std::unique_ptr<Stream> stream) : stream_(std::move(stream)) {}

Microphone::~Microphone() = default;

base::Result<std::unique_ptr<Microphone>> Microphone::Open(const MicrophoneOptions& options,
                                                           base::Diagnosis& why) {
  auto stream = std::make_unique<Stream>(options);
  PINHOLE_TRY(stream->Open(why));
  return std::unique_ptr<Microphone>(new Microphone(std::move(stream)));
}

base::Result<std::size_t> Microphone::Read(std::span<float> to, int timeout_ms,
                                           base::Diagnosis& why) {
  return stream_->Read(to, timeout_ms, why);
}

bool Microphone::ended() const { return stream_->ended(); }

void Microphone::Stop() { stream_->Stop(); }

std::int64_t Microphone::lost() const { return stream_->lost(); }

}  // namespace pinhole::speech
