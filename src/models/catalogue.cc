// SPDX-License-Identifier: Apache-2.0
#include "models/catalogue.h"

#include <algorithm>
#include <cstdio>
#include <vector>

#include "system/failure.h"

namespace pinhole::models {

namespace {

using system::Failure;
using system::Printable;

// Revisions, so that an address means the same bytes for ever.
#define WHISPER_CPP                                       \
  "https://huggingface.co/ggerganov/whisper.cpp/resolve/" \
  "5359861c739e955e79d9a303bcbc70fb988958b1/"
#define OPENAI "https://openaipublic.azureedge.net/main/whisper/models/"
#define TFLITE_MICRO                                           \
  "https://raw.githubusercontent.com/tensorflow/tflite-micro/" \
  "90b983c2b3f1480642e040bbd2ddb37b998f3424/tensorflow/lite/micro/"
// A bucket without revisions: the digest alone pins what comes from it.
#define MEDIAPIPE "https://storage.googleapis.com/mediapipe-assets/"

constexpr ModelEntry kCatalogue[] = {
    {.name = "tiny",
     .file = "ggml-tiny.bin",
     .address = WHISPER_CPP "ggml-tiny.bin",
     .bytes = 77691713,
     .sha256 = "be07e048e1e599ad46341c8d2a135645097a538221678b7acdd1b1919c6e1b21",
     .sha1 = "bd577a113a864445d4c299885e0cb97d4ba92b5f",
     .licence = "MIT",
     .origin = "Whisper, ggml format of whisper.cpp",
     .purpose = "speech, multilingual, 16-bit"},
    {.name = "tiny-q5_1",
     .file = "ggml-tiny-q5_1.bin",
     .address = WHISPER_CPP "ggml-tiny-q5_1.bin",
     .bytes = 32152673,
     .sha256 = "818710568da3ca15689e31a743197b520007872ff9576237bda97bd1b469c3d7",
     .licence = "MIT",
     .origin = "Whisper, ggml format of whisper.cpp",
     .purpose = "speech, multilingual, 5-bit"},
    {.name = "tiny-q8_0",
     .file = "ggml-tiny-q8_0.bin",
     .address = WHISPER_CPP "ggml-tiny-q8_0.bin",
     .bytes = 43537433,
     .sha256 = "c2085835d3f50733e2ff6e4b41ae8a2b8d8110461e18821b09a15c40c42d1cca",
     .licence = "MIT",
     .origin = "Whisper, ggml format of whisper.cpp",
     .purpose = "speech, multilingual, 8-bit"},
    {.name = "tiny.en",
     .file = "ggml-tiny.en.bin",
     .address = WHISPER_CPP "ggml-tiny.en.bin",
     .bytes = 77704715,
     .sha256 = "921e4cf8686fdd993dcd081a5da5b6c365bfde1162e72b08d75ac75289920b1f",
     .sha1 = "c78c86eb1a8faa21b369bcd33207cc90d64ae9df",
     .licence = "MIT",
     .origin = "Whisper, ggml format of whisper.cpp",
     .purpose = "speech, English, 16-bit"},
    {.name = "tiny.en-q5_1",
     .file = "ggml-tiny.en-q5_1.bin",
     .address = WHISPER_CPP "ggml-tiny.en-q5_1.bin",
     .bytes = 32166155,
     .sha256 = "c77c5766f1cef09b6b7d47f21b546cbddd4157886b3b5d6d4f709e91e66c7c2b",
     .licence = "MIT",
     .origin = "Whisper, ggml format of whisper.cpp",
     .purpose = "speech, English, 5-bit"},
    {.name = "tiny.en-q8_0",
     .file = "ggml-tiny.en-q8_0.bin",
     .address = WHISPER_CPP "ggml-tiny.en-q8_0.bin",
     .bytes = 43550795,
     .sha256 = "5bc2b3860aa151a4c6e7bb095e1fcce7cf12c7b020ca08dcec0c6d018bb7dd94",
     .licence = "MIT",
     .origin = "Whisper, ggml format of whisper.cpp",
     .purpose = "speech, English, 8-bit"},
    {.name = "base",
     .file = "ggml-base.bin",
     .address = WHISPER_CPP "ggml-base.bin",
     .bytes = 147951465,
     .sha256 = "60ed5bc3dd14eea856493d334349b405782ddcaf0028d4b5df4088345fba2efe",
     .sha1 = "465707469ff3a37a2b9b8d8f89f2f99de7299dac",
     .licence = "MIT",
     .origin = "Whisper, ggml format of whisper.cpp",
     .purpose = "speech, multilingual, 16-bit"},
    {.name = "base-q5_1",
     .file = "ggml-base-q5_1.bin",
     .address = WHISPER_CPP "ggml-base-q5_1.bin",
     .bytes = 59707625,
     .sha256 = "422f1ae452ade6f30a004d7e5c6a43195e4433bc370bf23fac9cc591f01a8898",
     .licence = "MIT",
     .origin = "Whisper, ggml format of whisper.cpp",
     .purpose = "speech, multilingual, 5-bit"},
    {.name = "base-q8_0",
     .file = "ggml-base-q8_0.bin",
     .address = WHISPER_CPP "ggml-base-q8_0.bin",
     .bytes = 81768585,
     .sha256 = "c577b9a86e7e048a0b7eada054f4dd79a56bbfa911fbdacf900ac5b567cbb7d9",
     .licence = "MIT",
     .origin = "Whisper, ggml format of whisper.cpp",
     .purpose = "speech, multilingual, 8-bit"},
    {.name = "base.en",
     .file = "ggml-base.en.bin",
     .address = WHISPER_CPP "ggml-base.en.bin",
     .bytes = 147964211,
     .sha256 = "a03779c86df3323075f5e796cb2ce5029f00ec8869eee3fdfb897afe36c6d002",
     .sha1 = "137c40403d78fd54d454da0f9bd998f78703390c",
     .licence = "MIT",
     .origin = "Whisper, ggml format of whisper.cpp",
     .purpose = "speech, English, 16-bit"},
    {.name = "base.en-q5_1",
     .file = "ggml-base.en-q5_1.bin",
     .address = WHISPER_CPP "ggml-base.en-q5_1.bin",
     .bytes = 59721011,
     .sha256 = "4baf70dd0d7c4247ba2b81fafd9c01005ac77c2f9ef064e00dcf195d0e2fdd2f",
     .licence = "MIT",
     .origin = "Whisper, ggml format of whisper.cpp",
     .purpose = "speech, English, 5-bit"},
    {.name = "base.en-q8_0",
     .file = "ggml-base.en-q8_0.bin",
     .address = WHISPER_CPP "ggml-base.en-q8_0.bin",
     .bytes = 81781811,
     .sha256 = "a4d4a0768075e13cfd7e19df3ae2dbc4a68d37d36a7dad45e8410c9a34f8c87e",
     .licence = "MIT",
     .origin = "Whisper, ggml format of whisper.cpp",
     .purpose = "speech, English, 8-bit"},
    {.name = "small",
     .file = "ggml-small.bin",
     .address = WHISPER_CPP "ggml-small.bin",
     .bytes = 487601967,
     .sha256 = "1be3a9b2063867b937e64e2ec7483364a79917e157fa98c5d94b5c1fffea987b",
     .sha1 = "55356645c2b361a969dfd0ef2c5a50d530afd8d5",
     .licence = "MIT",
     .origin = "Whisper, ggml format of whisper.cpp",
     .purpose = "speech, multilingual, 16-bit"},
    {.name = "small-q5_1",
     .file = "ggml-small-q5_1.bin",
     .address = WHISPER_CPP "ggml-small-q5_1.bin",
     .bytes = 190085487,
     .sha256 = "ae85e4a935d7a567bd102fe55afc16bb595bdb618e11b2fc7591bc08120411bb",
     .licence = "MIT",
     .origin = "Whisper, ggml format of whisper.cpp",
     .purpose = "speech, multilingual, 5-bit"},
    {.name = "small-q8_0",
     .file = "ggml-small-q8_0.bin",
     .address = WHISPER_CPP "ggml-small-q8_0.bin",
     .bytes = 264464607,
     .sha256 = "49c8fb02b65e6049d5fa6c04f81f53b867b5ec9540406812c643f177317f779f",
     .licence = "MIT",
     .origin = "Whisper, ggml format of whisper.cpp",
     .purpose = "speech, multilingual, 8-bit"},
    {.name = "small.en",
     .file = "ggml-small.en.bin",
     .address = WHISPER_CPP "ggml-small.en.bin",
     .bytes = 487614201,
     .sha256 = "c6138d6d58ecc8322097e0f987c32f1be8bb0a18532a3f88f734d1bbf9c41e5d",
     .sha1 = "db8a495a91d927739e50b3fc1cc4c6b8f6c2d022",
     .licence = "MIT",
     .origin = "Whisper, ggml format of whisper.cpp",
     .purpose = "speech, English, 16-bit"},
    {.name = "small.en-q5_1",
     .file = "ggml-small.en-q5_1.bin",
     .address = WHISPER_CPP "ggml-small.en-q5_1.bin",
     .bytes = 190098681,
     .sha256 = "bfdff4894dcb76bbf647d56263ea2a96645423f1669176f4844a1bf8e478ad30",
     .licence = "MIT",
     .origin = "Whisper, ggml format of whisper.cpp",
     .purpose = "speech, English, 5-bit"},
    {.name = "small.en-q8_0",
     .file = "ggml-small.en-q8_0.bin",
     .address = WHISPER_CPP "ggml-small.en-q8_0.bin",
     .bytes = 264477561,
     .sha256 = "67a179f608ea6114bd3fdb9060e762b588a3fb3bd00c4387971be4d177958067",
     .licence = "MIT",
     .origin = "Whisper, ggml format of whisper.cpp",
     .purpose = "speech, English, 8-bit"},
    {.name = "medium",
     .file = "ggml-medium.bin",
     .address = WHISPER_CPP "ggml-medium.bin",
     .bytes = 1533763059,
     .sha256 = "6c14d5adee5f86394037b4e4e8b59f1673b6cee10e3cf0b11bbdbee79c156208",
     .sha1 = "fd9727b6e1217c2f614f9b698455c4ffd82463b4",
     .licence = "MIT",
     .origin = "Whisper, ggml format of whisper.cpp",
     .purpose = "speech, multilingual, 16-bit"},
    {.name = "medium-q5_0",
     .file = "ggml-medium-q5_0.bin",
     .address = WHISPER_CPP "ggml-medium-q5_0.bin",
     .bytes = 539212467,
     .sha256 = "19fea4b380c3a618ec4723c3eef2eb785ffba0d0538cf43f8f235e7b3b34220f",
     .licence = "MIT",
     .origin = "Whisper, ggml format of whisper.cpp",
     .purpose = "speech, multilingual, 5-bit"},
    {.name = "medium-q8_0",
     .file = "ggml-medium-q8_0.bin",
     .address = WHISPER_CPP "ggml-medium-q8_0.bin",
     .bytes = 823369779,
     .sha256 = "42a1ffcbe4167d224232443396968db4d02d4e8e87e213d3ee2e03095dea6502",
     .licence = "MIT",
     .origin = "Whisper, ggml format of whisper.cpp",
     .purpose = "speech, multilingual, 8-bit"},
    {.name = "medium.en",
     .file = "ggml-medium.en.bin",
     .address = WHISPER_CPP "ggml-medium.en.bin",
     .bytes = 1533774781,
     .sha256 = "cc37e93478338ec7700281a7ac30a10128929eb8f427dda2e865faa8f6da4356",
     .sha1 = "8c30f0e44ce9560643ebd10bbe50cd20eafd3723",
     .licence = "MIT",
     .origin = "Whisper, ggml format of whisper.cpp",
     .purpose = "speech, English, 16-bit"},
    {.name = "medium.en-q5_0",
     .file = "ggml-medium.en-q5_0.bin",
     .address = WHISPER_CPP "ggml-medium.en-q5_0.bin",
     .bytes = 539225533,
     .sha256 = "76733e26ad8fe1c7a5bf7531a9d41917b2adc0f20f2e4f5531688a8c6cd88eb0",
     .licence = "MIT",
     .origin = "Whisper, ggml format of whisper.cpp",
     .purpose = "speech, English, 5-bit"},
    {.name = "medium.en-q8_0",
     .file = "ggml-medium.en-q8_0.bin",
     .address = WHISPER_CPP "ggml-medium.en-q8_0.bin",
     .bytes = 823382461,
     .sha256 = "43fa2cd084de5a04399a896a9a7a786064e221365c01700cea4666005218f11c",
     .licence = "MIT",
     .origin = "Whisper, ggml format of whisper.cpp",
     .purpose = "speech, English, 8-bit"},
    {.name = "large-v1",
     .file = "ggml-large-v1.bin",
     .address = WHISPER_CPP "ggml-large-v1.bin",
     .bytes = 3094623691,
     .sha256 = "7d99f41a10525d0206bddadd86760181fa920438b6b33237e3118ff6c83bb53d",
     .sha1 = "b1caaf735c4cc1429223d5a74f0f4d0b9b59a299",
     .licence = "MIT",
     .origin = "Whisper, ggml format of whisper.cpp",
     .purpose = "speech, multilingual, 16-bit"},
    {.name = "large-v2",
     .file = "ggml-large-v2.bin",
     .address = WHISPER_CPP "ggml-large-v2.bin",
     .bytes = 3094623691,
     .sha256 = "9a423fe4d40c82774b6af34115b8b935f34152246eb19e80e376071d3f999487",
     .sha1 = "0f4c8e34f21cf1a914c59d8b3ce882345ad349d6",
     .licence = "MIT",
     .origin = "Whisper, ggml format of whisper.cpp",
     .purpose = "speech, multilingual, 16-bit"},
    {.name = "large-v2-q5_0",
     .file = "ggml-large-v2-q5_0.bin",
     .address = WHISPER_CPP "ggml-large-v2-q5_0.bin",
     .bytes = 1080732091,
     .sha256 = "3a214837221e4530dbc1fe8d734f302af393eb30bd0ed046042ebf4baf70f6f2",
     .sha1 = "00e39f2196344e901b3a2bd5814807a769bd1630",
     .licence = "MIT",
     .origin = "Whisper, ggml format of whisper.cpp",
     .purpose = "speech, multilingual, 5-bit"},
    {.name = "large-v2-q8_0",
     .file = "ggml-large-v2-q8_0.bin",
     .address = WHISPER_CPP "ggml-large-v2-q8_0.bin",
     .bytes = 1656129691,
     .sha256 = "fef54e6d898246a65c8285bfa83bd1807e27fadf54d5d4e81754c47634737e8c",
     .licence = "MIT",
     .origin = "Whisper, ggml format of whisper.cpp",
     .purpose = "speech, multilingual, 8-bit"},
    {.name = "large-v3",
     .file = "ggml-large-v3.bin",
     .address = WHISPER_CPP "ggml-large-v3.bin",
     .bytes = 3095033483,
     .sha256 = "64d182b440b98d5203c4f9bd541544d84c605196c4f7b845dfa11fb23594d1e2",
     .sha1 = "ad82bf6a9043ceed055076d0fd39f5f186ff8062",
     .licence = "MIT",
     .origin = "Whisper, ggml format of whisper.cpp",
     .purpose = "speech, multilingual, 16-bit"},
    {.name = "large-v3-q5_0",
     .file = "ggml-large-v3-q5_0.bin",
     .address = WHISPER_CPP "ggml-large-v3-q5_0.bin",
     .bytes = 1081140203,
     .sha256 = "d75795ecff3f83b5faa89d1900604ad8c780abd5739fae406de19f23ecd98ad1",
     .sha1 = "e6e2ed78495d403bef4b7cff42ef4aaadcfea8de",
     .licence = "MIT",
     .origin = "Whisper, ggml format of whisper.cpp",
     .purpose = "speech, multilingual, 5-bit"},
    {.name = "large-v3-turbo",
     .file = "ggml-large-v3-turbo.bin",
     .address = WHISPER_CPP "ggml-large-v3-turbo.bin",
     .bytes = 1624555275,
     .sha256 = "1fc70f774d38eb169993ac391eea357ef47c88757ef72ee5943879b7e8e2bc69",
     .sha1 = "4af2b29d7ec73d781377bfd1758ca957a807e941",
     .licence = "MIT",
     .origin = "Whisper, ggml format of whisper.cpp",
     .purpose = "speech, multilingual, 16-bit"},
    {.name = "large-v3-turbo-q5_0",
     .file = "ggml-large-v3-turbo-q5_0.bin",
     .address = WHISPER_CPP "ggml-large-v3-turbo-q5_0.bin",
     .bytes = 574041195,
     .sha256 = "394221709cd5ad1f40c46e6031ca61bce88931e6e088c188294c6d5a55ffa7e2",
     .sha1 = "e050f7970618a659205450ad97eb95a18d69c9ee",
     .licence = "MIT",
     .origin = "Whisper, ggml format of whisper.cpp",
     .purpose = "speech, multilingual, 5-bit"},
    {.name = "large-v3-turbo-q8_0",
     .file = "ggml-large-v3-turbo-q8_0.bin",
     .address = WHISPER_CPP "ggml-large-v3-turbo-q8_0.bin",
     .bytes = 874188075,
     .sha256 = "317eb69c11673c9de1e1f0d459b253999804ec71ac4c23c17ecf5fbe24e259a1",
     .licence = "MIT",
     .origin = "Whisper, ggml format of whisper.cpp",
     .purpose = "speech, multilingual, 8-bit"},
    {.name = "tiny.pt",
     .file = "tiny.pt",
     .address = OPENAI "65147644a518d12f04e32d6f3b26facc3f8dd46e5390956a9424a650c0ce22b9/tiny.pt",
     .bytes = 75572083,
     .sha256 = "65147644a518d12f04e32d6f3b26facc3f8dd46e5390956a9424a650c0ce22b9",
     .licence = "MIT",
     .origin = "Whisper, checkpoint of OpenAI",
     .purpose = "speech, multilingual, as trained"},
    {.name = "tiny.en.pt",
     .file = "tiny.en.pt",
     .address =
         OPENAI "d3dd57d32accea0b295c96e26691aa14d8822fac7d9d27d5dc00b4ca2826dd03/tiny.en.pt",
     .bytes = 75571315,
     .sha256 = "d3dd57d32accea0b295c96e26691aa14d8822fac7d9d27d5dc00b4ca2826dd03",
     .licence = "MIT",
     .origin = "Whisper, checkpoint of OpenAI",
     .purpose = "speech, English, as trained"},
    {.name = "base.pt",
     .file = "base.pt",
     .address = OPENAI "ed3a0b6b1c0edf879ad9b11b1af5a0e6ab5db9205f891f668f8b0e6c6326e34e/base.pt",
     .bytes = 145262807,
     .sha256 = "ed3a0b6b1c0edf879ad9b11b1af5a0e6ab5db9205f891f668f8b0e6c6326e34e",
     .licence = "MIT",
     .origin = "Whisper, checkpoint of OpenAI",
     .purpose = "speech, multilingual, as trained"},
    {.name = "base.en.pt",
     .file = "base.en.pt",
     .address =
         OPENAI "25a8566e1d0c1e2231d1c762132cd20e0f96a85d16145c3a00adf5d1ac670ead/base.en.pt",
     .bytes = 145261783,
     .sha256 = "25a8566e1d0c1e2231d1c762132cd20e0f96a85d16145c3a00adf5d1ac670ead",
     .licence = "MIT",
     .origin = "Whisper, checkpoint of OpenAI",
     .purpose = "speech, English, as trained"},
    {.name = "small.pt",
     .file = "small.pt",
     .address = OPENAI "9ecf779972d90ba49c06d968637d720dd632c55bbf19d441fb42bf17a411e794/small.pt",
     .bytes = 483617219,
     .sha256 = "9ecf779972d90ba49c06d968637d720dd632c55bbf19d441fb42bf17a411e794",
     .licence = "MIT",
     .origin = "Whisper, checkpoint of OpenAI",
     .purpose = "speech, multilingual, as trained"},
    {.name = "small.en.pt",
     .file = "small.en.pt",
     .address =
         OPENAI "f953ad0fd29cacd07d5a9eda5624af0f6bcf2258be67c92b79389873d91e0872/small.en.pt",
     .bytes = 483615683,
     .sha256 = "f953ad0fd29cacd07d5a9eda5624af0f6bcf2258be67c92b79389873d91e0872",
     .licence = "MIT",
     .origin = "Whisper, checkpoint of OpenAI",
     .purpose = "speech, English, as trained"},
    {.name = "medium.pt",
     .file = "medium.pt",
     .address = OPENAI "345ae4da62f9b3d59415adc60127b97c714f32e89e936602e85993674d08dcb1/medium.pt",
     .bytes = 1528008539,
     .sha256 = "345ae4da62f9b3d59415adc60127b97c714f32e89e936602e85993674d08dcb1",
     .licence = "MIT",
     .origin = "Whisper, checkpoint of OpenAI",
     .purpose = "speech, multilingual, as trained"},
    {.name = "medium.en.pt",
     .file = "medium.en.pt",
     .address =
         OPENAI "d7440d1dc186f76616474e0ff0b3b6b879abc9d1a4926b7adfa41db2d497ab4f/medium.en.pt",
     .bytes = 1528006491,
     .sha256 = "d7440d1dc186f76616474e0ff0b3b6b879abc9d1a4926b7adfa41db2d497ab4f",
     .licence = "MIT",
     .origin = "Whisper, checkpoint of OpenAI",
     .purpose = "speech, English, as trained"},
    {.name = "large-v1.pt",
     .file = "large-v1.pt",
     .address =
         OPENAI "e4b87e7e0bf463eb8e6956e646f1e277e901512310def2c24bf0e11bd3c28e9a/large-v1.pt",
     .bytes = 3086999982,
     .sha256 = "e4b87e7e0bf463eb8e6956e646f1e277e901512310def2c24bf0e11bd3c28e9a",
     .licence = "MIT",
     .origin = "Whisper, checkpoint of OpenAI",
     .purpose = "speech, multilingual, as trained"},
    {.name = "large-v2.pt",
     .file = "large-v2.pt",
     .address =
         OPENAI "81f7c96c852ee8fc832187b0132e569d6c3065a3252ed18e56effd0b6a73e524/large-v2.pt",
     .bytes = 3086999982,
     .sha256 = "81f7c96c852ee8fc832187b0132e569d6c3065a3252ed18e56effd0b6a73e524",
     .licence = "MIT",
     .origin = "Whisper, checkpoint of OpenAI",
     .purpose = "speech, multilingual, as trained"},
    {.name = "large-v3.pt",
     .file = "large-v3.pt",
     .address =
         OPENAI "e5b1a55b89c1367dacf97e3e19bfd829a01529dbfdeefa8caeb59b3f1b81dadb/large-v3.pt",
     .bytes = 3087371615,
     .sha256 = "e5b1a55b89c1367dacf97e3e19bfd829a01529dbfdeefa8caeb59b3f1b81dadb",
     .licence = "MIT",
     .origin = "Whisper, checkpoint of OpenAI",
     .purpose = "speech, multilingual, as trained"},
    {.name = "large-v3-turbo.pt",
     .file = "large-v3-turbo.pt",
     .address = OPENAI
     "aff26ae408abcba5fbf8813c21e62b0941638c5f6eebfb145be0c9839262a19a/large-v3-turbo.pt",
     .bytes = 1617941637,
     .sha256 = "aff26ae408abcba5fbf8813c21e62b0941638c5f6eebfb145be0c9839262a19a",
     .licence = "MIT",
     .origin = "Whisper, checkpoint of OpenAI",
     .purpose = "speech, multilingual, as trained"},
    {.name = "face-full-range-sparse",
     .file = "face_detection_full_range_sparse.tflite",
     .address = MEDIAPIPE "face_detection_full_range_sparse.tflite",
     .bytes = 680736,
     .sha256 = "671dd2f9ed11a78436fc21cc42357a803dfc6f73e9fb86541be942d5716c2dce",
     .licence = "Apache-2.0",
     .origin = "MediaPipe",
     .purpose = "faces up to 5 m, 192 x 192"},
    {.name = "face-full-range",
     .file = "face_detection_full_range.tflite",
     .address = MEDIAPIPE "face_detection_full_range.tflite",
     .bytes = 1083984,
     .sha256 = "99bf9494d84f50acc6617d89873f71bf6635a841ea699c17cb3377f9507cfec3",
     .licence = "Apache-2.0",
     .origin = "MediaPipe",
     .purpose = "faces up to 5 m, 192 x 192, dense"},
    {.name = "face-short-range",
     .file = "face_detection_short_range.tflite",
     .address = MEDIAPIPE "face_detection_short_range.tflite",
     .bytes = 229032,
     .sha256 = "3bc182eb9f33925d9e58b5c8d59308a760f4adea8f282370e428c51212c26633",
     .licence = "Apache-2.0",
     .origin = "MediaPipe",
     .purpose = "faces up to 2 m, 128 x 128"},
    {.name = "face-landmark",
     .file = "face_landmark.tflite",
     .address = MEDIAPIPE "face_landmark.tflite",
     .bytes = 1242398,
     .sha256 = "1055cb9d4a9ca8b8c688902a3a5194311138ba256bcc94e336d8373a5f30c814",
     .licence = "Apache-2.0",
     .origin = "MediaPipe",
     .purpose = "468 points of a face"},
    {.name = "iris-landmark",
     .file = "iris_landmark.tflite",
     .address = MEDIAPIPE "iris_landmark.tflite",
     .bytes = 2640568,
     .sha256 = "d1744d2a09c25f501d39eba4faff47e53ecca8852c5ce19bce8eeac39357521f",
     .licence = "Apache-2.0",
     .origin = "MediaPipe",
     .purpose = "contour and iris of an eye"},
    {.name = "person-detect",
     .file = "person_detect.tflite",
     .address = TFLITE_MICRO "models/person_detect.tflite",
     .bytes = 300568,
     .sha256 = "808cfdfc0cf3a6fa6f6fa26bfa379ea97c16d5db7334637766e39c3408502e9d",
     .licence = "Apache-2.0",
     .origin = "TFLite Micro",
     .purpose = "is a person there, 96 x 96"},
    {.name = "micro-speech",
     .file = "micro_speech_quantized.tflite",
     .address = TFLITE_MICRO "examples/micro_speech/models/micro_speech_quantized.tflite",
     .bytes = 18800,
     .sha256 = "09e5e2a9dfb2d8ed78802bf18ce297bff54281a66ca18e0c23d69ca14f822a83",
     .licence = "Apache-2.0",
     .origin = "TFLite Micro",
     .purpose = "the words yes and no"},
    {.name = "micro-speech-front-end",
     .file = "audio_preprocessor_int8.tflite",
     .address = TFLITE_MICRO "examples/micro_speech/models/audio_preprocessor_int8.tflite",
     .bytes = 8772,
     .sha256 = "278949d197166fb8b580c0bdc94e902fb709fec0569dcf5766816b28285440e5",
     .licence = "Apache-2.0",
     .origin = "TFLite Micro",
     .purpose = "what micro-speech hears through"},
};

#undef WHISPER_CPP
#undef OPENAI
#undef TFLITE_MICRO
#undef MEDIAPIPE

// Insertions, deletions and replacements that make `b` of `a`.
std::size_t Distance(std::string_view a, std::string_view b) {
  std::vector<std::size_t> row(b.size() + 1);
  for (std::size_t j = 0; j <= b.size(); ++j) {
    row[j] = j;
  }
  for (std::size_t i = 1; i <= a.size(); ++i) {
    std::size_t diagonal = row[0];
    row[0] = i;
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const std::size_t replaced = diagonal + (a[i - 1] == b[j - 1] ? 0 : 1);
      diagonal = row[j];
      row[j] = std::min({replaced, row[j] + 1, row[j - 1] + 1});
    }
  }
  return row[b.size()];
}

// The names that `name` was probably meant to be: at most three, at most two letters off.
std::string Closest(std::string_view name) {
  constexpr std::size_t kLongest = 64;
  constexpr std::size_t kFar = 2;
  std::string names;
  int found = 0;
  for (std::size_t distance = 0; name.size() <= kLongest && distance <= kFar; ++distance) {
    for (const ModelEntry& entry : kCatalogue) {
      if (found < 3 && Distance(name, entry.name) == distance) {
        names += (found == 0 ? "" : ", ") + std::string(entry.name);
        ++found;
      }
    }
  }
  return names;
}

}  // namespace

std::span<const ModelEntry> Catalogue() { return kCatalogue; }

const ModelEntry* FindEntry(std::string_view name) {
  const auto* const found = std::ranges::find(kCatalogue, name, &ModelEntry::name);
  return found == std::end(kCatalogue) ? nullptr : found;
}

const ModelEntry& EntryNamed(std::string_view name) {
  if (const ModelEntry* entry = FindEntry(name); entry != nullptr) {
    return *entry;
  }
  const std::string closest = Closest(name);
  throw Failure("no model of the catalogue is called '" + Printable(name) + "'" +
                (closest.empty() ? "" : "; did you mean " + closest + "?") +
                "; 'pinhole models list' shows all names");
}

std::string_view DigestKind(const ModelEntry& entry) {
  return entry.sha1.empty() ? "SHA-256" : "SHA-256 and the publisher's SHA-1";
}

std::string ShownBytes(std::uint64_t bytes) {
  constexpr double kThousand = 1000;
  constexpr const char* kUnits[] = {"bytes", "kB", "MB", "GB", "TB"};
  double shown = static_cast<double>(bytes);
  std::size_t unit = 0;
  // 999.5 would be written as 1000 of the smaller unit.
  while (shown >= 999.5 && unit + 1 < std::size(kUnits)) {
    shown /= kThousand;
    ++unit;
  }
  const int decimals = unit == 0 || shown >= 99.95 ? 0 : shown >= 9.995 ? 1 : 2;
  char text[32];
  std::snprintf(text, sizeof text, "%.*f %s", decimals, shown, kUnits[unit]);
  return text;
}

}  // namespace pinhole::models
