// SPDX-License-Identifier: Apache-2.0
#include "speech/service/wyoming_event.h"

#include <algorithm>
#include <utility>

#include "speech/formats/json_text.h"
#include "speech/weights/json_pull.h"

namespace pinhole::speech::service {

namespace {

void ReadText(JsonPull& json, std::optional<std::string>& to) {
  if (json.Peek() != '"') {
    to.reset();
    json.Skip();
    return;
  }
  std::string text;
  if (json.ReadString(text)) {
    to = std::move(text);
  }
}

void ReadNumber(JsonPull& json, std::optional<std::int64_t>& to) {
  const char next = json.Peek();
  if (next != '-' && (next < '0' || next > '9')) {
    to.reset();
    json.Skip();
    return;
  }
  std::int64_t number = 0;
  if (json.ReadInteger(number)) {
    to = number;
  }
}

// null is 0.
void ReadLength(JsonPull& json, std::int64_t& to) {
  if (json.Peek() == 'n') {
    json.Skip();
  } else {
    json.ReadInteger(to);
  }
}

// The members of an object `data`.
void ReadData(JsonPull& json, WyomingEvent& event) {
  std::string key;
  for (json.BeginObject(); json.NextMember(key);) {
    if (key == "name") {
      ReadText(json, event.name);
    } else if (key == "language") {
      ReadText(json, event.language);
    } else if (key == "text") {
      ReadText(json, event.text);
    } else if (key == "rate") {
      ReadNumber(json, event.rate);
    } else if (key == "width") {
      ReadNumber(json, event.width);
    } else if (key == "channels") {
      ReadNumber(json, event.channels);
    } else {
      json.Skip();
    }
  }
}

}  // namespace

WyomingReader::State WyomingReader::Refuse(std::string failure) {
  refused_ = true;
  held_.clear();
  failure_ = std::move(failure);
  return State::kRefused;
}

bool WyomingReader::TakeLine() {
  std::optional<std::string> type;
  std::int64_t data = 0;
  std::int64_t payload = 0;
  JsonPull json(held_);
  std::string key;
  for (json.BeginObject(); json.NextMember(key);) {
    if (key == "type") {
      ReadText(json, type);
    } else if (key == "data" && json.Peek() == '{') {
      ReadData(json, event_);
    } else if (key == "data_length") {
      ReadLength(json, data);
    } else if (key == "payload_length") {
      ReadLength(json, payload);
    } else {
      json.Skip();
    }
  }
  if (!json.Finish() || !type) {
    Refuse(std::string("an event's line is no JSON object with a type: ") + json.failure());
    return false;
  }
  if (data < 0 || data > static_cast<std::int64_t>(kMaxData) || payload < 0 ||
      payload > static_cast<std::int64_t>(kMaxPayload)) {
    Refuse("an event has " + std::to_string(data) + " bytes of data and " +
           std::to_string(payload) + " of payload: at most " + std::to_string(kMaxData) + " and " +
           std::to_string(kMaxPayload) + " are taken");
    return false;
  }
  event_.type = *std::move(type);
  data_left_ = static_cast<std::size_t>(data);
  payload_left_ = static_cast<std::size_t>(payload);
  return true;
}

bool WyomingReader::TakeData() {
  JsonPull json(held_);
  ReadData(json, event_);
  if (!json.Finish()) {
    Refuse(std::string("an event's data is no JSON object: ") + json.failure());
    return false;
  }
  return true;
}

WyomingReader::State WyomingReader::Feed(std::string_view& bytes) {
  if (refused_) {
    return State::kRefused;
  }
  const auto take = [&](std::size_t count, std::string& to) {
    to.append(bytes.substr(0, count));
    bytes.remove_prefix(count);
  };
  if (place_ == Place::kLine) {
    if (held_.empty()) {
      event_ = {};
    }
    const std::size_t end = bytes.find('\n');
    const std::size_t count = std::min(end, bytes.size());
    if (held_.size() + count > kMaxLine) {
      return Refuse("an event's line has more than " + std::to_string(kMaxLine) + " bytes");
    }
    take(count, held_);
    if (end == std::string_view::npos) {
      return State::kMore;
    }
    bytes.remove_prefix(1);
    if (!TakeLine()) {
      return State::kRefused;
    }
    held_.clear();
    place_ = Place::kData;
  }
  if (place_ == Place::kData) {
    const std::size_t count = std::min(data_left_, bytes.size());
    take(count, held_);
    data_left_ -= count;
    if (data_left_ > 0) {
      return State::kMore;
    }
    if (!held_.empty() && !TakeData()) {
      return State::kRefused;
    }
    held_.clear();
    place_ = Place::kPayload;
  }
  const std::size_t count = std::min(payload_left_, bytes.size());
  take(count, event_.payload);
  payload_left_ -= count;
  if (payload_left_ > 0) {
    return State::kMore;
  }
  place_ = Place::kLine;
  return State::kEvent;
}

std::string WyomingBytes(std::string_view type, std::string_view data) {
  std::string bytes = "{\"type\":";
  AppendJson(type, bytes);
  bytes += ",\"data_length\":" + std::to_string(data.size()) + "}\n";
  return bytes + std::string(data);
}

}  // namespace pinhole::speech::service
