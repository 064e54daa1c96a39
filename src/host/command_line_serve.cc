// SPDX-License-Identifier: Apache-2.0
// The subcommand that serves speech to text to other programs.

#include <string>

#include "engine/owned/workers.h"
#include "host/command_line_parts.h"
#include "host/commands.h"

namespace pinhole::host {

namespace {

void AddAddresses(CLI::App* command, ServeSpeechOptions& options) {
  command
      ->add_option("--address", options.address,
                   "Where HTTP listens; all but this machine's own want a\n--token-file")
      ->type_name("IP")
      ->capture_default_str();
  command->add_option("--port", options.port, "0 for any free one")
      ->type_name("N")
      ->capture_default_str();
  command
      ->add_option("--token-file", options.token_file,
                   "A file whose first line every HTTP request has to know:\nAuthorization: Bearer "
                   "TOKEN")
      ->type_name("FILE");
  command->add_flag("--no-wyoming", options.no_wyoming, "HTTP alone");
  command
      ->add_option("--wyoming-address", options.wyoming_address,
                   "Where Wyoming listens; all but this machine's own want\n--wyoming-client")
      ->type_name("IP")
      ->capture_default_str();
  command->add_option("--wyoming-port", options.wyoming_port, "0 for any free one")
      ->type_name("N")
      ->capture_default_str();
  command
      ->add_option("--wyoming-client", options.wyoming_clients,
                   "Who may use Wyoming, which knows no token: an address, or\na network such as "
                   "192.168.1.0/24. Several times: each of them")
      ->type_name("IP")
      ->expected(1)
      ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll);
}

void AddLimits(CLI::App* command, ServeSpeechOptions& options) {
  command->add_option("--workers", options.workers, "Files that are heard at the same time")
      ->type_name("N")
      ->check(CLI::Range(1, 64).description(""))
      ->capture_default_str();
  command->add_option("--waiting", options.waiting, "Files that may wait; more are told 429")
      ->type_name("N")
      ->check(CLI::Range(std::size_t{0}, std::size_t{10000}).description(""))
      ->capture_default_str();
  command->add_option("--max-upload", options.max_upload_mib, "MiB that a file may have")
      ->type_name("MIB")
      ->check(CLI::Range(std::uint64_t{1}, std::uint64_t{4000}).description(""))
      ->capture_default_str();
  command->add_option("--max-memory", options.max_memory_mib, "MiB of all files together")
      ->type_name("MIB")
      ->check(CLI::Range(std::uint64_t{1}, std::uint64_t{1000000}).description(""))
      ->capture_default_str();
  command->add_option("--max-minutes", options.max_minutes, "Of sound that a file may have")
      ->type_name("N")
      ->check(CLI::Range(1, 1440).description(""))
      ->capture_default_str();
}

void AddModelOptions(CLI::App* command, ServeSpeechOptions& options) {
  AddSpeechModel(command, options.model, options.precision, options.beam);
  command
      ->add_option("--threads", options.threads,
                   "Threads of each worker; the cores shared among them, at\nmost 8, if not given")
      ->type_name("N")
      ->check(CLI::Range(1, engine::owned::WorkerPool::kMaxThreads).description(""));
  command->add_option("--language", options.language, "Where a request names none: a code, or auto")
      ->type_name("CODE")
      ->capture_default_str();
}

}  // namespace

void AddServeSpeech(CLI::App& root, Action& chosen) {
  CLI::App* command = root.add_subcommand(
      "serve-speech", "Speech to text for other programs, over HTTP and Wyoming");
  const auto options = OptionsOf<ServeSpeechOptions>(command, chosen, ServeSpeech);
  AddAddresses(command, *options);
  AddLimits(command, *options);
  AddModelOptions(command, *options);
  CLI::Option* queue = AddSpeechQueue(command, options->queue,
                                      "Take work from a queue instead of from clients: NATS "
                                      "servers,\nnats://HOST:PORT, with commas "
                                      "between them");
  command->add_flag("--until-empty", options->until_empty, "With --queue: end when it is empty")
      ->needs(queue);
  command->footer(
      "Clients of OpenAI's API work with the base URL http://ADDRESS:PORT/v1, those of "
      "whisper.cpp's\n"
      "server with /inference, Home Assistant by way of its Wyoming integration. Sound is kept in\n"
      "memory alone, decoded by a process that can do nothing but read it, and gone when it is "
      "answered.\n"
      "\n"
      "Examples:\n"
      "  pinhole serve-speech --model base.en\n"
      "  curl http://127.0.0.1:8463/v1/audio/transcriptions -F file=@memo.wav\n"
      "  pinhole serve-speech --address 0.0.0.0 --token-file token --workers 2\n"
      "  pinhole serve-speech --queue nats://10.0.0.5:4222 --model small\n"
      "  pinhole serve-speech --wyoming-address 0.0.0.0 --wyoming-client 192.168.1.20");
}

}  // namespace pinhole::host
