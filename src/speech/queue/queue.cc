// SPDX-License-Identifier: Apache-2.0
#include "speech/queue/queue.h"

#include "system/failure.h"

#ifndef PINHOLE_HAS_NATS

namespace pinhole::speech::queue {

class Queue::Connection {};

namespace {

[[noreturn]] void NotBuilt() {
  throw system::Failure(
      "this build can't work from a queue; install libnats-dev and build Pinhole again");
}

}  // namespace

bool HasQueue() { return false; }
Queue::Queue(const QueueOptions&) { NotBuilt(); }
Queue::~Queue() = default;
Submitted Queue::Submit(const Job&) { NotBuilt(); }
void Queue::RunWorker(const Hear&, const std::atomic<bool>&, const WorkerEvents&, bool) {
  NotBuilt();
}
std::size_t Queue::Collect(std::set<std::string>, const std::function<void(const JobResult&)>&,
                           const std::atomic<bool>&) {
  NotBuilt();
}
std::optional<JobResult> Queue::ResultOf(const std::string&) { NotBuilt(); }
void Queue::Forget(const std::string&) { NotBuilt(); }

}  // namespace pinhole::speech::queue

#else

#include <unistd.h>

#include <algorithm>
#include <condition_variable>
#include <cstring>
#include <exception>
#include <mutex>
#include <thread>
#include <utility>
#include <vector>

#include "speech/queue/nats_handles.h"

namespace pinhole::speech::queue {

namespace {

using std::chrono::milliseconds;
using system::Failure;
using system::Printable;

// How long the servers may take to agree on something, a new leader among them.
constexpr int kTries = 20;
constexpr milliseconds kBetweenTries{500};
constexpr std::int64_t kAnswerMs = 5000;
constexpr std::int64_t kFetchMs = 1000;
constexpr std::int64_t kNanosecondsAMs = 1000000;

std::string Said(natsStatus status, int code = 0) {
  std::string text = natsStatus_GetText(status);
  if (const char* const detail = nats_GetLastError(nullptr); detail != nullptr && *detail != '\0') {
    text += std::string(" (") + detail + ")";
  }
  return Printable(text + (code != 0 ? " [" + std::to_string(code) + "]" : ""));
}

std::vector<std::string> Split(const std::string& servers) {
  std::vector<std::string> list;
  for (std::size_t begin = 0; begin <= servers.size();) {
    const std::size_t end = std::min(servers.find(',', begin), servers.size());
    if (end > begin) {
      list.push_back(servers.substr(begin, end - begin));
    }
    begin = end + 1;
  }
  return list;
}

// "host-4711", of characters that JSON takes as they are.
std::string WorkerName() {
  char host[65] = {};
  ::gethostname(host, sizeof host - 1);
  std::string name = std::string(host) + "-" + std::to_string(::getpid());
  std::ranges::replace_if(name, [](char c) { return c < '!' || c > '~'; }, '?');
  return name;
}

std::string_view DataOf(natsMsg* message) {
  return {natsMsg_GetData(message), static_cast<std::size_t>(natsMsg_GetDataLength(message))};
}

JobResult ReadEntry(kvEntry& entry) {
  base::Diagnosis why;
  const auto* const data = static_cast<const char*>(kvEntry_Value(&entry));
  auto result = ReadResult({data, static_cast<std::size_t>(kvEntry_ValueLen(&entry))}, why);
  if (!result) {  // not one of ours
    return {.id = kvEntry_Key(&entry),
            .text = "the result can't be read: " + std::string(why.text())};
  }
  return std::move(result).value();
}

// Tells the servers, from a thread of its own, that a job is being heard.
class Heartbeat {
 public:
  Heartbeat(natsMsg* message, milliseconds period)
      : beating_([this, message, period] { Beat(message, period); }) {}
  ~Heartbeat() {
    {
      const std::lock_guard lock(mutex_);
      ended_ = true;
    }
    changed_.notify_all();
    beating_.join();
  }
  Heartbeat(const Heartbeat&) = delete;
  Heartbeat& operator=(const Heartbeat&) = delete;

 private:
  void Beat(natsMsg* message, milliseconds period) {
    std::unique_lock lock(mutex_);
    while (!changed_.wait_for(lock, period, [this] { return ended_; })) {
      natsMsg_InProgress(message, nullptr);  // what is lost is said again in a moment
    }
  }

  std::mutex mutex_;
  std::condition_variable changed_;
  bool ended_ = false;
  std::thread beating_;
};

}  // namespace

bool HasQueue() { return true; }

class Queue::Connection {
 public:
  explicit Connection(QueueOptions options) : options_(std::move(options)) {
    if (!IsId(options_.name)) {
      throw Failure("a queue's name has 1 to " + std::to_string(kMaxId) +
                    " letters, digits, '-' and '_'");
    }
    Connect();
    MakeJobs();
    MakeResults();
  }

  Submitted Submit(Job job);
  void Work(const Hear& hear, const std::atomic<bool>& stop, const WorkerEvents& events,
            bool until_empty);
  std::size_t Collect(std::set<std::string> ids, const std::function<void(const JobResult&)>& give,
                      const std::atomic<bool>& stop);
  std::optional<JobResult> ResultOf(const std::string& id);
  void Forget(const std::string& id);

 private:
  // What one message came to: its result, where there is one to be stored.
  struct Tried {
    std::optional<JobResult> result = {};
    bool again = false;
  };

  void Connect();
  void MakeJobs();
  void MakeResults();
  Subscription Subscribe();
  Watcher Watch();
  bool IsEmpty();
  // Tries `step` until the servers are of one mind; throws what `what` was not to be.
  void Insist(const std::string& what, const std::function<natsStatus(jsErrCode*)>& step);
  [[nodiscard]] std::string Jobs() const { return options_.name + "_jobs"; }
  [[nodiscard]] std::string Results() const { return options_.name + "_results"; }
  [[nodiscard]] std::string SubjectOf(const std::string& id) const { return Jobs() + "." + id; }

  void Settle(natsMsg* message, const Hear& hear, const std::atomic<bool>& stop,
              const WorkerEvents& events);
  Tried Try(natsMsg* message, const std::string& id, std::int64_t tries, const Hear& hear,
            const std::atomic<bool>& stop, const WorkerEvents& events);
  // True where it is stored now; false where another one is.
  bool Keep(const JobResult& result);
  void Acknowledge(natsMsg* message, const WorkerEvents& events);

  QueueOptions options_;
  std::string worker_ = WorkerName();
  Server server_;
  JetStream jet_;
  Store results_;
};

void Queue::Connection::Connect() {
  natsStatus status = NATS_OK;
  const Options options = Made<Options>(status, natsOptions_Create);
  const std::vector<std::string> servers = Split(options_.servers);
  std::vector<const char*> addresses;
  for (const std::string& server : servers) {
    addresses.push_back(server.c_str());
  }
  constexpr int kForEver = -1;
  const bool set = options != nullptr && !addresses.empty() &&
                   natsOptions_SetServers(options.get(), addresses.data(),
                                          static_cast<int>(addresses.size())) == NATS_OK &&
                   natsOptions_SetName(options.get(), worker_.c_str()) == NATS_OK &&
                   natsOptions_SetMaxReconnect(options.get(), kForEver) == NATS_OK &&
                   natsOptions_SetReconnectWait(options.get(), kBetweenTries.count()) == NATS_OK &&
                   (options_.credentials.empty() ||
                    natsOptions_SetUserCredentialsFromFiles(
                        options.get(), options_.credentials.c_str(), nullptr) == NATS_OK);
  if (!set) {
    throw Failure("'" + Printable(options_.servers) +
                  "' can't be used as servers: " + Said(NATS_INVALID_ARG) +
                  "; give addresses like nats://host:4222, with commas between them");
  }
  server_ = Made<Server>(status,
                         [&](auto** made) { return natsConnection_Connect(made, options.get()); });
  if (server_ == nullptr) {
    throw Failure("no NATS server answers at " + Printable(options_.servers) + ": " + Said(status) +
                  "; is nats-server running there?");
  }
  jsOptions jet;
  jsOptions_Init(&jet);
  jet.Wait = kAnswerMs;
  jet_ = Made<JetStream>(
      status, [&](auto** made) { return natsConnection_JetStream(made, server_.get(), &jet); });
  if (jet_ == nullptr) {
    throw Failure("JetStream can't be used: " + Said(status));
  }
}

void Queue::Connection::Insist(const std::string& what,
                               const std::function<natsStatus(jsErrCode*)>& step) {
  for (int tries = 1;; ++tries) {
    jsErrCode code = static_cast<jsErrCode>(0);
    const natsStatus status = step(&code);
    if (status == NATS_OK) {
      return;
    }
    // A server with JetStream switched off says so, or lets nobody answer.
    if (code == JSNotEnabledErr || code == JSNotEnabledForAccountErr || tries == kTries) {
      throw Failure(what + " failed at " + Printable(options_.servers) + ": " + Said(status, code) +
                    "; JetStream has to be on (nats-server -js), with as many servers in its "
                    "cluster as there are replicas");
    }
    std::this_thread::sleep_for(kBetweenTries);
  }
}

void Queue::Connection::MakeJobs() {
  const std::string name = Jobs();
  const std::string subject = name + ".*";
  const char* subjects[] = {subject.c_str()};
  Insist("making the stream " + name, [&](jsErrCode* code) {
    jsStreamConfig config;
    jsStreamConfig_Init(&config);
    config.Name = name.c_str();
    config.Subjects = subjects;
    config.SubjectsLen = 1;
    config.Retention = js_WorkQueuePolicy;
    config.Storage = js_FileStorage;
    config.MaxMsgSize = static_cast<std::int32_t>(kMaxMessage);
    config.Replicas = options_.replicas;
    const natsStatus status = js_AddStream(nullptr, jet_.get(), &config, nullptr, code);
    // There with other settings: somebody else's choice of replicas, for example.
    return *code == JSStreamNameExistErr ? NATS_OK : status;
  });
}

// A bucket of the key-value kind, made by hand for the sake of one setting: reading goes to the
// server that leads (no AllowDirect), since another may not know yet that there is a result.
void Queue::Connection::MakeResults() {
  const std::string name = Results();
  const std::string stream = "KV_" + name;
  const std::string subject = "$KV." + name + ".>";
  const char* subjects[] = {subject.c_str()};
  Insist("making the results " + name, [&](jsErrCode* code) {
    jsStreamConfig config;
    jsStreamConfig_Init(&config);
    config.Name = stream.c_str();
    config.Subjects = subjects;
    config.SubjectsLen = 1;
    config.MaxMsgsPerSubject = 1;
    config.MaxMsgSize = static_cast<std::int32_t>(kMaxMessage);
    config.Discard = js_DiscardNew;
    config.Storage = js_FileStorage;
    config.Replicas = options_.replicas;
    config.MaxAge = std::chrono::nanoseconds(options_.keep_results).count();
    config.DenyDelete = true;
    config.AllowRollup = true;
    natsStatus status = js_AddStream(nullptr, jet_.get(), &config, nullptr, code);
    if (status == NATS_OK || *code == JSStreamNameExistErr) {
      results_ = Made<Store>(
          status, [&](auto** made) { return js_KeyValue(made, jet_.get(), name.c_str()); });
    }
    return status;
  });
}

Submitted Queue::Connection::Submit(Job job) {
  if (job.id.empty()) {
    job.id = IdOf(job);
  }
  base::Diagnosis why;
  const auto message = WriteJob(job, why);
  if (!message) {
    throw Failure("a job can't be submitted: " + std::string(why.text()));
  }
  if (ResultOf(job.id)) {
    return Submitted::kDone;
  }
  Submitted submitted = Submitted::kNew;
  const std::string subject = SubjectOf(job.id);
  Insist("submitting a job", [&](jsErrCode* code) {
    jsPubOptions options;
    jsPubOptions_Init(&options);
    options.ExpectNoMessage = true;  // no de-duplication by time: that would outlast Forget
    const natsStatus status = js_Publish(nullptr, jet_.get(), subject.c_str(), message->data(),
                                         static_cast<int>(message->size()), &options, code);
    if (*code == JSStreamWrongLastSequenceErr) {
      submitted = Submitted::kWaiting;
      return NATS_OK;
    }
    return status;
  });
  return submitted;
}

Subscription Queue::Connection::Subscribe() {
  Subscription subscription;
  const std::string subject = Jobs() + ".*";
  const std::string stream = Jobs();
  Insist("joining the workers", [&](jsErrCode* code) {
    jsSubOptions options;
    jsSubOptions_Init(&options);
    options.Stream = stream.c_str();
    options.Config.AckPolicy = js_AckExplicit;
    options.Config.AckWait = options_.ack_wait.count() * kNanosecondsAMs;
    options.Config.MaxAckPending = 100000;  // as many workers there may be
    natsStatus status = NATS_OK;
    subscription = Made<Subscription>(status, [&](auto** made) {
      return js_PullSubscribe(made, jet_.get(), subject.c_str(), "workers", nullptr, &options,
                              code);
    });
    return status;
  });
  return subscription;
}

bool Queue::Connection::IsEmpty() {
  bool empty = false;
  const std::string name = Jobs();
  Insist("counting the jobs", [&](jsErrCode* code) {
    jsStreamInfo* info = nullptr;
    const natsStatus status = js_GetStreamInfo(&info, jet_.get(), name.c_str(), nullptr, code);
    empty = info != nullptr && info->State.Msgs == 0;
    jsStreamInfo_Destroy(info);
    return status;
  });
  return empty;
}

void Queue::Connection::Work(const Hear& hear, const std::atomic<bool>& stop,
                             const WorkerEvents& events, bool until_empty) {
  Subscription subscription = Subscribe();
  while (!stop) {
    natsMsgList list = {};
    jsErrCode code = static_cast<jsErrCode>(0);
    const natsStatus status = natsSubscription_Fetch(&list, subscription.get(), 1, kFetchMs, &code);
    if (status == NATS_OK) {
      const Message message(std::exchange(list.Msgs[0], nullptr));
      natsMsgList_Destroy(&list);
      Settle(message.get(), hear, stop, events);
      continue;
    }
    if (status == NATS_TIMEOUT && until_empty && IsEmpty()) {
      return;
    }
    if (natsConnection_IsClosed(server_.get())) {
      throw Failure("the connection to " + Printable(options_.servers) +
                    " was closed: " + Said(status, code));
    }
    if (status != NATS_TIMEOUT) {
      if (events.trouble) {
        events.trouble("no job could be asked for: " + Said(status, code) + "; trying again");
      }
      std::this_thread::sleep_for(kBetweenTries);
      if (status == NATS_INVALID_SUBSCRIPTION || status == NATS_NOT_FOUND) {
        subscription = Subscribe();
      }
    }
  }
}

void Queue::Connection::Settle(natsMsg* message, const Hear& hear, const std::atomic<bool>& stop,
                               const WorkerEvents& events) {
  const std::string_view subject = natsMsg_GetSubject(message);
  const std::string id(subject.substr(std::min(subject.size(), Jobs().size() + 1)));
  jsMsgMetaData* meta = nullptr;
  natsMsg_GetMetaData(&meta, message);
  const std::int64_t tries = meta == nullptr ? 1 : static_cast<std::int64_t>(meta->NumDelivered);
  jsMsgMetaData_Destroy(meta);
  if (!IsId(id)) {
    natsMsg_Term(message, nullptr);  // no key to store a result under
    return;
  }
  try {
    if (const auto done = ResultOf(id)) {
      Acknowledge(message, events);
      return;
    }
    Tried tried = Try(message, id, tries, hear, stop, events);
    if (tried.again) {
      natsMsg_NakWithDelay(message, kBetweenTries.count(), nullptr);
      return;
    }
    const bool ours = Keep(*tried.result);
    Acknowledge(message, events);
    if (events.ended) {
      events.ended(*tried.result, ours);
    }
  } catch (const Failure& failure) {  // the servers: the job comes again when its time is over
    if (events.trouble) {
      events.trouble(failure.what());
    }
  }
}

Queue::Connection::Tried Queue::Connection::Try(natsMsg* message, const std::string& id,
                                                std::int64_t tries, const Hear& hear,
                                                const std::atomic<bool>& stop,
                                                const WorkerEvents& events) {
  JobResult result{.id = id, .worker = worker_, .tries = tries};
  const auto with = [&](std::string text) {
    result.text = std::move(text);
    return Tried{.result = result};
  };
  base::Diagnosis why;
  const auto job = ReadJob(DataOf(message), why);
  if (!job) {
    return with("no job that can be read: " + std::string(why.text()));
  }
  if (job->id != id) {
    return with("the job's id is not the one it was submitted under");
  }
  if (tries > options_.max_tries) {
    return with("given up: " + std::to_string(tries - 1) +
                " workers began it and ended or went away before they had finished");
  }
  if (events.began) {
    events.began(*job, tries);
  }
  Heard heard;
  {
    const Heartbeat heartbeat(message, std::max(options_.ack_wait / 3, milliseconds(1)));
    try {
      heard = hear(*job, stop);
    } catch (const std::exception& thrown) {
      heard = {.as = HeardAs::kTryAgain, .text = Printable(thrown.what())};
    }
  }
  if (heard.as == HeardAs::kTryAgain) {
    return stop || tries < options_.max_tries
               ? Tried{.result = std::nullopt, .again = true}
               : with("given up after " + std::to_string(tries) + " tries: " + heard.text);
  }
  result.fine = heard.as == HeardAs::kText;
  return with(std::move(heard.text));
}

bool Queue::Connection::Keep(const JobResult& result) {
  const std::string message = WriteResult(result);
  bool ours = true;
  Insist("storing a result", [&](jsErrCode*) {
    const natsStatus status = kvStore_Create(nullptr, results_.get(), result.id.c_str(),
                                             message.data(), static_cast<int>(message.size()));
    if (status == NATS_OK) {
      ours = true;
      return NATS_OK;
    }
    // Not stored because there is one, or because a server went away: then look who it is from. An
    // answer that was lost on its way may have been a success.
    const auto stored = ResultOf(result.id);
    ours = stored && stored->worker == result.worker && stored->tries == result.tries;
    return stored ? NATS_OK : status;
  });
  return ours;
}

void Queue::Connection::Acknowledge(natsMsg* message, const WorkerEvents& events) {
  jsErrCode code = static_cast<jsErrCode>(0);
  const natsStatus status = natsMsg_AckSync(message, nullptr, &code);
  if (status != NATS_OK && events.trouble) {
    events.trouble("a job could not be taken out of the queue: " + Said(status, code) +
                   "; it has its result, and will be taken out when it comes again");
  }
}

std::optional<JobResult> Queue::Connection::ResultOf(const std::string& id) {
  if (!IsId(id)) {
    return std::nullopt;
  }
  Entry entry;
  Insist("looking for a result", [&](jsErrCode*) {
    natsStatus status = NATS_OK;
    entry = Made<Entry>(status,
                        [&](auto** made) { return kvStore_Get(made, results_.get(), id.c_str()); });
    return status == NATS_NOT_FOUND ? NATS_OK : status;
  });
  if (entry == nullptr) {
    return std::nullopt;
  }
  return ReadEntry(*entry);
}

Watcher Queue::Connection::Watch() {
  Watcher watcher;
  Insist("watching the results", [&](jsErrCode*) {
    kvWatchOptions options;
    kvWatchOptions_Init(&options);
    options.IgnoreDeletes = true;
    natsStatus status = NATS_OK;
    watcher = Made<Watcher>(
        status, [&](auto** made) { return kvStore_WatchAll(made, results_.get(), &options); });
    return status;
  });
  return watcher;
}

std::size_t Queue::Connection::Collect(std::set<std::string> ids,
                                       const std::function<void(const JobResult&)>& give,
                                       const std::atomic<bool>& stop) {
  // A watcher that heard nothing for so long is made anew, which begins with all that is there: a
  // server that went away may have taken some of what it had to say with it.
  constexpr int kQuiet = 20;
  Watcher watcher = Watch();
  for (int quiet = 0; !ids.empty() && !stop;) {
    natsStatus status = NATS_OK;
    const Entry entry = Made<Entry>(
        status, [&](auto** made) { return kvWatcher_Next(made, watcher.get(), kFetchMs); });
    quiet = status == NATS_OK ? 0 : quiet + 1;
    if (quiet == kQuiet || (status != NATS_OK && status != NATS_TIMEOUT)) {
      std::this_thread::sleep_for(kBetweenTries);
      watcher = Watch();
      quiet = 0;
    }
    const char* const key = entry == nullptr ? "" : kvEntry_Key(entry.get());
    if (ids.erase(key) > 0) {
      give(ReadEntry(*entry));
    }
  }
  return ids.size();
}

void Queue::Connection::Forget(const std::string& id) {
  if (IsId(id)) {
    Insist("forgetting a result",
           [&](jsErrCode*) { return kvStore_Delete(results_.get(), id.c_str()); });
  }
}

Queue::Queue(const QueueOptions& options) : connection_(std::make_unique<Connection>(options)) {}
Queue::~Queue() = default;

Submitted Queue::Submit(const Job& job) { return connection_->Submit(job); }

void Queue::RunWorker(const Hear& hear, const std::atomic<bool>& stop, const WorkerEvents& events,
                      bool until_empty) {
  connection_->Work(hear, stop, events, until_empty);
}

std::size_t Queue::Collect(std::set<std::string> ids,
                           const std::function<void(const JobResult&)>& give,
                           const std::atomic<bool>& stop) {
  return connection_->Collect(std::move(ids), give, stop);
}

std::optional<JobResult> Queue::ResultOf(const std::string& id) {
  return connection_->ResultOf(id);
}

void Queue::Forget(const std::string& id) { connection_->Forget(id); }

}  // namespace pinhole::speech::queue

#endif
