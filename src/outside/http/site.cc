// SPDX-License-Identifier: Apache-2.0
#include "outside/http/site.h"

#include <algorithm>
#include <array>
#include <string_view>
#include <utility>

#include "outside/http/http_limits.h"
#include "outside/http/pages.h"
#include "outside/http/token.h"
#include "outside/log/person_log.h"

namespace pinhole::outside::http {

namespace {

enum class Place { kDashboard, kEvents, kFacts, kHistory, kLabel, kMetrics, kHealth, kLogin };

struct Route {
  std::string_view path;
  Place place;
  bool post;  // POST and nothing else; the others: GET and HEAD
};

constexpr std::array<Route, 8> kRoutes = {{{"/", Place::kDashboard, false},
                                           {"/events", Place::kEvents, false},
                                           {"/api/v1/facts", Place::kFacts, false},
                                           {"/api/v1/history", Place::kHistory, false},
                                           {"/api/v1/label", Place::kLabel, false},
                                           {"/metrics", Place::kMetrics, false},
                                           {"/health", Place::kHealth, false},
                                           {"/login", Place::kLogin, true}}};

const Route* RouteOf(std::string_view path) {
  const auto* const found = std::find_if(kRoutes.begin(), kRoutes.end(),
                                         [&](const Route& route) { return route.path == path; });
  return found == kRoutes.end() ? nullptr : found;
}

bool Allows(const Route& route, std::string_view method) {
  return route.post ? method == "POST" : method == "GET" || method == "HEAD";
}

std::string JsonOf(const facts::PersonFacts& facts) {
  std::array<char, log::kMaxJsonLine> line;
  return std::string(log::JsonLine(facts, line));
}

// `html` with each {{name}} replaced by what `text_of` gives for the name. What was put in is not
// looked at again.
template <typename TextOf>
std::string Filled(std::string_view html, TextOf text_of) {
  std::string out;
  for (std::size_t at = html.find("{{"); at != std::string_view::npos; at = html.find("{{")) {
    const std::size_t end = html.find("}}", at);
    out.append(html.substr(0, at)).append(text_of(html.substr(at + 2, end - at - 2)));
    html = html.substr(end + 2);
  }
  return out.append(html);
}

// Calls `use` with each line of `text` that is not empty.
template <typename Use>
void ForEachLine(std::string_view text, Use use) {
  while (!text.empty()) {
    const std::size_t end = text.find('\n');
    if (const std::string_view line = text.substr(0, end); !line.empty()) {
      use(line);
    }
    text = end == std::string_view::npos ? std::string_view() : text.substr(end + 1);
  }
}

// "grade: A" as a term and its description, other lines as they are.
std::string LabelHtml(std::string_view label) {
  std::string html;
  ForEachLine(label, [&html](std::string_view line) {
    const std::size_t colon = line.find(": ");
    if (colon == std::string_view::npos) {
      html += "<div><dd>" + HtmlText(line) + "</dd></div>";
    } else {
      html += "<div><dt>" + HtmlText(line.substr(0, colon)) + "</dt><dd>" +
              HtmlText(line.substr(colon + 2)) + "</dd></div>";
    }
  });
  return html;
}

std::string TickMs(std::chrono::microseconds tick) {
  return std::to_string((tick.count() + 500) / 1000);
}

std::string PagePolicy(const Page& page, std::string_view more) {
  std::string policy = "default-src 'none'; base-uri 'none'; frame-ancestors 'none'; style-src ";
  policy.append(page.style_hash);
  if (!page.script_hash.empty()) {
    policy.append("; script-src ").append(page.script_hash);
  }
  return policy.append(more);
}

void AppendMetric(std::string_view name, std::string_view type, std::string_view help,
                  std::uint64_t value, std::string& out) {
  out.append("# HELP pinhole_").append(name).append(" ").append(help).append("\n");
  out.append("# TYPE pinhole_").append(name).append(" ").append(type).append("\n");
  out.append("pinhole_").append(name).append(" ").append(std::to_string(value)).append("\n");
}

bool IsLoopbackName(std::string_view name) {
  std::string lower(name);
  std::transform(lower.begin(), lower.end(), lower.begin(), [](char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  });
  const bool is_127 =
      lower.starts_with("127.") && lower.find_first_not_of("0123456789.") == std::string::npos;
  return lower == "localhost" || lower == "[::1]" || is_127;
}

}  // namespace

Site::Site(SiteOptions options) : options_(std::move(options)), history_(options_.tick) {
  std::string label = LabelHtml(options_.label);
  if (label.empty()) {
    label = LabelHtml("profile: " + options_.profile);
  }
  dashboard_ = Filled(kDashboardPage.html, [&](std::string_view name) {
    return name == "label"     ? label
           : name == "profile" ? HtmlText(options_.profile)
           : name == "tick_ms" ? TickMs(options_.tick)
                               : HtmlText(options_.sensor_name);
  });
}

void Site::Take(const facts::PersonFacts& facts, Clock::time_point now) {
  newest_ = facts;
  last_tick_ = now;
  ++ticks_;
  history_.Add(facts, now);
}

Reply Site::Answer(const Request& request, Clock::time_point now, const Traffic& traffic) const {
  if (!HostAllowed(request.host)) {
    return ErrorReply(421, "this sensor answers on this machine only: call it localhost");
  }
  const bool elsewhere = request.fetch_site == "cross-site" || request.fetch_site == "same-site";
  if (elsewhere && request.fetch_mode != "navigate") {
    return ErrorReply(403, "other web sites may not read this sensor");
  }
  const Route* const route = RouteOf(request.path);
  const bool is_login = route != nullptr && route->place == Place::kLogin;
  if (!is_login && !TokenGiven(request)) {
    const std::string given = FormValue(request.query, "token");
    if (request.path == "/" && SameToken(options_.token, given)) {
      return WelcomeWithCookie();
    }
    return Unauthorised(request, !given.empty());
  }
  if (route == nullptr) {
    return ErrorReply(404,
                      "there is nothing here; there are /, /events, /api/v1/facts, "
                      "/api/v1/history, /api/v1/label, /metrics and /health");
  }
  if (!Allows(*route, request.method)) {
    Reply reply = ErrorReply(
        405, route->post ? "only POST is allowed here" : "only GET and HEAD are allowed here");
    reply.headers.emplace_back("Allow", route->post ? "POST" : "GET, HEAD");
    return reply;
  }
  switch (route->place) {
    case Place::kDashboard:
      // An address with a token in it does not stay in the browser's bar.
      return !options_.token.empty() && !FormValue(request.query, "token").empty()
                 ? WelcomeWithCookie()
                 : Dashboard();
    case Place::kEvents: return Events(now, traffic);
    case Place::kFacts: {
      Reply reply;
      reply.body = JsonOf(Current(now)) + "\n";
      return reply;
    }
    case Place::kHistory: return HistoryJson(now);
    case Place::kLabel: return Label();
    case Place::kMetrics: return Metrics(now, traffic);
    case Place::kHealth: return Health(now);
    case Place::kLogin: return Login(request);
  }
  return ErrorReply(404, "there is nothing here");
}

std::string Site::Event(Clock::time_point now) const {
  return "id: " + std::to_string(ticks_) + "\nevent: facts\ndata: " + JsonOf(Current(now)) + "\n\n";
}

Clock::duration Site::patience() const {
  return std::chrono::duration_cast<Clock::duration>(options_.tick * kStaleTicks +
                                                     std::chrono::seconds(1));
}

facts::PersonFacts Site::Current(Clock::time_point now) const {
  return Ticking(now) ? newest_ : facts::PersonFacts{};
}

bool Site::Ticking(Clock::time_point now) const {
  return last_tick_ && now - *last_tick_ < patience();
}

bool Site::HostAllowed(std::string_view host) const {
  if (!options_.loopback) {
    return true;  // a token is needed there, and a stranger's page has none
  }
  std::string_view name = host;
  const std::size_t colon = host.rfind(':');
  if (colon != std::string_view::npos &&
      host.find_first_not_of("0123456789", colon + 1) == std::string_view::npos) {
    name = host.substr(0, colon);
  }
  const bool is_own = name == options_.address || name == "[" + options_.address + "]";
  return is_own || IsLoopbackName(name);
}

bool Site::TokenGiven(const Request& request) const {
  if (options_.token.empty()) {
    return true;
  }
  const bool in_header = SameToken(options_.token, BearerToken(request.authorization));
  const bool in_cookie = SameToken(options_.token, CookieValue(request.cookie, CookieName()));
  return in_header || in_cookie;
}

std::string Site::CookieName() const { return "pinhole_" + std::to_string(options_.port); }

Reply Site::Unauthorised(const Request& request, bool wrong_token) const {
  Reply reply;
  if (request.path == "/" && request.accept.find("text/html") != std::string::npos) {
    reply = LoginPage(wrong_token);
  } else {
    reply = ErrorReply(401,
                       "this sensor wants its token: send the header Authorization: Bearer TOKEN, "
                       "or open / in a browser");
  }
  reply.headers.emplace_back("WWW-Authenticate", "Bearer realm=\"pinhole\"");
  return reply;
}

Reply Site::WelcomeWithCookie() const {
  Reply reply;
  reply.status = 303;
  reply.content_type = "text/plain; charset=utf-8";
  reply.headers.emplace_back("Location", "/");
  reply.headers.emplace_back("Set-Cookie",
                             CookieName() + "=" + options_.token +
                                 "; Path=/; Max-Age=31536000; HttpOnly; SameSite=Strict");
  return reply;
}

Reply Site::Login(const Request& request) const {
  if (!request.content_type.starts_with("application/x-www-form-urlencoded")) {
    return ErrorReply(415, "the token comes as a form: token=TOKEN");
  }
  if (options_.token.empty()) {
    Reply reply;
    reply.status = 303;
    reply.content_type = "text/plain; charset=utf-8";
    reply.headers.emplace_back("Location", "/");
    return reply;
  }
  if (SameToken(options_.token, FormValue(request.body, "token"))) {
    return WelcomeWithCookie();
  }
  Reply reply = LoginPage(/*wrong_token=*/true);
  reply.headers.emplace_back("WWW-Authenticate", "Bearer realm=\"pinhole\"");
  return reply;
}

Reply Site::LoginPage(bool wrong_token) const {
  Reply reply;
  reply.status = 401;
  reply.content_type = "text/html; charset=utf-8";
  reply.body = Filled(kLoginPage.html, [&](std::string_view name) -> std::string {
    if (name == "name") {
      return HtmlText(options_.sensor_name);
    }
    return wrong_token ? "That is not this sensor’s token." : "";
  });
  reply.content_policy = PagePolicy(kLoginPage, "; form-action 'self'; img-src data:");
  return reply;
}

Reply Site::Dashboard() const {
  Reply reply;
  reply.content_type = "text/html; charset=utf-8";
  reply.body = dashboard_;
  reply.content_policy = PagePolicy(kDashboardPage,
                                    "; connect-src 'self'; img-src data:; form-action 'none'; "
                                    "require-trusted-types-for 'script'; trusted-types 'none'");
  return reply;
}

Reply Site::Events(Clock::time_point now, const Traffic& traffic) const {
  if (traffic.streams >= kMaxStreams) {
    Reply reply = ErrorReply(503, "32 clients listen already: try again later");
    reply.headers.emplace_back("Retry-After", "10");
    return reply;
  }
  Reply reply;
  reply.stream = true;
  reply.content_type = "text/event-stream; charset=utf-8";
  reply.headers.emplace_back("X-Accel-Buffering", "no");
  reply.body = "retry: 2000\n\n" + Event(now);
  return reply;
}

Reply Site::HistoryJson(Clock::time_point now) const {
  Reply reply;
  reply.body = "{\"id\":" + std::to_string(ticks_) + ",\"tick_ms\":" + TickMs(options_.tick) +
               ",\"size\":" + std::to_string(history_.size()) + ",\"ticks\":\"" +
               history_.Text(now) + "\"}\n";
  return reply;
}

Reply Site::Label() const {
  Reply reply;
  reply.body = "{\"name\":" + JsonString(options_.sensor_name) +
               ",\"profile\":" + JsonString(options_.profile) +
               ",\"tick_ms\":" + TickMs(options_.tick) + ",\"label\":[";
  bool first = true;
  ForEachLine(options_.label, [&](std::string_view line) {
    reply.body += (first ? "" : ",") + JsonString(line);
    first = false;
  });
  reply.body += "]}\n";
  return reply;
}

Reply Site::Metrics(Clock::time_point now, const Traffic& traffic) const {
  const facts::PersonFacts facts = Current(now);
  Reply reply;
  reply.content_type = "text/plain; version=0.0.4; charset=utf-8";
  std::string& out = reply.body;
  AppendMetric("reading", "gauge", "1 where the sensor has a reading.", facts.reading, out);
  AppendMetric("present", "gauge", "1 where somebody is there; 0 also without a reading.",
               facts.present, out);
  AppendMetric("faces", "gauge", "Faces that are named.", facts.count, out);
  AppendMetric("ticks_total", "counter", "Records that came since the start.", ticks_, out);
  AppendMetric("http_connections", "gauge", "Connections that are open.", traffic.connections, out);
  AppendMetric("http_clients", "gauge", "Clients that listen to events.", traffic.streams, out);
  AppendMetric("http_requests_total", "counter", "Requests that were answered.", traffic.requests,
               out);
  AppendMetric("http_events_sent_total", "counter", "Events that were sent, to all clients.",
               traffic.events_sent, out);
  AppendMetric("http_clients_dropped_total", "counter", "Clients dropped for reading too slowly.",
               traffic.clients_dropped, out);
  return reply;
}

Reply Site::Health(Clock::time_point now) const {
  const bool ticking = Ticking(now);
  const bool reading = Current(now).reading != 0;
  Reply reply;
  reply.status = reading ? 200 : 503;
  const auto truth = [](bool value) { return value ? "true" : "false"; };
  reply.body = std::string("{\"healthy\":") + truth(reading) + ",\"ticking\":" + truth(ticking) +
               ",\"reading\":" + truth(reading) + "}\n";
  return reply;
}

}  // namespace pinhole::outside::http
