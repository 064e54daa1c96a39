// SPDX-License-Identifier: Apache-2.0
#include "firmware/person/chip/flash_fetcher.h"

#include "firmware/hal/flash_stream.h"

namespace pinhole::firmware::person {

const pinhole_nn::Fetcher& StartFlashFetcher() {
  static const pinhole_nn::Fetcher fetcher{
      flash_stream_start, [](int left) { flash_stream_wait(static_cast<uint>(left)); }};
  flash_stream_init();
  return fetcher;
}

}  // namespace pinhole::firmware::person
