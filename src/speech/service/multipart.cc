// SPDX-License-Identifier: Apache-2.0
#include "speech/service/multipart.h"

#include <algorithm>
#include <utility>

namespace pinhole::speech::service {

namespace {

constexpr std::size_t kMaxName = 128;
constexpr std::size_t kMaxFileName = 255;

char Lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; }

bool SameWord(std::string_view a, std::string_view b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                    [](char x, char y) { return Lower(x) == Lower(y); });
}

std::string_view Trimmed(std::string_view text) {
  const std::size_t begin = text.find_first_not_of(" \t");
  return begin == std::string_view::npos
             ? std::string_view()
             : text.substr(begin, text.find_last_not_of(" \t") - begin + 1);
}

bool IsBoundaryCharacter(char c) {
  return (c >= '0' && c <= '9') || (Lower(c) >= 'a' && Lower(c) <= 'z') ||
         std::string_view("'()+_,-./:=? ").find(c) != std::string_view::npos;
}

bool IsTokenCharacter(char c) {
  return c > ' ' && c < 0x7F &&
         std::string_view("()<>@,;:\\\"/[]?={}").find(c) == std::string_view::npos;
}

// `;name=value` and `;name="value"`, one after the other.
class Parameters {
 public:
  explicit Parameters(std::string_view text) : text_(text) {}

  // False at the end, and where it is none: is_sound() tells these apart.
  bool Next(std::string_view& name, std::string& value) {
    text_ = Trimmed(text_);
    if (text_.empty()) {
      return false;
    }
    sound_ = false;
    if (text_.front() != ';') {
      return false;
    }
    text_ = Trimmed(text_.substr(1));
    const auto end = std::find_if_not(text_.begin(), text_.end(), IsTokenCharacter);
    name = text_.substr(0, static_cast<std::size_t>(end - text_.begin()));
    text_.remove_prefix(name.size());
    if (name.empty() || text_.empty() || text_.front() != '=') {
      return false;
    }
    text_.remove_prefix(1);
    value.clear();
    sound_ = !text_.empty() && text_.front() == '"' ? Quoted(value) : Word(value);
    return sound_;
  }
  [[nodiscard]] bool is_sound() const { return sound_; }

 private:
  bool Word(std::string& value) {
    const std::size_t end = std::min(text_.find_first_of("; \t"), text_.size());
    value = text_.substr(0, end);
    text_.remove_prefix(end);
    return !value.empty() && std::all_of(value.begin(), value.end(), IsTokenCharacter);
  }
  // Some clients write a quote as \", others as %22; a backslash before anything else is itself.
  bool Quoted(std::string& value) {
    for (std::size_t i = 1; i < text_.size(); ++i) {
      if (text_[i] == '"') {
        text_.remove_prefix(i + 1);
        return true;
      }
      const bool is_escape =
          text_[i] == '\\' && i + 1 < text_.size() && (text_[i + 1] == '"' || text_[i + 1] == '\\');
      value += text_[is_escape ? ++i : i];
    }
    return false;
  }

  std::string_view text_;
  bool sound_ = true;
};

std::string LastComponent(std::string_view path) {
  const std::size_t slash = path.find_last_of("/\\");
  return std::string(slash == std::string_view::npos ? path : path.substr(slash + 1))
      .substr(0, kMaxFileName);
}

bool ReadDisposition(std::string_view value, MultipartReader::Part& part,
                     std::string_view& failure) {
  const std::size_t end = std::min(value.find(';'), value.size());
  if (!SameWord(Trimmed(value.substr(0, end)), "form-data")) {
    failure = "a part's Content-Disposition is not form-data";
    return false;
  }
  bool named = false;
  Parameters parameters(value.substr(end));
  std::string_view name;
  std::string given;
  while (parameters.Next(name, given)) {
    if (SameWord(name, "name")) {
      if (std::exchange(named, true)) {
        failure = "a part has two names";
        return false;
      }
      part.name = given;
    } else if (SameWord(name, "filename")) {
      part.is_file = true;
      part.file_name = LastComponent(given);
    } else if (SameWord(name, "filename*")) {
      part.is_file = true;  // its spelling is another; the name is only for messages
    }
  }
  if (!parameters.is_sound()) {
    failure = "a part's Content-Disposition can't be read";
    return false;
  }
  if (!named || part.name.empty() || part.name.size() > kMaxName) {
    failure = "a part has no name, or one of more than 128 bytes";
    return false;
  }
  return true;
}

}  // namespace

std::optional<std::string> MultipartBoundary(std::string_view content_type) {
  const std::size_t end = std::min(content_type.find(';'), content_type.size());
  if (!SameWord(Trimmed(content_type.substr(0, end)), "multipart/form-data")) {
    return std::nullopt;
  }
  Parameters parameters(content_type.substr(end));
  std::string_view name;
  std::string value;
  std::string boundary;
  while (parameters.Next(name, value)) {
    if (SameWord(name, "boundary")) {
      boundary = value;
    }
  }
  const bool is_sound = parameters.is_sound() && boundary.size() <= MultipartReader::kMaxBoundary &&
                        std::all_of(boundary.begin(), boundary.end(), IsBoundaryCharacter) &&
                        !boundary.ends_with(' ');
  return is_sound ? boundary : std::string();
}

std::optional<MultipartReader::Part> ReadPartHead(std::string_view head,
                                                  std::string_view& failure) {
  MultipartReader::Part part;
  bool disposed = false;
  while (!head.empty()) {
    const std::size_t end = std::min(head.find("\r\n"), head.size());
    const std::string_view line = head.substr(0, end);
    head.remove_prefix(std::min(end + 2, head.size()));
    const std::size_t colon = line.find(':');
    if (colon == std::string_view::npos || colon == 0 ||
        !std::all_of(line.begin(), line.begin() + static_cast<std::ptrdiff_t>(colon),
                     IsTokenCharacter)) {
      failure = "a part's head has a line that is no header";
      return std::nullopt;
    }
    const std::string_view value = Trimmed(line.substr(colon + 1));
    if (value.find_first_of(std::string_view("\r\n\0", 3)) != std::string_view::npos) {
      failure = "a part's head has a line that is no header";
      return std::nullopt;
    }
    if (SameWord(line.substr(0, colon), "content-disposition")) {
      if (std::exchange(disposed, true)) {
        failure = "a part has two of Content-Disposition";
        return std::nullopt;
      }
      if (!ReadDisposition(value, part, failure)) {
        return std::nullopt;
      }
    } else if (SameWord(line.substr(0, colon), "content-transfer-encoding") &&
               !SameWord(value, "binary") && !SameWord(value, "8bit") && !SameWord(value, "7bit")) {
      failure = "a part has a Content-Transfer-Encoding, which forms don't have";
      return std::nullopt;
    }
  }
  if (!disposed) {
    failure = "a part has no Content-Disposition";
    return std::nullopt;
  }
  return part;
}

// The first boundary needs no line before it: the line end is put in front of everything.
MultipartReader::MultipartReader(std::string_view boundary, Sink& sink)
    : delimiter_("\r\n--" + std::string(boundary)), sink_(sink), held_("\r\n") {}

MultipartReader::State MultipartReader::Feed(std::string_view bytes) {
  if (state_ != State::kMore) {
    return state_;
  }
  held_ += bytes;
  while (Step()) {
  }
  return state_;
}

bool MultipartReader::Refuse(std::string_view failure) {
  state_ = State::kRefused;
  failure_ = failure;
  held_.clear();
  return false;
}

bool MultipartReader::Step() {
  switch (place_) {
    case Place::kPreamble:
    case Place::kData: return PassContent();
    case Place::kBehindBoundary: return PassBoundaryEnd();
    case Place::kHead: return PassHead();
  }
  return false;
}

bool MultipartReader::PassContent() {
  const bool is_data = place_ == Place::kData;
  const std::size_t found = held_.find(delimiter_);
  // Without a boundary in it: the last bytes may be the beginning of one.
  const std::size_t certain = found != std::string::npos ? found
                              : held_.size() < delimiter_.size()
                                  ? 0
                                  : held_.size() - delimiter_.size() + 1;
  if (is_data && certain > 0 && !sink_.Data(std::string_view(held_).substr(0, certain))) {
    return Refuse({});
  }
  held_.erase(0, certain);
  if (found == std::string::npos) {
    return false;
  }
  held_.erase(0, delimiter_.size());
  if (is_data && !sink_.EndPart()) {
    return Refuse({});
  }
  place_ = Place::kBehindBoundary;
  return true;
}

bool MultipartReader::PassBoundaryEnd() {
  if (held_.starts_with("--")) {
    state_ = State::kDone;
    held_.clear();
    return false;
  }
  const std::size_t blanks = std::min(held_.find_first_not_of(" \t"), held_.size());
  const std::string_view rest = std::string_view(held_).substr(blanks);
  if (blanks > kMaxBoundary) {
    return Refuse("a boundary is followed by too many blanks");
  }
  if (rest.starts_with("\r\n")) {
    held_.erase(0, blanks);  // the line end stays, so that a head without lines ends at once
    place_ = Place::kHead;
    return true;
  }
  const bool may_become = rest.empty() || rest == "\r" || (blanks == 0 && rest == "-");
  return may_become ? false : Refuse("a boundary is followed by other characters");
}

bool MultipartReader::PassHead() {
  const std::size_t end = held_.find("\r\n\r\n");
  // Of what has no end yet, three bytes may belong to it.
  const bool is_over = end == std::string::npos ? held_.size() > kMaxHead + 3 : end > kMaxHead;
  if (is_over) {
    return Refuse("a part's head has more than 4096 bytes");
  }
  if (end == std::string::npos) {
    return false;
  }
  if (++parts_ > kMaxParts) {
    return Refuse("the form has more than 64 parts");
  }
  std::string_view failure;
  const std::size_t begin = std::min<std::size_t>(2, end);
  const auto part = ReadPartHead(std::string_view(held_).substr(begin, end - begin), failure);
  if (!part) {
    return Refuse(failure);
  }
  if (!sink_.BeginPart(*part)) {
    return Refuse({});
  }
  held_.erase(0, end + 4);
  place_ = Place::kData;
  return true;
}

}  // namespace pinhole::speech::service
