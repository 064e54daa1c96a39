// SPDX-License-Identifier: Apache-2.0
#include "models/digest.h"

#include <fcntl.h>
#include <openssl/evp.h>
#include <unistd.h>

#include <cerrno>
#include <cstddef>
#include <cstring>
#include <memory>
#include <vector>

#include "system/child_process.h"
#include "system/failure.h"

namespace pinhole::models {

namespace {

using system::Failure;
using system::Printable;

class Digest {
 public:
  explicit Digest(const EVP_MD* kind) : context_(EVP_MD_CTX_new()) {
    Check(context_ != nullptr && EVP_DigestInit_ex(context_.get(), kind, nullptr) == 1);
  }

  void Add(const void* bytes, std::size_t size) {
    Check(EVP_DigestUpdate(context_.get(), bytes, size) == 1);
  }

  std::string Hex() {
    unsigned char bytes[EVP_MAX_MD_SIZE];
    unsigned size = 0;
    Check(EVP_DigestFinal_ex(context_.get(), bytes, &size) == 1);
    constexpr char kDigits[] = "0123456789abcdef";
    std::string hex;
    for (unsigned i = 0; i < size; ++i) {
      hex += kDigits[bytes[i] >> 4];
      hex += kDigits[bytes[i] & 15];
    }
    return hex;
  }

 private:
  struct Free {
    void operator()(EVP_MD_CTX* context) const { EVP_MD_CTX_free(context); }
  };

  static void Check(bool fine) {
    if (!fine) {
      throw Failure(
          "the OpenSSL library of this machine computes no SHA-1 or SHA-256; its configuration "
          "(openssl.cnf) has to allow them");
    }
  }

  std::unique_ptr<EVP_MD_CTX, Free> context_;
};

}  // namespace

Digests DigestsOf(const std::string& path) {
  const system::UniqueFd file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  constexpr std::size_t kPiece = std::size_t{1} << 20;
  std::vector<std::byte> piece(kPiece);
  Digest sha256(EVP_sha256());
  Digest sha1(EVP_sha1());
  for (;;) {
    const ssize_t size = file.get() < 0 ? -1 : ::read(file.get(), piece.data(), piece.size());
    if (size < 0 && errno == EINTR) {
      continue;
    }
    if (size < 0) {
      throw Failure(Printable(path) + ": can't be read: " + std::strerror(errno));
    }
    if (size == 0) {
      return {.sha256 = sha256.Hex(), .sha1 = sha1.Hex()};
    }
    sha256.Add(piece.data(), static_cast<std::size_t>(size));
    sha1.Add(piece.data(), static_cast<std::size_t>(size));
  }
}

bool Match(const Digests& found, const ModelEntry& entry) {
  return found.sha256 == entry.sha256 && (entry.sha1.empty() || found.sha1 == entry.sha1);
}

std::string Difference(const Digests& found, const ModelEntry& entry) {
  if (found.sha256 != entry.sha256) {
    return "SHA-256 " + found.sha256 + ", expected " + std::string(entry.sha256);
  }
  return "SHA-1 " + found.sha1 + ", expected " + std::string(entry.sha1);
}

}  // namespace pinhole::models
