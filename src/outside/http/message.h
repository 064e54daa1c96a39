// SPDX-License-Identifier: Apache-2.0
#pragma once

// What goes back and forth, without sockets: a Request as request_reader.h gives it, a Reply as
// site.h makes it, and the reply's bytes.
//
// A reply is made of what the program itself says; of a request nothing is repeated in it, so no
// text of a stranger's can stand in a header or on a page. Every reply forbids caching, guessing of
// types, framing and use by other sites.

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace pinhole::outside::http {

struct Request {
  std::string method;  // "GET"; any token
  std::string path;    // begins with '/', never decoded
  std::string query;   // what stands behind '?', without it
  std::string host;
  std::string authorization;
  std::string cookie;
  std::string content_type;
  std::string accept;
  std::string fetch_site, fetch_mode;  // Sec-Fetch-Site and -Mode, as browsers send them
  std::string body;
  bool keep_alive = true;
};

struct Reply {
  unsigned status = 200;
  std::string content_type = "application/json";
  std::string body;
  std::vector<std::pair<std::string_view, std::string>> headers;
  std::string content_policy = "default-src 'none'; frame-ancestors 'none'";
  bool close = false;   // the connection ends with it
  bool stream = false;  // the head of an event stream: events follow until either side leaves
};

// {"status":404,"error":"..."} with that status.
Reply ErrorReply(unsigned status, std::string_view sentence);

// The reply as it goes over the wire. To HEAD goes the head alone.
std::string Bytes(const Reply& reply, bool head_only);

// `text` as a JSON string with its quotes. `text` is UTF-8.
std::string JsonString(std::string_view text);

// `text` so that it can stand in HTML, as content and in quoted attributes.
std::string HtmlText(std::string_view text);

}  // namespace pinhole::outside::http
