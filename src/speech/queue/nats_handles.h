// SPDX-License-Identifier: Apache-2.0
#pragma once

// The C library's objects with an owner each.

#include <nats/nats.h>

#include <memory>

namespace pinhole::speech::queue {

template <auto kFree>
struct Freed {
  template <typename Thing>
  void operator()(Thing* thing) const {
    kFree(thing);
  }
};

template <typename Thing, auto kFree>
using Handle = std::unique_ptr<Thing, Freed<kFree>>;

using Options = Handle<natsOptions, natsOptions_Destroy>;
using Server = Handle<natsConnection, natsConnection_Destroy>;
using JetStream = Handle<jsCtx, jsCtx_Destroy>;
using Message = Handle<natsMsg, natsMsg_Destroy>;
using Subscription = Handle<natsSubscription, natsSubscription_Destroy>;
using Store = Handle<kvStore, kvStore_Destroy>;
using Entry = Handle<kvEntry, kvEntry_Destroy>;
using Watcher = Handle<kvWatcher, kvWatcher_Destroy>;

// `make(&raw)` -> the object, or none; the status goes to `status`.
template <typename Owner, typename Make>
Owner Made(natsStatus& status, const Make& make) {
  typename Owner::pointer raw = nullptr;
  status = make(&raw);
  return Owner(status == NATS_OK ? raw : nullptr);
}

}  // namespace pinhole::speech::queue
