// SPDX-License-Identifier: Apache-2.0
#include "outside/http/message.h"

#include <array>
#include <cstddef>

namespace pinhole::outside::http {

namespace {

std::string_view Reason(unsigned status) {
  switch (status) {
    case 200: return "OK";
    case 303: return "See Other";
    case 400: return "Bad Request";
    case 401: return "Unauthorized";
    case 403: return "Forbidden";
    case 404: return "Not Found";
    case 405: return "Method Not Allowed";
    case 408: return "Request Timeout";
    case 413: return "Content Too Large";
    case 415: return "Unsupported Media Type";
    case 417: return "Expectation Failed";
    case 421: return "Misdirected Request";
    case 431: return "Request Header Fields Too Large";
    case 503: return "Service Unavailable";
    default: return "Error";
  }
}

void AppendHeader(std::string_view name, std::string_view value, std::string& out) {
  out.append(name).append(": ").append(value).append("\r\n");
}

}  // namespace

Reply ErrorReply(unsigned status, std::string_view sentence) {
  Reply reply;
  reply.status = status;
  reply.body =
      "{\"status\":" + std::to_string(status) + ",\"error\":" + JsonString(sentence) + "}\n";
  return reply;
}

std::string Bytes(const Reply& reply, bool head_only) {
  std::string out = "HTTP/1.1 " + std::to_string(reply.status) + " ";
  out.append(Reason(reply.status)).append("\r\n");
  AppendHeader("Content-Type", reply.content_type, out);
  if (!reply.stream) {
    AppendHeader("Content-Length", std::to_string(reply.body.size()), out);
  }
  AppendHeader("Connection", reply.close || reply.stream ? "close" : "keep-alive", out);
  AppendHeader("Cache-Control", "no-store", out);
  AppendHeader("Content-Security-Policy", reply.content_policy, out);
  AppendHeader("X-Content-Type-Options", "nosniff", out);
  AppendHeader("X-Frame-Options", "DENY", out);
  AppendHeader("Referrer-Policy", "no-referrer", out);
  AppendHeader("Cross-Origin-Resource-Policy", "same-origin", out);
  for (const auto& [name, value] : reply.headers) {
    AppendHeader(name, value, out);
  }
  out.append("\r\n");
  if (!head_only) {
    out.append(reply.body);
  }
  return out;
}

std::string JsonString(std::string_view text) {
  constexpr std::array<char, 16> kHex = {'0', '1', '2', '3', '4', '5', '6', '7',
                                         '8', '9', 'a', 'b', 'c', 'd', 'e', 'f'};
  std::string out = "\"";
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\') {
      out += {'\\', c};
    } else if (c == '\n') {
      out += "\\n";
    } else if (byte < 0x20 || byte == 0x7f) {
      out += {'\\', 'u', '0', '0', kHex[byte >> 4U], kHex[byte & 15U]};
    } else {
      out += c;
    }
  }
  return out + '"';
}

std::string HtmlText(std::string_view text) {
  std::string out;
  for (const char c : text) {
    switch (c) {
      case '&': out += "&amp;"; break;
      case '<': out += "&lt;"; break;
      case '>': out += "&gt;"; break;
      case '"': out += "&quot;"; break;
      case '\'': out += "&#39;"; break;
      default: out += c;
    }
  }
  return out;
}

}  // namespace pinhole::outside::http
