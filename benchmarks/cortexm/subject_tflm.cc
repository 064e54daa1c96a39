// SPDX-License-Identifier: Apache-2.0
// TensorFlow Lite Micro with the operators of the table's models, CMSIS-NN's where it has them.
#include <cstdarg>
#include <cstdint>

#include "subject.h"
#include "tensorflow/lite/micro/debug_log.h"
#include "tensorflow/lite/micro/micro_allocator.h"
#include "tensorflow/lite/micro/micro_interpreter.h"
#include "tensorflow/lite/micro/micro_mutable_op_resolver.h"
#include "tensorflow/lite/micro/micro_resource_variable.h"
#include "tensorflow/lite/schema/schema_generated.h"

// What it would print is not wanted here.
extern "C" void DebugLog(const char*, va_list) {}
// For destructors at the end of a program that has none.
extern "C" void* __dso_handle;
void* __dso_handle = nullptr;

extern "C" const std::uint8_t golden_model[];

namespace subject {

namespace {

constexpr int kOperators = 18;
constexpr int kVariables = 24;
alignas(16) std::uint8_t arena[512 * 1024];
tflite::MicroInterpreter* interpreter;

}  // namespace

bool Begin() {
  static tflite::MicroMutableOpResolver<kOperators> resolver;
  resolver.AddAdd();
  resolver.AddAssignVariable();
  resolver.AddAveragePool2D();
  resolver.AddCallOnce();
  resolver.AddConcatenation();
  resolver.AddConv2D();
  resolver.AddDepthwiseConv2D();
  resolver.AddFullyConnected();
  resolver.AddLogistic();
  resolver.AddQuantize();
  resolver.AddReadVariable();
  resolver.AddReshape();
  resolver.AddSoftmax();
  resolver.AddSplitV();
  resolver.AddStridedSlice();
  resolver.AddVarHandle();
  tflite::MicroAllocator* allocator = tflite::MicroAllocator::Create(arena, sizeof(arena));
  tflite::MicroResourceVariables* variables =
      tflite::MicroResourceVariables::Create(allocator, kVariables);
  static tflite::MicroInterpreter made(tflite::GetModel(golden_model), resolver, allocator,
                                       variables);
  interpreter = &made;
  return made.AllocateTensors() == kTfLiteOk;
}
void* Input() { return interpreter->input(0)->data.raw; }
std::size_t InputBytes() { return interpreter->input(0)->bytes; }
const void* Output() { return interpreter->output(0)->data.raw; }
std::size_t OutputBytes() { return interpreter->output(0)->bytes; }
void Run() { interpreter->Invoke(); }
std::size_t RamBytes() { return interpreter->arena_used_bytes(); }

}  // namespace subject
