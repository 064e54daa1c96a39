// SPDX-License-Identifier: Apache-2.0
#include "engine/plan/traffic/groups.h"

#include <algorithm>

namespace pinhole::engine::plan::traffic {

Group::Group(const Network& network, std::uint32_t first, std::uint32_t end,
             std::uint32_t turn_rows)
    : network_(network), first_(first), end_(end) {
  FindTensors();
  possible_ = CheckViews();
  if (possible_) {
    MakeSteps(turn_rows);
    MeasureRings();
  }
}

int Group::IndexOf(std::int32_t tensor) const {
  for (std::size_t i = 0; i < tensors_.size(); ++i) {
    if (tensors_[i].tensor == tensor) {
      return static_cast<int>(i);
    }
  }
  return -1;
}

void Group::FindTensors() {
  const auto add = [this](const Operand& operand, bool produced) {
    const int known = IndexOf(operand.tensor);
    if (known >= 0) {
      return static_cast<std::size_t>(known);
    }
    GroupTensor tensor;
    tensor.tensor = operand.tensor;
    tensor.view = &operand;
    tensor.produced = produced;
    tensor.needed_later = network_.tensors[static_cast<std::size_t>(operand.tensor)].last_use >=
                          static_cast<std::int32_t>(end_);
    tensors_.push_back(tensor);
    uses_.emplace_back();
    return tensors_.size() - 1;
  };
  for (std::uint32_t w = first_; w < end_; ++w) {
    for (const Operand& in : network_.works[w].inputs) {
      uses_[add(in, false)].push_back({w, &in});
    }
    for (const Operand& out : network_.works[w].outputs) {
      add(out, true);
    }
  }
}

// Rows must mean the same to all that touch a tensor, and every work must feed a later one.
bool Group::CheckViews() {
  for (std::uint32_t w = first_; w < end_; ++w) {
    const Work& work = network_.works[w];
    if (work.outputs.size() != 1) {
      return false;
    }
    const auto out = static_cast<std::size_t>(IndexOf(work.outputs[0].tensor));
    if (w + 1 < end_ && uses_[out].empty()) {
      return false;
    }
  }
  for (std::size_t i = 0; i < tensors_.size(); ++i) {
    GroupTensor& tensor = tensors_[i];
    for (const Use& use : uses_[i]) {
      const bool alike =
          use.operand->rows == tensor.view->rows && use.operand->pieces == tensor.view->pieces;
      if (tensor.produced && (!alike || use.operand->pieces > 1)) {
        return false;
      }
      tensor.streams = tensor.streams && alike;
    }
  }
  return true;
}

void Group::MakeSteps(std::uint32_t turn_rows) {
  const std::uint32_t count = end_ - first_;
  const std::uint32_t rows = network_.works[end_ - 1].rows();
  std::vector<std::uint32_t> done(count);
  std::vector<std::uint32_t> target(count);
  for (std::uint32_t at = 0; at < rows; at += std::min(turn_rows, rows - at)) {
    const std::uint32_t end = at + std::min(turn_rows, rows - at);
    std::fill(target.begin(), target.end(), 0);
    target[count - 1] = end;
    for (std::uint32_t k = count; k-- > 0;) {
      const Work& work = network_.works[first_ + k];
      target[k] = end == rows ? work.rows() : std::max(target[k], done[k]);
      for (const Operand& in : work.inputs) {
        const std::int32_t producer =
            network_.tensors[static_cast<std::size_t>(in.tensor)].producer;
        if (producer >= static_cast<std::int32_t>(first_) && target[k] > 0) {
          std::uint32_t& needed = target[static_cast<std::uint32_t>(producer) - first_];
          needed = std::max(needed, in.window.Need({0, target[k]}, in.rows).end);
        }
      }
    }
    for (std::uint32_t k = 0; k < count; ++k) {
      if (target[k] > done[k]) {
        steps_.push_back({first_ + k, {done[k], target[k]}});
        done[k] = target[k];
      }
    }
  }
}

// The first row of tensor i that some work still has to read.
std::uint32_t Group::Oldest(std::size_t i, const std::vector<std::uint32_t>& done) const {
  std::uint32_t oldest = tensors_[i].view->rows;
  for (const Use& use : uses_[i]) {
    const std::uint32_t next = done[use.work - first_];
    if (next < network_.works[use.work].rows()) {
      const Rows need = use.operand->window.Need({next, next + 1}, use.operand->rows);
      oldest = std::min(oldest, need.begin);
    }
  }
  return oldest;
}

Group::Progress Group::Begin() const {
  Progress progress;
  progress.done.resize(end_ - first_);
  progress.filled.resize(tensors_.size());
  return progress;
}

Rows Group::Fill(const GroupStep& step, std::size_t i, bool stay, Progress& progress) const {
  Rows fill;
  for (const Use& use : uses_[i]) {
    if (use.work == step.work) {
      fill.end = std::max(fill.end, use.operand->window.Need(step.rows, use.operand->rows).end);
    }
  }
  if (stay && step.rows.end == network_.works[step.work].rows()) {
    fill.end = tensors_[i].view->rows;
  }
  if (fill.end <= progress.filled[i]) {
    return {};
  }
  const std::uint32_t oldest = stay ? 0 : Oldest(i, progress.done);
  fill.begin = std::min(std::max(progress.filled[i], oldest), fill.end);
  progress.filled[i] = fill.end;
  return fill;
}

void Group::MeasureRings() {
  Progress progress = Begin();
  std::vector<std::uint32_t> done_before = progress.done;  // when the step before began
  for (std::size_t s = 0; s < steps_.size(); ++s) {
    const GroupStep& step = steps_[s];
    const Work& work = network_.works[step.work];
    for (const Operand& in : work.inputs) {
      const auto i = static_cast<std::size_t>(IndexOf(in.tensor));
      if (tensors_[i].produced) {
        continue;
      }
      // Beside the step before, which may still read the oldest rows.
      const std::uint32_t oldest = Oldest(i, done_before);
      const Rows fill = Fill(step, i, false, progress);
      if (!fill.empty()) {
        tensors_[i].ring = std::max(tensors_[i].ring, fill.end - std::min(oldest, fill.begin));
        tensors_[i].loaded += std::uint64_t{fill.count()} * tensors_[i].view->row_bytes;
      }
    }
    const auto out = static_cast<std::size_t>(IndexOf(work.outputs[0].tensor));
    std::uint32_t oldest = std::min(Oldest(out, progress.done), step.rows.begin);
    if (tensors_[out].needed_later && s > 0 && steps_[s - 1].work == step.work) {
      oldest = std::min(oldest, steps_[s - 1].rows.begin);  // on their way to slow memory
    }
    tensors_[out].ring = std::max(tensors_[out].ring, step.rows.end - oldest);
    done_before = progress.done;
    Finish(step, progress);
  }
  for (GroupTensor& tensor : tensors_) {
    tensor.ring = std::clamp(tensor.ring, std::uint32_t{1}, tensor.view->rows);
  }
}

}  // namespace pinhole::engine::plan::traffic
