// SPDX-License-Identifier: Apache-2.0
#pragma once

// The secret that lets a client in: read from a file, found in a request, compared.
//
// A token has 16 to 256 characters of A-Z a-z 0-9 . _ ~ + / = - (RFC 6750's, so that it passes
// through headers, cookies and addresses unharmed). Comparing takes the same time whatever the
// given text is, except for its length. No sentence ever repeats a token.

#include <string>
#include <string_view>

#include "base/diagnosis.h"
#include "base/result.h"

namespace pinhole::outside::http {

inline constexpr std::size_t kMinToken = 16;
inline constexpr std::size_t kMaxToken = 256;

// The first line of `path`, without spaces around it. Errors: kNotFound (no such file, or not to be
// read), kInvalidArgument (too short, too long, or another character).
base::Result<std::string> ReadToken(const std::string& path, base::Diagnosis& why);

bool SameToken(std::string_view expected, std::string_view given);

// The value of `name` in "a=1&name=value", with %XX decoded; empty where there is none. '+' is
// itself, since tokens hold no spaces.
std::string FormValue(std::string_view form, std::string_view name);

// The value of `name` in "a=1; name=value"; empty where there is none.
std::string_view CookieValue(std::string_view cookies, std::string_view name);

// What follows "Bearer " in an Authorization line; empty where it is of another kind.
std::string_view BearerToken(std::string_view authorization);

}  // namespace pinhole::outside::http
