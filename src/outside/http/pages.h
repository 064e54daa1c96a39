// SPDX-License-Identifier: Apache-2.0
#pragma once

// dashboard.html and login.html, as embed_page.cmake put them into the program. {{name}},
// {{label}},
// {{profile}}, {{tick_ms}} and {{message}} in them stand for text that site.cc fills in; never
// inside style or script, whose hashes a browser checks.

#include <string_view>

namespace pinhole::outside::http {

struct Page {
  std::string_view html;
  // What a Content-Security-Policy names: 'sha256-...'. No script: empty.
  std::string_view style_hash, script_hash;
};

extern const Page kDashboardPage;
extern const Page kLoginPage;

}  // namespace pinhole::outside::http
