// SPDX-License-Identifier: Apache-2.0
#pragma once

// What the `pinhole` command does, one function a subcommand, each in a file of its own
// (command_*.cc).
//
// A function gets its options as the command line filled them in (command_line*.cc, the
// files that know the parser) and answers the exit code: 0 fine, 1 something failed and was said on
// standard error; a Failure thrown means 1 too, a WrongUsage 2. A new subcommand is its options and
// function here, a file, and its definition in command_line.cc or in a file beside it.

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace pinhole::host {

struct DetectOptions {
  std::vector<std::string> pictures;
  std::string model;  // empty: the bundled one
  std::string suppression = "weighted";
  float min_score = -1.0F;  // below 0: the model's own
  std::string tiles = "none";
  std::string draw;
  bool json = false;
  int threads = 1;
};
int Detect(const DetectOptions& options);

struct RunPersonOptions {
  std::string input;  // empty: the configuration's, or the bundled film again and again
  std::string model;  // empty: the configuration's, or the bundled one
  std::string profile;
  std::string config;
  std::vector<std::string> set;  // section.key=value
  std::string only;              // inside or outside, with facts: a FIFO
  std::string facts;
  std::size_t seconds = 0;  // 0: until told to end
  bool live = false;
  bool mic = false;
  std::string device;  // a microphone; empty: the system's own
  bool json = false;
  bool all = false;
  int threads = 1;
};
int RunPerson(const RunPersonOptions& options);

struct AuditWallOptions {
  std::string plant;
  std::string only;
  bool layers = false;
  bool json = false;
};
int AuditWall(const AuditWallOptions& options);

struct EmulateOptions {
  std::string program;
  std::uint64_t cycles = 0;  // 0: no end
  std::string until;
  std::vector<std::string> i2c;            // ADDRESS=memory, =FILE or =PROGRAM
  std::string camera;                      // a picture or a folder of them
  std::string camera_pins = "6,14,15,16";  // lowest data line, pixel clock, row, frame
  int picture_frames = 15;
  int gdb = 0;  // 0: no debugger
  int flash_mib = 2;
  bool read_sensor = false;
  bool must_end = false;
  bool real_time = false;
  bool speed = false;
  bool json = false;
  bool pins = false;
  bool counts = false;
  bool flash_cache = false;
  bool trace = false;
  bool profile = false;
  bool join_i2c = false;
  bool keep_going = false;
};
int Emulate(const EmulateOptions& options);

struct InspectOptions {
  std::string model;
  bool json = false;
  bool tensors = false;
};
int Inspect(const InspectOptions& options);

struct PlanOptions {
  std::vector<std::string> models;
  bool json = false;
  bool table = false;
  std::string html;
  std::string against;
  // Two memories.
  std::vector<std::string> fast;  // sizes of the fast one; empty: one memory
  bool compare_cache = false;
  std::uint32_t line = 64;
  std::uint32_t ways = 8;
  std::string svg;
};
int ShowPlan(const PlanOptions& options);

struct ModelRunOptions {
  std::string model;
  std::vector<std::string> inputs;
  std::string input_folder;
  std::string out;
  std::size_t steps = 0;  // 0: not given
  std::vector<std::string> taps;
  int threads = 1;
};
int RunModel(const ModelRunOptions& options);

struct BenchOptions {
  std::string model;
  std::size_t runs = 50;
  int threads = 1;
  bool json = false;
};
int Bench(const BenchOptions& options);

struct EmitCommandOptions {
  std::string model;
  std::string target = "rp2040";
  std::string out;
  std::string name_space = "model";
  int cores = 1;
  std::uint32_t stream_bytes = 0;
  bool without_runtime = false;
  bool json = false;
};
int EmitModel(const EmitCommandOptions& options);

struct FactsOptions {
  std::string profile;  // empty: all of them
  bool json = false;
};
int ShowFacts(const FactsOptions& options);

struct ConfigOptions {
  std::string file;  // empty: the defaults
  std::vector<std::string> overrides;
  bool defaults = false;
  bool json = false;
};
int ShowConfig(const ConfigOptions& options);

struct DevicesOptions {
  bool json = false;
};
int ShowDevices(const DevicesOptions& options);

struct ModelsListOptions {
  std::string folder;  // empty: models::ModelsFolder()
  bool json = false;
};
int ListModels(const ModelsListOptions& options);

struct ModelsPullOptions {
  std::vector<std::string> names;
  std::string folder;
  std::string mirror;
  bool offline = false;
};
int PullModels(const ModelsPullOptions& options);

struct ModelsVerifyOptions {
  std::vector<std::string> names;  // none: all that are there
  std::string folder;
  bool json = false;
};
int VerifyModels(const ModelsVerifyOptions& options);

struct SpeechQueueOptions {
  std::string servers;  // of NATS; empty: no queue
  std::string credentials;
  int replicas = 1;
};

struct TranscribeCommandOptions {
  std::vector<std::string> files;
  std::string format = "text";
  std::string out;  // empty: standard output
  bool live = false;
  bool mic = false;
  std::string device;  // a microphone; empty: the system's own
  bool word_times = false;
  std::string model;  // empty: the bundled one
  std::string precision = "int8";
  int threads = 0;  // 0: UsualThreads
  std::string language = "auto";
  std::string task = "transcribe";
  std::string prompt;
  int beam = 5;
  float temperature = -1;  // below 0: rising
  bool no_context = false;
  bool no_voice_detection = false;
  std::string hearing = "auto";
  bool quiet = false;
  SpeechQueueOptions queue;  // where it has servers, others hear the files
  bool queue_send = false;
};
int Transcribe(const TranscribeCommandOptions& options);

struct ServeSpeechOptions {
  std::string address = "127.0.0.1";
  std::uint16_t port = 8463;  // 0: any free one
  std::string token_file;
  bool no_wyoming = false;
  std::string wyoming_address = "127.0.0.1";
  std::uint16_t wyoming_port = 10300;  // 0: any free one
  std::vector<std::string> wyoming_clients;
  int workers = 1;
  std::size_t waiting = 16;
  std::uint64_t max_upload_mib = 25;
  std::uint64_t max_memory_mib = 256;
  int max_minutes = 360;
  std::string model;  // empty: the bundled one
  std::string precision = "int8";
  int threads = 0;  // of a worker; 0: the cores shared among them
  int beam = 5;
  std::string language = "auto";
  SpeechQueueOptions queue;  // where it has servers, work comes from there, not from clients
  bool until_empty = false;
};
int ServeSpeech(const ServeSpeechOptions& options);

// The command from its arguments to its exit code; throws nothing.
int RunCommand(int argc, const char* const* argv);

}  // namespace pinhole::host
