// SPDX-License-Identifier: Apache-2.0
#include "speech/service/network.h"

#include <algorithm>
#include <charconv>
#include <cstddef>
#include <string>

namespace pinhole::speech::service {

namespace ip = boost::asio::ip;

namespace {

std::vector<unsigned char> BytesOf(const ip::address& address) {
  const auto vector = [](const auto& bytes) {
    return std::vector<unsigned char>(bytes.begin(), bytes.end());
  };
  if (address.is_v4()) {
    return vector(address.to_v4().to_bytes());
  }
  if (address.to_v6().is_v4_mapped()) {
    return vector(ip::make_address_v4(ip::v4_mapped, address.to_v6()).to_bytes());
  }
  return vector(address.to_v6().to_bytes());
}

}  // namespace

base::Result<Network> Network::Parse(std::string_view text, base::Diagnosis& why) {
  const auto fail = [&] {
    return why.Fail(base::Error::kInvalidArgument, "'", text.substr(0, 64),
                    "' is no IP address, and no network such as 192.168.1.0/24");
  };
  const std::size_t slash = std::min(text.find('/'), text.size());
  boost::system::error_code error;
  const ip::address address = ip::make_address(std::string(text.substr(0, slash)), error);
  if (error) {
    return fail();
  }
  Network network;
  network.bytes_ = BytesOf(address);
  const auto bits = static_cast<unsigned>(8 * network.bytes_.size());
  network.prefix_ = bits;
  if (slash < text.size()) {
    const char* const end = text.data() + text.size();
    const auto [after, failed] = std::from_chars(text.data() + slash + 1, end, network.prefix_);
    if (failed != std::errc() || after != end || network.prefix_ > bits) {
      return fail();
    }
  }
  return network;
}

bool Network::Contains(const ip::address& address) const {
  const std::vector<unsigned char> other = BytesOf(address);
  if (other.size() != bytes_.size()) {
    return false;
  }
  for (unsigned bit = 0; bit < prefix_; bit += 8) {
    const unsigned mask = prefix_ - bit >= 8 ? 0xFFU : 0xFFU << (8 - (prefix_ - bit)) & 0xFFU;
    if (((other[bit / 8] ^ bytes_[bit / 8]) & mask) != 0) {
      return false;
    }
  }
  return true;
}

}  // namespace pinhole::speech::service
