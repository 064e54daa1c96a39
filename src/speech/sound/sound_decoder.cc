// SPDX-License-Identifier: Apache-2.0
#include "speech/sound/sound_decoder.h"

extern "C" {
#include <libavcodec/avcodec.h>
#include <libavformat/avformat.h>
#include <libavutil/channel_layout.h>
#include <libavutil/opt.h>
#include <libswresample/swresample.h>
}

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdio>
#include <utility>
#include <vector>

#include "base/little_endian.h"
#include "signal/sound_source.h"

namespace pinhole::speech {

namespace {

using base::Error;

constexpr int kRate = signal::SoundSource::kRate;
constexpr int kMinRate = 1000;  // less would make 65535 samples of a packet an hour of sound
constexpr int kMaxRate = 768000;
constexpr int kMaxChannels = 64;
constexpr int kIoBytes = 32768;
constexpr std::size_t kMaxBlockBytes = std::size_t{256} << 20;
constexpr int kMaxTries = 1000;  // of reading a packet, without one
// Steps in a file's clock that are filled with silence, so that times stay those of the file.
constexpr std::int64_t kMinGapMs = 100, kMaxGapMs = 60000;
// As much may be missing at the end without a word: durations are rounded.
constexpr std::int64_t kMissingMs = 500;

constexpr const char* kContainers =
    "wav,w64,flac,mp3,ogg,mov,mp4,m4a,3gp,3g2,mj2,matroska,webm,aac,aiff,au,caf,amr,avi,mpegts,"
    "mpeg,ac3,eac3";
constexpr const char* kDecoders =
    "pcm_u8,pcm_s8,pcm_s16le,pcm_s16be,pcm_u16le,pcm_u16be,pcm_s24le,pcm_s24be,pcm_s32le,pcm_s32be,"
    "pcm_f32le,pcm_f32be,pcm_f64le,pcm_f64be,pcm_alaw,pcm_mulaw,adpcm_ima_wav,adpcm_ms,adpcm_ima_"
    "qt,"
    "gsm,gsm_ms,flac,alac,mp3float,mp3,mp2float,mp2,mp1float,aac,vorbis,opus,ac3,eac3,amrnb,amrwb";

template <auto kFree>
struct FreedThrough {
  template <typename T>
  void operator()(T* object) const {
    kFree(&object);
  }
};

void FreeIo(AVIOContext** io) {
  av_freep(static_cast<void*>(&(*io)->buffer));
  avio_context_free(io);
}

using Io = std::unique_ptr<AVIOContext, FreedThrough<FreeIo>>;
using Format = std::unique_ptr<AVFormatContext, FreedThrough<avformat_close_input>>;
using Codec = std::unique_ptr<AVCodecContext, FreedThrough<avcodec_free_context>>;
using Packet = std::unique_ptr<AVPacket, FreedThrough<av_packet_free>>;
using Frame = std::unique_ptr<AVFrame, FreedThrough<av_frame_free>>;
using Resampler = std::unique_ptr<SwrContext, FreedThrough<swr_free>>;

struct Options {
  AVDictionary* list = nullptr;

  Options() = default;
  ~Options() { av_dict_free(&list); }
  Options(const Options&) = delete;
  Options& operator=(const Options&) = delete;
  void Set(const char* name, const char* value) { av_dict_set(&list, name, value, 0); }
};

// True where one of `names`, separated by commas, is one of `list`.
bool IsListed(std::string_view names, std::string_view list) {
  while (!names.empty()) {
    const std::string_view name = names.substr(0, names.find(','));
    names.remove_prefix(std::min(name.size() + 1, names.size()));
    for (std::string_view rest = list; !rest.empty();) {
      const std::string_view one = rest.substr(0, rest.find(','));
      rest.remove_prefix(std::min(one.size() + 1, rest.size()));
      if (one == name) {
        return true;
      }
    }
  }
  return false;
}

// No file leads to another one.
int OpenNothing(AVFormatContext*, AVIOContext**, const char*, int, AVDictionary**) {
  return AVERROR(EPERM);
}

std::int64_t Milliseconds(std::int64_t time, AVRational unit) {
  return av_rescale_q(time, unit, AVRational{1, 1000});
}

std::string Seconds(std::int64_t milliseconds) {
  std::array<char, 40> text{};
  std::snprintf(text.data(), text.size(), "%.1f s", static_cast<double>(milliseconds) / 1000);
  return text.data();
}

}  // namespace

std::string_view SupportedFormats() {
  return "WAV, FLAC, MP3, Ogg, Opus, M4A, AAC, AIFF, AU, CAF, AMR, MP4, MKV, WebM, AVI or MPEG";
}

// All that the libraries want kept. The order of the members is the order in which they need each
// other.
class SoundDecoder::Parts {
 public:
  explicit Parts(SoundBytes& bytes) : bytes_(bytes) {}

  base::Status Open(base::Diagnosis& why, SoundInfo& info);
  base::Result<std::size_t> Read(std::span<float> to, base::Diagnosis& why);
  [[nodiscard]] std::string Warning() const;

 private:
  static int ReadPacket(void* self, std::uint8_t* to, int count);
  static std::int64_t Seek(void* self, std::int64_t offset, int whence);

  base::Status OpenContainer(base::Diagnosis& why);
  base::Status ChooseTrack(base::Diagnosis& why);
  base::Status OpenCodec(base::Diagnosis& why);
  [[nodiscard]] std::int64_t DurationMs() const;
  [[nodiscard]] std::int64_t MissingOfWav() const;

  base::Status SetUpResampler(base::Diagnosis& why);
  [[nodiscard]] bool FitsResampler() const;
  // ready_ gets the samples that come next, or ended_ is set, or neither where a frame gave none.
  base::Status DecodeMore(base::Diagnosis& why);
  base::Status FeedDecoder(base::Diagnosis& why);
  base::Status Convert(const AVFrame* frame, base::Diagnosis& why);
  void FillGap();

  SoundBytes& bytes_;
  std::uint64_t place_ = 0;
  bool read_failed_ = false;

  Io io_;
  Format format_;
  AVStream* track_ = nullptr;
  Codec codec_;
  Packet packet_;
  Frame frame_;
  Resampler resampler_;
  int from_rate_ = 0, from_channels_ = 0, from_format_ = -1;  // what resampler_ was made for
  std::uint64_t from_mask_ = 0;

  std::vector<float> ready_;
  std::size_t given_ = 0;     // of ready_
  std::int64_t silence_ = 0;  // samples that come before ready_
  std::int64_t made_ = 0;     // samples, silence among them
  std::int64_t zero_ms_ = 0;  // where the file's clock stands at the first sample
  bool has_zero_ = false;
  bool drained_ = false, flushed_ = false, ended_ = false;
  std::int64_t damaged_ = 0;  // packets
  bool broke_off_ = false;
};

int SoundDecoder::Parts::ReadPacket(void* self, std::uint8_t* to, int count) {
  auto* const parts = static_cast<Parts*>(self);
  const std::ptrdiff_t got =
      parts->bytes_.ReadAt(parts->place_, {to, static_cast<std::size_t>(count)});
  if (got < 0) {
    parts->read_failed_ = true;
    return AVERROR(EIO);
  }
  parts->place_ += static_cast<std::uint64_t>(got);
  return got == 0 ? AVERROR_EOF : static_cast<int>(got);
}

std::int64_t SoundDecoder::Parts::Seek(void* self, std::int64_t offset, int whence) {
  auto* const parts = static_cast<Parts*>(self);
  const auto size = static_cast<std::int64_t>(parts->bytes_.size());
  switch (whence & ~AVSEEK_FORCE) {
    case AVSEEK_SIZE: return size;
    case SEEK_SET: break;
    case SEEK_CUR: offset += static_cast<std::int64_t>(parts->place_); break;
    case SEEK_END: offset += size; break;
    default: return AVERROR(EINVAL);
  }
  if (offset < 0) {
    return AVERROR(EINVAL);
  }
  parts->place_ = static_cast<std::uint64_t>(offset);
  return offset;
}

base::Status SoundDecoder::Parts::Open(base::Diagnosis& why, SoundInfo& info) {
  if (bytes_.size() == 0) {
    return why.Fail(Error::kTruncated, "is empty; a sound file was expected");
  }
  av_log_set_level(AV_LOG_QUIET);
  av_max_alloc(kMaxBlockBytes);
  PINHOLE_TRY(OpenContainer(why));
  PINHOLE_TRY(ChooseTrack(why));
  PINHOLE_TRY(OpenCodec(why));
  info = {DurationMs(), codec_->sample_rate, codec_->ch_layout.nb_channels, format_->iformat->name,
          codec_->codec->name};
  return {};
}

base::Status SoundDecoder::Parts::OpenContainer(base::Diagnosis& why) {
  auto* const buffer = static_cast<unsigned char*>(av_malloc(kIoBytes));
  io_.reset(avio_alloc_context(buffer, kIoBytes, 0, this, &ReadPacket, nullptr, &Seek));
  AVFormatContext* context = avformat_alloc_context();
  if (buffer == nullptr || io_ == nullptr || context == nullptr) {
    return why.Fail(Error::kOutOfMemory, "can't be decoded: too little memory");
  }
  context->pb = io_.get();
  context->flags |= AVFMT_FLAG_CUSTOM_IO;  // it never closes io_
  context->io_open = &OpenNothing;
  format_.reset(context);
  const AVInputFormat* found = nullptr;
  const int score = av_probe_input_buffer2(io_.get(), &found, "", nullptr, 0, 0);
  if (read_failed_) {
    return why.Fail(Error::kIo, "can't be read");
  }
  if (score < 0 || found == nullptr) {
    return why.Fail(Error::kWrongKind, "is no sound file that is known here; expected ",
                    SupportedFormats());
  }
  if (!IsListed(found->name, kContainers)) {
    return why.Fail(Error::kUnsupported, "looks like the format '", found->name,
                    "', which is not decoded here; expected ", SupportedFormats(),
                    ", so convert it first");
  }
  Options options;
  options.Set("format_whitelist", kContainers);
  options.Set("codec_whitelist", kDecoders);
  options.Set("max_streams", "100");
  format_.release();  // NOLINT(bugprone-unused-return-value): freed by the call where it fails
  const int opened = avformat_open_input(&context, "", found, &options.list);
  format_.reset(context);
  if (opened < 0 || read_failed_) {
    return read_failed_ ? why.Fail(Error::kIo, "can't be read")
                        : why.Fail(Error::kMalformed, "begins like ", found->name,
                                   " but can't be opened: it is damaged, or its end is missing");
  }
  return {};
}

base::Status SoundDecoder::Parts::ChooseTrack(base::Diagnosis& why) {
  for (unsigned i = 0; i < format_->nb_streams; ++i) {
    AVStream* const stream = format_->streams[i];
    if (stream->codecpar->codec_type != AVMEDIA_TYPE_AUDIO) {
      stream->discard = AVDISCARD_ALL;  // neither parsed nor decoded
    }
  }
  if (avformat_find_stream_info(format_.get(), nullptr) < 0) {
    return why.Fail(Error::kMalformed, "is damaged: what is in it can't be made out");
  }
  const int best = av_find_best_stream(format_.get(), AVMEDIA_TYPE_AUDIO, -1, -1, nullptr, 0);
  for (unsigned i = 0; i < format_->nb_streams; ++i) {
    format_->streams[i]->discard = static_cast<int>(i) == best ? AVDISCARD_DEFAULT : AVDISCARD_ALL;
  }
  if (best < 0) {
    return why.Fail(Error::kWrongKind, "has no sound track (", format_->nb_streams,
                    " tracks of other kinds); a file with sound was expected");
  }
  track_ = format_->streams[best];
  return {};
}

base::Status SoundDecoder::Parts::OpenCodec(base::Diagnosis& why) {
  const AVCodecParameters& parameters = *track_->codecpar;
  constexpr std::uint32_t kDrms = MKTAG('d', 'r', 'm', 's');
  constexpr std::uint32_t kEnca = MKTAG('e', 'n', 'c', 'a');
  if (parameters.codec_tag == kDrms ||
      (parameters.codec_tag == kEnca && parameters.codec_id == AV_CODEC_ID_NONE)) {
    return why.Fail(Error::kUnsupported, "is encrypted; only files without protection are decoded");
  }
  const AVCodec* const decoder = avcodec_find_decoder(parameters.codec_id);
  if (decoder == nullptr || !IsListed(decoder->name, kDecoders)) {
    return why.Fail(Error::kUnsupported, "has sound of the codec '",
                    avcodec_get_name(parameters.codec_id),
                    "', which is not decoded here; convert it to FLAC or MP3 first");
  }
  codec_.reset(avcodec_alloc_context3(decoder));
  packet_.reset(av_packet_alloc());
  frame_.reset(av_frame_alloc());
  if (codec_ == nullptr || packet_ == nullptr || frame_ == nullptr ||
      avcodec_parameters_to_context(codec_.get(), &parameters) < 0) {
    return why.Fail(Error::kOutOfMemory, "can't be decoded: too little memory");
  }
  codec_->thread_count = 1;
  codec_->pkt_timebase = track_->time_base;
  codec_->max_samples = 1 << 20;
  if (avcodec_open2(codec_.get(), decoder, nullptr) < 0) {
    return why.Fail(Error::kMalformed, "has a sound track of the codec '", decoder->name,
                    "' that can't be opened: it is damaged");
  }
  if (codec_->sample_rate < kMinRate || codec_->sample_rate > kMaxRate) {
    return why.Fail(Error::kUnsupported, "has sound of ", codec_->sample_rate,
                    " samples a second; between ", kMinRate, " and ", kMaxRate, " are expected");
  }
  if (codec_->ch_layout.nb_channels < 1 || codec_->ch_layout.nb_channels > kMaxChannels) {
    return why.Fail(Error::kUnsupported, "has sound of ", codec_->ch_layout.nb_channels,
                    " channels; between 1 and ", kMaxChannels, " are expected");
  }
  return {};
}

std::int64_t SoundDecoder::Parts::DurationMs() const {
  std::int64_t ms = -1;
  if (track_->duration != AV_NOPTS_VALUE) {
    ms = Milliseconds(track_->duration, track_->time_base);
  } else if (format_->duration != AV_NOPTS_VALUE) {
    ms = Milliseconds(format_->duration, AVRational{1, AV_TIME_BASE});
  }
  constexpr std::int64_t kMost = std::int64_t{1000} * 3600 * 24 * 366;
  return ms >= 0 && ms <= kMost ? ms : -1;
}

bool SoundDecoder::Parts::FitsResampler() const {
  const AVChannelLayout& layout = frame_->ch_layout;
  return resampler_ != nullptr && frame_->sample_rate == from_rate_ &&
         frame_->format == from_format_ && layout.nb_channels == from_channels_ &&
         (layout.order == AV_CHANNEL_ORDER_NATIVE ? layout.u.mask : 0) == from_mask_;
}

base::Status SoundDecoder::Parts::SetUpResampler(base::Diagnosis& why) {
  from_rate_ = frame_->sample_rate;
  from_format_ = frame_->format;
  from_channels_ = frame_->ch_layout.nb_channels;
  const bool known = frame_->ch_layout.order == AV_CHANNEL_ORDER_NATIVE;
  from_mask_ = known ? frame_->ch_layout.u.mask : 0;
  if (from_rate_ < kMinRate || from_rate_ > kMaxRate || from_channels_ < 1 ||
      from_channels_ > kMaxChannels) {
    return why.Fail(Error::kUnsupported, "changes to ", from_rate_, " samples a second and ",
                    from_channels_, " channels, which is not decoded here");
  }
  AVChannelLayout from{};
  AVChannelLayout mono{};
  av_channel_layout_default(&mono, 1);
  from.order = known ? AV_CHANNEL_ORDER_NATIVE : AV_CHANNEL_ORDER_UNSPEC;
  from.nb_channels = from_channels_;
  from.u.mask = from_mask_;
  SwrContext* made = nullptr;
  swr_alloc_set_opts2(&made, &mono, AV_SAMPLE_FMT_FLT, kRate, &from,
                      static_cast<AVSampleFormat>(from_format_), from_rate_, 0, nullptr);
  resampler_.reset(made);
  if (made == nullptr) {
    return why.Fail(Error::kOutOfMemory, "can't be decoded: too little memory");
  }
  av_opt_set_int(made, "filter_size", 128, 0);
  av_opt_set_int(made, "linear_interp", 1, 0);
  av_opt_set_int(made, "exact_rational", 1, 0);
  av_opt_set_int(made, "filter_type", SWR_FILTER_TYPE_KAISER, 0);
  av_opt_set_double(made, "kaiser_beta", 9, 0);
  av_opt_set_double(made, "cutoff", 0.95, 0);
  av_opt_set_double(made, "rematrix_maxval", 1, 0);
  if (!known && from_channels_ > 1) {
    const std::vector<double> mean(static_cast<std::size_t>(from_channels_), 1.0 / from_channels_);
    swr_set_matrix(made, mean.data(), from_channels_);
  }
  if (swr_init(made) < 0) {
    resampler_.reset();
    return why.Fail(Error::kUnsupported, "has ", from_channels_,
                    " channels in an order that can't be mixed down; convert it to mono first");
  }
  return {};
}

// Samples of `frame`, or what is left in the resampler where there is none, behind those of ready_.
base::Status SoundDecoder::Parts::Convert(const AVFrame* frame, base::Diagnosis& why) {
  const int count = frame == nullptr ? 0 : frame->nb_samples;
  const int most = swr_get_out_samples(resampler_.get(), count);
  if (most < 0) {
    return why.Fail(Error::kInternal, "can't be resampled");
  }
  const std::size_t before = ready_.size();
  ready_.resize(before + static_cast<std::size_t>(most));
  std::array<std::uint8_t*, 1> to = {reinterpret_cast<std::uint8_t*>(ready_.data() + before)};
  const auto* const* from =
      frame == nullptr ? nullptr : const_cast<const std::uint8_t**>(frame->extended_data);
  const int made =
      swr_convert(resampler_.get(), to.data(), most, const_cast<const std::uint8_t**>(from), count);
  ready_.resize(before + static_cast<std::size_t>(std::max(made, 0)));
  made_ += std::max(made, 0);
  return made >= 0 ? base::Status() : why.Fail(Error::kInternal, "can't be resampled");
}

// Holds the file's clock against what was decoded: what is missing becomes silence, and where it
// jumps, it is believed from then on.
void SoundDecoder::Parts::FillGap() {
  if (frame_->best_effort_timestamp == AV_NOPTS_VALUE) {
    return;
  }
  const std::int64_t now = Milliseconds(frame_->best_effort_timestamp, track_->time_base);
  const std::int64_t is_at = made_ * 1000 / kRate;
  if (!has_zero_) {
    has_zero_ = true;
    // Films of these two kinds begin at 0, whichever track comes first; elsewhere, with the sound.
    zero_ms_ = IsListed(format_->iformat->name, "mov,matroska") ? 0 : now;
  }
  const std::int64_t gap = now - zero_ms_ - is_at;
  if (gap >= kMinGapMs && gap <= kMaxGapMs) {
    silence_ = gap * kRate / 1000;
    made_ += silence_;
  } else if (gap < -kMinGapMs || gap > kMaxGapMs) {
    zero_ms_ = now - is_at;
  }
}

// One packet into the decoder; at the end of the file, word that there are no more.
base::Status SoundDecoder::Parts::FeedDecoder(base::Diagnosis& why) {
  for (int tries = 0; tries < kMaxTries;) {
    const int got = av_read_frame(format_.get(), packet_.get());
    if (read_failed_) {
      return why.Fail(Error::kIo, "can't be read");
    }
    if (got == AVERROR(EAGAIN)) {
      ++tries;
      continue;
    }
    if (got < 0) {
      broke_off_ = got != AVERROR_EOF;
      break;
    }
    if (packet_->stream_index != track_->index) {
      av_packet_unref(packet_.get());
      continue;
    }
    std::size_t size = 0;
    const bool encrypted =
        av_packet_get_side_data(packet_.get(), AV_PKT_DATA_ENCRYPTION_INFO, &size) != nullptr;
    const int sent = encrypted ? 0 : avcodec_send_packet(codec_.get(), packet_.get());
    av_packet_unref(packet_.get());
    if (encrypted) {
      return why.Fail(Error::kUnsupported,
                      "is encrypted; only files without protection are decoded");
    }
    if (sent == AVERROR(ENOMEM)) {
      return why.Fail(Error::kOutOfMemory, "can't be decoded: too little memory");
    }
    damaged_ += sent < 0 ? 1 : 0;
    return {};
  }
  drained_ = true;
  avcodec_send_packet(codec_.get(), nullptr);
  return {};
}

base::Status SoundDecoder::Parts::DecodeMore(base::Diagnosis& why) {
  ready_.clear();
  given_ = 0;
  const int got = avcodec_receive_frame(codec_.get(), frame_.get());
  if (got >= 0) {
    if (!FitsResampler()) {
      if (resampler_ != nullptr) {
        PINHOLE_TRY(Convert(nullptr, why));
      }
      PINHOLE_TRY(SetUpResampler(why));
    }
    if (ready_.empty()) {
      FillGap();
    }
    const base::Status converted = Convert(frame_.get(), why);
    av_frame_unref(frame_.get());
    return converted;
  }
  if (got == AVERROR(ENOMEM)) {
    return why.Fail(Error::kOutOfMemory, "can't be decoded: too little memory");
  }
  if (got == AVERROR(EAGAIN) && !drained_) {
    return FeedDecoder(why);
  }
  if (got != AVERROR_EOF && got != AVERROR(EAGAIN) && !drained_) {
    ++damaged_;
    return {};
  }
  ended_ = flushed_ || resampler_ == nullptr;
  flushed_ = true;
  return ended_ ? base::Status() : Convert(nullptr, why);
}

base::Result<std::size_t> SoundDecoder::Parts::Read(std::span<float> to, base::Diagnosis& why) {
  std::size_t count = 0;
  while (count < to.size()) {
    const std::span<float> rest = to.subspan(count);
    if (silence_ > 0) {
      const std::size_t now = std::min(rest.size(), static_cast<std::size_t>(silence_));
      std::ranges::fill(rest.first(now), 0.0F);
      silence_ -= static_cast<std::int64_t>(now);
      count += now;
    } else if (given_ < ready_.size()) {
      const std::size_t now = std::min(rest.size(), ready_.size() - given_);
      std::copy_n(ready_.begin() + static_cast<std::ptrdiff_t>(given_), now, rest.begin());
      given_ += now;
      count += now;
    } else if (ended_) {
      break;
    } else {
      PINHOLE_TRY(DecodeMore(why));
    }
  }
  return count;
}

// The libraries take a WAV file's length from its size; its header says what it was to become.
// Programs that write into a pipe can't know that and say 0 or the most that there is.
std::int64_t SoundDecoder::Parts::MissingOfWav() const {
  std::array<std::uint8_t, 8> head{};
  constexpr std::int64_t kUnknown = 0x7FFFF000;
  if (std::string_view(format_->iformat->name) != "wav" ||
      bytes_.ReadAt(0, head) != static_cast<std::ptrdiff_t>(head.size()) || head[0] != 'R' ||
      head[3] != 'F') {
    return 0;
  }
  const std::int64_t said = 8 + static_cast<std::int64_t>(base::LoadLe<std::uint32_t>(
                                    std::as_bytes(std::span(head)).data() + 4));
  return said < kUnknown ? said - static_cast<std::int64_t>(bytes_.size()) : 0;
}

std::string SoundDecoder::Parts::Warning() const {
  const std::int64_t made_ms = made_ * 1000 / kRate;
  // A duration that was guessed from the size of the file says nothing about its end.
  const bool guessed = format_->duration_estimation_method == AVFMT_DURATION_FROM_BITRATE;
  const std::int64_t said_ms = guessed ? -1 : DurationMs();
  if (said_ms > made_ms + kMissingMs) {
    return "ends after " + Seconds(made_ms) + " of the " + Seconds(said_ms) +
           " that it says it has: its end is missing";
  }
  if (broke_off_) {
    return "is damaged after " + Seconds(made_ms) + ": what follows is left out";
  }
  if (const std::int64_t missing = MissingOfWav(); missing > 0) {
    return "ends after " + Seconds(made_ms) + ", " + std::to_string(missing) +
           " bytes before its header says: its end is missing";
  }
  return damaged_ == 0
             ? std::string()
             : "is damaged in places (" + std::to_string(damaged_) + "), which are left out";
}

SoundDecoder::SoundDecoder(std::unique_ptr<Parts> parts, SoundInfo info)
    : parts_(std::move(parts)), info_(std::move(info)) {}

SoundDecoder::~SoundDecoder() = default;

base::Result<std::unique_ptr<SoundDecoder>> SoundDecoder::Open(SoundBytes& bytes,
                                                               base::Diagnosis& why) {
  auto parts = std::make_unique<Parts>(bytes);
  SoundInfo info;
  PINHOLE_TRY(parts->Open(why, info));
  return std::unique_ptr<SoundDecoder>(new SoundDecoder(std::move(parts), std::move(info)));
}

base::Result<std::size_t> SoundDecoder::Read(std::span<float> to, base::Diagnosis& why) {
  return parts_->Read(to, why);
}

std::string SoundDecoder::Warning() const { return parts_->Warning(); }

}  // namespace pinhole::speech
