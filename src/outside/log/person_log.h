// SPDX-License-Identifier: Apache-2.0
#pragma once

// Person records as lines: one that people read, one of JSON that programs read, and what is new.
//
//   somebody, 1 face: 91 % sure, 20 to 45 % across, 30 to 62 % down, facing
//   {"reading":true,"present":true,"faces":[{"confidence":0.910,"box":[0.200,0.302,0.451,0.620],
//    "facing":true}]}                                                           (in one line)
//
// Places are parts of the frame, from its left and upper edge; a JSON box is left, top, right,
// bottom. Numbers are made of the record's bytes by integer arithmetic: the same record gives the
// same line everywhere, and JSON's three decimals give each byte back (value * 255, rounded). JSON
// has the keys above always, and "id" with "id_confidence" for a face that was recognised.
//
// This is outside: it knows records, and nothing of where they come from. No heap: lines go to the
// caller's buffer, with no newline and no NUL behind them.

#include <cstddef>
#include <span>
#include <string_view>

#include "facts/person_facts.h"

namespace pinhole::outside::log {

inline constexpr std::size_t kMaxTextLine = 400;
inline constexpr std::size_t kMaxJsonLine = 480;

// `facts` is canonical (facts/person_codec.h). The line is valid as long as `out`.
std::string_view TextLine(const facts::PersonFacts& facts, std::span<char, kMaxTextLine> out);
std::string_view JsonLine(const facts::PersonFacts& facts, std::span<char, kMaxJsonLine> out);

// What happened between two records in a few words ("somebody came"), the most important first;
// empty where nothing did. Places and confidences move from frame to frame and are no news; nor is
// the order of faces. Before the first record there is PersonFacts{}, no reading.
std::string_view WhatChanged(const facts::PersonFacts& before, const facts::PersonFacts& now);

}  // namespace pinhole::outside::log
