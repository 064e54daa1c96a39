// SPDX-License-Identifier: Apache-2.0
// The subcommands that understand speech: transcribe.

#include <string>

#include "engine/owned/workers.h"
#include "host/command_line_parts.h"
#include "host/commands.h"

namespace pinhole::host {

void AddSpeechModel(CLI::App* command, std::string& model, std::string& precision, int& beam) {
  command
      ->add_option("--model", model,
                   "tiny.en, base, large-v3-turbo ... ('pinhole models list'), or\na file: ggml, "
                   "safetensors, .pt; the bundled one if none")
      ->type_name("MODEL");
  command
      ->add_option("--precision", precision,
                   "Of the weights: int8 is fastest, f32 exact, bf16 between")
      ->type_name("HOW")
      ->check(CLI::IsMember({"int8", "bf16", "f32"}))
      ->capture_default_str();
  command->add_option("--beam", beam, "Guesses that are followed at once; 1 is fastest")
      ->type_name("N")
      ->check(CLI::Range(1, 16).description(""))
      ->capture_default_str();
}

CLI::Option* AddSpeechQueue(CLI::App* command, SpeechQueueOptions& options,
                            const std::string& what) {
  CLI::Option* queue = command->add_option("--queue", options.servers, what)->type_name("URL");
  command
      ->add_option("--queue-credentials", options.credentials,
                   "With --queue: the .creds file that its servers want")
      ->type_name("FILE")
      ->needs(queue);
  command
      ->add_option("--queue-replicas", options.replicas,
                   "With --queue: servers that keep each job, where the queue is\nmade; 3 may lose "
                   "one")
      ->type_name("N")
      ->check(CLI::IsMember({1, 3, 5}))
      ->capture_default_str()
      ->needs(queue);
  return queue;
}

namespace {

void AddHearing(CLI::App* command, TranscribeCommandOptions& options) {
  command
      ->add_option("--language", options.language,
                   "A code (en, de, ...), or auto: the likeliest of the first\nhalf minute")
      ->type_name("CODE")
      ->capture_default_str();
  command->add_option("--task", options.task, "translate writes English, whatever is spoken")
      ->type_name("TASK")
      ->check(CLI::IsMember({"transcribe", "translate"}))
      ->capture_default_str();
  command
      ->add_option("--prompt", options.prompt,
                   "Text as if it had been said before: names, spellings")
      ->type_name("TEXT");
  command
      ->add_option("--temperature", options.temperature,
                   "How much chance decides, 0 to 1; from 0 upwards until the\ntext makes sense "
                   "if not given")
      ->type_name("T")
      ->check(CLI::Range(0.0, 1.0).description(""));
  command->add_flag("--no-context", options.no_context,
                    "Hear each window without the text before it");
  command->add_flag("--no-voice-detection", options.no_voice_detection,
                    "Hear silence and noise too; Whisper writes \"Thank you\" there");
  command
      ->add_option("--hearing", options.hearing,
                   "whole: each window to its end, as Whisper was trained; fit:\nonly as far as "
                   "the sound goes, which is faster for short\nsounds and may change words")
      ->type_name("HOW")
      ->check(CLI::IsMember({"auto", "whole", "fit"}))
      ->capture_default_str();
}

}  // namespace

void AddTranscribe(CLI::App& root, Action& chosen) {
  CLI::App* command = root.add_subcommand(
      "transcribe", "Write down what is said in sound files, or into a microphone");
  const auto options = OptionsOf<TranscribeCommandOptions>(command, chosen, Transcribe);
  command
      ->add_option("FILE", options->files,
                   "WAV, FLAC, MP3, Ogg, Opus, M4A, the sound of videos; - for\nstandard input")
      ->type_name("");
  command->add_option("--format", options->format, "text, srt, vtt, json, jsonl, csv or tsv")
      ->type_name("FORMAT")
      ->check(CLI::IsMember({"text", "txt", "srt", "vtt", "json", "jsonl", "csv", "tsv"}))
      ->capture_default_str();
  command
      ->add_option("--out", options->out, "A folder for one text a file; standard output if none")
      ->type_name("DIR");
  command->add_flag("--live", options->live,
                    "Write as if the file were being spoken: what has settled,\nutterance by "
                    "utterance");
  command->add_flag("--mic", options->mic,
                    "Listen to the microphone until Ctrl-C, and write what has\nsettled");
  command
      ->add_option("--device", options->device,
                   "Which microphone: a name of 'pinhole devices', alsa:NAME,\npulse:NAME, "
                   "pipewire:NODE, gst:PIPELINE")
      ->type_name("NAME");
  command->add_flag("--word-times", options->word_times, "When each word was said");
  AddSpeechModel(command, options->model, options->precision, options->beam);
  command
      ->add_option("--threads", options->threads,
                   "Threads to share the work; as many as cores, at most 8,\nif not given")
      ->type_name("N")
      ->check(CLI::Range(1, engine::owned::WorkerPool::kMaxThreads).description(""));
  AddHearing(command, *options);
  CLI::Option* queue = AddSpeechQueue(command, options->queue,
                                      "Let the workers of a queue hear the files: NATS servers,\n"
                                      "nats://HOST:PORT, with commas between them");
  command
      ->add_flag("--queue-send", options->queue_send,
                 "With --queue: send the files themselves (below 1 MB each),\nnot their paths")
      ->needs(queue);
  queue->excludes("--mic")->excludes("--live");
  command->add_flag("--quiet", options->quiet, "No reports on standard error, errors only");
  command->footer(
      "Everything happens on this machine. Files are decoded by a process that can do nothing "
      "but\n"
      "read them. A file that can't be read is said on standard error; the others are done all "
      "the\n"
      "same.\n"
      "\n"
      "Examples:\n"
      "  pinhole transcribe memo.wav\n"
      "  pinhole transcribe --model base.en --format srt film.mkv > film.srt\n"
      "  pinhole transcribe --model small --language de --word-times --format json *.mp3 --out "
      "texts/\n"
      "  pinhole transcribe --mic --model tiny.en\n"
      "  arecord -d 5 -f S16_LE -r 16000 | pinhole transcribe -");
}

}  // namespace pinhole::host
