// SPDX-License-Identifier: Apache-2.0
#pragma once

// Addresses that may connect: one, or all that begin alike ("192.168.1.0/24").

#include <boost/asio/ip/address.hpp>
#include <string_view>
#include <vector>

#include "base/diagnosis.h"
#include "base/result.h"

namespace pinhole::speech::service {

class Network {
 public:
  // An IP address, or one with the length of its prefix. Errors: kInvalidArgument.
  static base::Result<Network> Parse(std::string_view text, base::Diagnosis& why);

  // An IPv4 address that IPv6 spells ("::ffff:10.0.0.1") is that address.
  [[nodiscard]] bool Contains(const boost::asio::ip::address& address) const;

 private:
  std::vector<unsigned char> bytes_;  // 4 or 16
  unsigned prefix_ = 0;               // bits
};

}  // namespace pinhole::speech::service
