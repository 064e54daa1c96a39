// SPDX-License-Identifier: Apache-2.0
#include "speech/service/site.h"

#include <arpa/inet.h>
#include <netinet/in.h>

#include <algorithm>
#include <array>
#include <charconv>

#include "speech/formats/json_text.h"

namespace pinhole::speech::service {

namespace {

enum class Place : std::uint8_t {
  kTranscriptions,
  kTranslations,
  kInference,
  kModels,
  kModel,
  kHealth,
  kMetrics,
  kNone
};

constexpr std::string_view kModelsPath = "/v1/models";

Place PlaceOf(std::string_view path) {
  struct Row {
    std::string_view path;
    Place place;
  };
  constexpr Row kRows[] = {{"/v1/audio/transcriptions", Place::kTranscriptions},
                           {"/v1/audio/translations", Place::kTranslations},
                           {"/inference", Place::kInference},
                           {kModelsPath, Place::kModels},
                           {"/health", Place::kHealth},
                           {"/metrics", Place::kMetrics}};
  for (const Row& row : kRows) {
    if (path == row.path) {
      return row.place;
    }
  }
  return path.starts_with("/v1/models/") ? Place::kModel : Place::kNone;
}

Reply Refused(unsigned status, std::string message, std::string param = {}, std::string code = {}) {
  return ErrorReply({status, std::move(message), std::move(param), std::move(code)});
}

std::string_view BearerToken(std::string_view authorization) {
  constexpr std::string_view kScheme = "bearer ";
  if (authorization.size() <= kScheme.size()) {
    return {};
  }
  for (std::size_t i = 0; i < kScheme.size(); ++i) {
    if ((authorization[i] | 0x20) != kScheme[i]) {
      return {};
    }
  }
  const std::size_t begin = authorization.find_first_not_of(' ', kScheme.size());
  return begin == std::string_view::npos ? std::string_view() : authorization.substr(begin);
}

std::string NumberText(double number) {
  std::string text;
  AppendJson(number, text);
  return text;
}

}  // namespace

bool SameToken(std::string_view expected, std::string_view given) {
  unsigned different = expected.size() == given.size() ? 0 : 1;
  for (std::size_t i = 0; i < given.size(); ++i) {
    const char other = expected.empty() ? '\0' : expected[i % expected.size()];
    different |= static_cast<std::uint8_t>(given[i] ^ other);
  }
  // Read through a volatile, so that no compiler finds a way to leave the loop early.
  const volatile unsigned result = different;
  return result == 0 && !expected.empty();
}

bool NamesThisMachine(std::string_view host, std::string_view address) {
  if (host.starts_with('[')) {
    const std::size_t end = host.find(']');
    if (end == std::string_view::npos) {
      return false;
    }
    const std::string_view port = host.substr(end + 1);
    if (!port.empty() && port.front() != ':') {
      return false;
    }
    host = host.substr(1, end - 1);
  } else {
    host = host.substr(0, host.find(':'));
  }
  const std::string name(host);
  in_addr v4{};
  in6_addr v6{};
  return host == "localhost" || (!host.empty() && host == address) ||
         (inet_pton(AF_INET, name.c_str(), &v4) == 1 && ntohl(v4.s_addr) >> 24U == 127) ||
         (inet_pton(AF_INET6, name.c_str(), &v6) == 1 && IN6_IS_ADDR_LOOPBACK(&v6) != 0);
}

bool Site::MayAsk(const RequestHead& head, std::string_view path, Reply& refusal) const {
  if (head.fetch_site == "cross-site" || head.fetch_site == "same-site") {
    refusal = Refused(403, "other web sites may not use this service");
    return false;
  }
  if (options_.token.empty()) {
    if (!NamesThisMachine(head.host, options_.address)) {
      refusal = Refused(
          421, "Host names another machine: ask for localhost, or give the service a token");
      return false;
    }
    return true;
  }
  if (path != "/health" && !SameToken(options_.token, BearerToken(head.authorization))) {
    refusal =
        Refused(401, "the token is missing or wrong: send the header Authorization: Bearer TOKEN",
                {}, "invalid_api_key");
    return false;
  }
  return true;
}

std::string Site::Model() const {
  std::string json = "{\"id\":";
  AppendJson(options_.model.name, json);
  json += R"(,"object":"model","created":0,"owned_by":)";
  AppendJson(options_.model.attribution_name, json);
  return json + "}";
}

std::string Site::Models() const { return R"({"object":"list","data":[)" + Model() + "]}\n"; }

std::variant<Reply, Api> Site::Answer(const RequestHead& head, const Snapshot& now) const {
  const std::string_view path = std::string_view(head.target).substr(0, head.target.find('?'));
  Reply reply;
  if (!MayAsk(head, path, reply)) {
    return reply;
  }
  const Place place = PlaceOf(path);
  if (place == Place::kNone) {
    return Refused(404,
                   "there is no such path here: see /v1/audio/transcriptions, "
                   "/v1/audio/translations, /inference, /v1/models, /health and /metrics");
  }
  const bool takes_form = place == Place::kTranscriptions || place == Place::kTranslations ||
                          place == Place::kInference;
  const bool is_read = head.method == "GET" || head.method == "HEAD";
  if (takes_form ? head.method != "POST" : !is_read) {
    reply = Refused(405, takes_form ? "this path takes POST" : "this path takes GET");
    reply.headers.emplace_back("Allow", takes_form ? "POST" : "GET, HEAD");
    return reply;
  }
  switch (place) {
    case Place::kTranscriptions:
    case Place::kTranslations:
    case Place::kInference:
      if (now.stopping) {
        return Refused(503, "the service is being stopped", {}, "stopping");
      }
      return place == Place::kTranscriptions ? Api::kTranscriptions
             : place == Place::kTranslations ? Api::kTranslations
                                             : Api::kInference;
    case Place::kModels: reply.body = Models(); return reply;
    case Place::kModel:
      if (!IsModelName(path.substr(kModelsPath.size() + 1), options_.model)) {
        return Refused(404, "there is no such model here; there is " + options_.model.name, "model",
                       "model_not_found");
      }
      reply.body = Model() + "\n";
      return reply;
    case Place::kHealth:
      reply.status = now.stopping ? 503 : 200;
      reply.body = now.stopping ? "{\"status\":\"stopping\"}\n" : "{\"status\":\"ok\"}\n";
      return reply;
    case Place::kMetrics:
      reply.content_type = "text/plain; version=0.0.4; charset=utf-8";
      reply.body = Metrics(now);
      return reply;
    case Place::kNone: break;
  }
  return reply;
}

std::string Metrics(const Snapshot& now) {
  std::string text;
  const auto head = [&](std::string_view name, std::string_view kind, std::string_view help) {
    text += "# HELP pinhole_speech_" + std::string(name) + " " + std::string(help) + "\n";
    text += "# TYPE pinhole_speech_" + std::string(name) + " " + std::string(kind) + "\n";
  };
  const auto value = [&](std::string_view name, double number) {
    text += "pinhole_speech_" + std::string(name) + " " + NumberText(number) + "\n";
  };
  const auto one = [&](std::string_view name, std::string_view kind, std::string_view help,
                       double number) {
    head(name, kind, help);
    value(name, number);
  };
  const auto number = [](auto count) { return static_cast<double>(count); };
  head("files_total", "counter", "Files of sound, by what became of them.");
  value("files_total{result=\"heard\"}", number(now.queue.heard));
  value("files_total{result=\"failed\"}", number(now.queue.failed));
  value("files_total{result=\"cancelled\"}", number(now.queue.cancelled));
  value("files_total{result=\"turned_away\"}", number(now.queue.turned_away));
  one("waiting", "gauge", "Files that wait for a worker.", number(now.queue.waiting));
  one("workers", "gauge", "Workers there are.", number(now.queue.workers));
  one("workers_busy", "gauge", "Workers that hear a file.", number(now.queue.busy));
  one("sound_seconds_total", "counter", "Seconds of sound that were heard.",
      number(now.queue.sound_ms) / 1000);
  one("work_seconds_total", "counter", "Seconds that workers took for it.", now.queue.work_seconds);
  one("real_time_factor", "gauge", "Seconds of work for a second of sound, of the last file.",
      now.queue.real_time_factor);
  one("upload_bytes", "gauge", "Bytes of sound in memory.", number(now.upload_bytes));
  one("connections", "gauge", "Connections that are open.", number(now.traffic.connections));
  one("http_requests_total", "counter", "Requests over HTTP.", number(now.traffic.requests));
  one("http_refused_total", "counter", "Of these, answered 400 to 499.",
      number(now.traffic.refused));
  one("wyoming_events_total", "counter", "Events over Wyoming.",
      number(now.traffic.wyoming_events));
  one("clients_dropped_total", "counter", "Clients dropped for being too slow.",
      number(now.traffic.clients_dropped));
  return text;
}

}  // namespace pinhole::speech::service
