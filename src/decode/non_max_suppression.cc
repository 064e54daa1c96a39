// SPDX-License-Identifier: Apache-2.0
#include "decode/non_max_suppression.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>

#include "decode/best_first.h"
#include "decode/box_grid.h"
#include "decode/flat_grid.h"

namespace pinhole::decode {

namespace {

// So few boxes are compared with all others sooner than sorted.
constexpr std::size_t kFew = 32;
// Comparing with all others goes on while it takes away one of so many.
constexpr std::size_t kWorth = 32;
// So many looks at boxes that stay, for each box there is and for each box done, are no reason to
// give up the flat grid.
constexpr std::size_t kLooksEach = 16, kLooksDone = 64;

bool IsBox(const Box& box) {
  return std::isfinite(box.left) && std::isfinite(box.top) && std::isfinite(box.right) &&
         std::isfinite(box.bottom) && box.right >= box.left && box.bottom >= box.top;
}

bool Usable(std::span<const Detection> in, const SuppressionOptions& options,
            std::span<std::uint32_t> scratch) {
  return in.size() < (std::size_t{1} << 31) &&
         scratch.size() >= NonMaxSuppressionScratch(in.size()) && options.min_suppression >= 0.0F &&
         options.min_suppression <= 1.0F && !std::isnan(options.min_score);
}

// The mean of the group's corners and points, weighted by score, in the order of the scores. Scores
// are probabilities; a member whose score is not above 0 has no weight.
Detection Average(std::span<const Detection> in, std::span<const std::uint32_t> group) {
  Detection mean = in[group[0]];
  float total = 0.0F;
  Box sum{};
  std::array<Point, kMaxKeypoints> points{};
  for (const std::uint32_t i : group) {
    const Detection& member = in[i];
    const float weight = std::max(member.score, 0.0F);
    total += weight;
    sum.left += member.box.left * weight;
    sum.top += member.box.top * weight;
    sum.right += member.box.right * weight;
    sum.bottom += member.box.bottom * weight;
    for (std::size_t k = 0; k < mean.keypoint_count; ++k) {
      points[k].x += member.keypoints[k].x * weight;
      points[k].y += member.keypoints[k].y * weight;
    }
  }
  const Box box{sum.left / total, sum.top / total, sum.right / total, sum.bottom / total};
  if (!IsBox(box)) {
    return mean;  // without weight, or with numbers beyond a float's range
  }
  mean.box = box;
  for (std::size_t k = 0; k < mean.keypoint_count; ++k) {
    mean.keypoints[k] = {points[k].x / total, points[k].y / total};
  }
  return mean;
}

// One suppression of either kind. The scratch is nine columns of a word for each box: rank keys and
// numbers of the boxes left, their corners, and two more to sort with. Once sorted, the corners'
// columns hold boxes in order, the last three the grid, and the first a group's ranks.
class Suppression {
 public:
  enum class Kind : std::uint8_t { kUnweighted, kWeighted };

  Suppression(Kind kind, std::span<const Detection> in, const SuppressionOptions& options,
              std::span<std::uint32_t> scratch, std::span<Detection> out)
      : kind_(kind), in_(in), options_(options), scratch_(scratch), out_(out) {}

  std::size_t Run() {
    Collect();
    if (!CompareWithAll() && left_ > 0) {
      Sort();
      if (FlatGrid flat(boxes_, reach(), scratch_.subspan(6 * in_.size())); !Compare(flat, true)) {
        BoxGrid grid(boxes_, reach(), scratch_.subspan(6 * in_.size()));
        (void)Compare(grid, false);
      }
    }
    return count_;
  }

 private:
  static constexpr std::uint32_t kTaken = 0xFFFFFFFFU;

  [[nodiscard]] std::span<std::uint32_t> Column(std::size_t which) const {
    return scratch_.subspan(which * in_.size(), in_.size());
  }
  [[nodiscard]] BoxColumns Corners() const {
    const auto column = [this](std::size_t which) {
      return scratch_.subspan(which * in_.size(), in_.size() + kMarks - 1);
    };
    return {column(2), column(3), column(4), column(5)};
  }
  [[nodiscard]] bool weighted() const { return kind_ == Kind::kWeighted; }
  [[nodiscard]] bool full() const { return count_ == out_.size(); }
  [[nodiscard]] Reach reach() const {
    return {options_.min_suppression, options_.overlap != Overlap::kModifiedJaccard};
  }
  [[nodiscard]] bool Same(const Box& kept, const Box& other) const {
    return Meet(kept, other) && (weighted() ? OverlapSimilarity(options_.overlap, other, kept)
                                            : OverlapSimilarity(options_.overlap, kept, other)) >
                                    options_.min_suppression;
  }

  void Collect();
  bool CompareWithAll();
  [[nodiscard]] std::size_t FindBest() const;
  void TakeOut(std::size_t at);
  void TakeOutOverlapping(const Box& top);
  void Sort();
  template <typename Grid>
  bool Compare(Grid& grid, bool may_give_up);
  template <typename Grid>
  std::size_t KeepUnlessSuppressed(Grid& grid);
  template <typename Grid>
  std::size_t TakeGroup(Grid& grid);

  Kind kind_;
  std::span<const Detection> in_;
  const SuppressionOptions& options_;
  std::span<std::uint32_t> scratch_;
  std::span<Detection> out_;
  std::size_t count_ = 0;   // of results
  std::size_t left_ = 0;    // boxes, in the front of the columns
  PackedBoxes boxes_;       // once sorted: the boxes left, best first
  std::uint32_t rank_ = 0;  // of them, the next to look at
};

// All that are boxes and have a score; of those, unweighted, that may stand for an object.
void Suppression::Collect() {
  const std::span<std::uint32_t> keys = Column(0), numbers = Column(1);
  const BoxColumns corners = Corners();
  const float least = weighted()
                          ? std::numeric_limits<float>::lowest()
                          : std::max(options_.min_score, std::numeric_limits<float>::lowest());
  // Which scores are high enough is anybody's guess, so the processor is not asked to.
  std::size_t scored = 0;
  for (std::uint32_t i = 0; i < in_.size(); ++i) {
    const float score = in_[i].score;
    numbers[scored] = i;
    scored += static_cast<std::size_t>(score >= least) &
              static_cast<std::size_t>(score <= std::numeric_limits<float>::max());
  }
  for (const std::uint32_t number : numbers.first(scored)) {
    const Detection& detection = in_[number];
    if (IsBox(detection.box)) {
      numbers[left_] = number;
      keys[left_] = RankKey(detection.score);
      corners.Put(left_, detection.box);
      ++left_;
    }
  }
}

// True when done; false where so little overlaps that there is a better way for the rest.
bool Suppression::CompareWithAll() {
  const std::span<std::uint32_t> keys = Column(0), numbers = Column(1);
  while (left_ > 0 && !full()) {
    const std::size_t before = left_;
    TakeOut(FindBest());
    const Detection& top = in_[numbers[left_]];
    if (top.score < options_.min_score) {
      return true;
    }
    TakeOutOverlapping(top.box);
    const std::size_t members = before - left_;
    if (weighted() && members > 1) {
      const std::span<std::uint32_t> group = numbers.subspan(left_, members);
      SortBestFirst(in_, keys.subspan(left_, members), group, Column(6).first(members),
                    Column(7).first(members));
      out_[count_++] = Average(in_, group);
    } else {
      out_[count_++] = top;
    }
    if (left_ > kFew && members * kWorth < before) {
      return false;
    }
  }
  return true;
}

// The place of the best box left.
std::size_t Suppression::FindBest() const {
  const std::span<const std::uint32_t> keys = Column(0).first(left_), numbers = Column(1);
  std::uint32_t least = keys[0];
  for (const std::uint32_t key : keys) {
    least = std::min(least, key);
  }
  std::size_t best =
      static_cast<std::size_t>(std::find(keys.begin(), keys.end(), least) - keys.begin());
  for (std::size_t i = best + 1; i < left_; ++i) {
    if (keys[i] == least && ComesBefore(in_, numbers[i], numbers[best])) {
      best = i;
    }
  }
  return best;
}

// Takes box `at` out of the boxes left: the last one takes its place. Its key and number are then
// just behind the boxes left, its corners nowhere.
void Suppression::TakeOut(std::size_t at) {
  const std::span<std::uint32_t> keys = Column(0), numbers = Column(1);
  const BoxColumns corners = Corners();
  --left_;
  std::swap(keys[at], keys[left_]);
  std::swap(numbers[at], numbers[left_]);
  corners.left[at] = corners.left[left_];
  corners.top[at] = corners.top[left_];
  corners.right[at] = corners.right[left_];
  corners.bottom[at] = corners.bottom[left_];
}

// Takes out those that overlap `top`.
void Suppression::TakeOutOverlapping(const Box& top) {
  const BoxColumns corners = Corners();
  // From the end, so that what takes the place of a box taken out has been looked at.
  const std::size_t all = left_;
  for (std::size_t end = (all + kMarks - 1) / kMarks * kMarks; end > 0; end -= kMarks) {
    const std::size_t from = end - kMarks;
    const Marks marks =
        MarkOverlapping(options_.overlap, corners, from, top, weighted(), options_.min_suppression);
    if (!Any(marks)) {
      continue;
    }
    for (std::size_t i = std::min(end, all); i-- > from;) {
      if (marks[i - from] != 0) {
        TakeOut(i);
      }
    }
  }
}

void Suppression::Sort() {
  const std::span<std::uint32_t> numbers = Column(1).first(left_);
  SortBestFirst(in_, Column(0).first(left_), numbers, Column(6).first(left_),
                Column(7).first(left_));
  boxes_ = PackedBoxes(scratch_.subspan(2 * in_.size(), PackedBoxes::kWords * left_));
  for (std::size_t rank = 0; rank < left_; ++rank) {
    boxes_.Put(rank, in_[numbers[rank]].box);
  }
}

// Goes on from rank_. False where the grid turns out to be the wrong one. A box that another has
// taken with it has kTaken for its number.
template <typename Grid>
bool Suppression::Compare(Grid& grid, bool may_give_up) {
  const std::span<const std::uint32_t> numbers = Column(1).first(left_);
  // What is searched: unweighted, the boxes kept; weighted, the boxes left.
  const std::uint32_t first = weighted() ? rank_ : 0;
  const std::uint32_t end = weighted() ? static_cast<std::uint32_t>(left_) : rank_;
  for (std::uint32_t rank = first; rank < end; ++rank) {
    if (numbers[rank] != kTaken) {
      grid.Insert(rank);
    }
  }
  std::size_t looks = 0;
  for (; rank_ < left_ && !full(); ++rank_) {
    if (numbers[rank_] == kTaken) {
      continue;
    }
    if (in_[numbers[rank_]].score < options_.min_score) {
      break;
    }
    if (may_give_up && looks > kLooksEach * left_ + kLooksDone * rank_) {
      return false;
    }
    looks += weighted() ? TakeGroup(grid) : KeepUnlessSuppressed(grid);
  }
  return true;
}

template <typename Grid>
std::size_t Suppression::KeepUnlessSuppressed(Grid& grid) {
  const std::span<std::uint32_t> numbers = Column(1);
  const Box box = boxes_.at(rank_);
  std::size_t looks = 0;
  bool suppressed = false;
  grid.Search(box, [&](std::uint32_t kept) {
    ++looks;
    suppressed = Same(boxes_.at(kept), box);
    return suppressed ? Next::kStop : Next::kKeep;
  });
  if (suppressed) {
    numbers[rank_] = kTaken;
  } else {
    grid.Insert(rank_);
    out_[count_++] = in_[numbers[rank_]];
  }
  return looks;
}

template <typename Grid>
std::size_t Suppression::TakeGroup(Grid& grid) {
  const std::span<std::uint32_t> numbers = Column(1), group = Column(0);
  const Box top = boxes_.at(rank_);
  group[0] = rank_;  // whether or not the grid holds it
  std::size_t members = 1, looks = 0;
  grid.Search(top, [&](std::uint32_t other) {
    if (other <= rank_ || numbers[other] == kTaken) {
      return Next::kRemove;
    }
    if (!Same(top, boxes_.at(other))) {
      ++looks;
      return Next::kKeep;
    }
    group[members++] = other;
    return Next::kRemove;
  });
  if (members == 1) {
    out_[count_++] = in_[numbers[rank_]];
    return looks;
  }
  // Floats add up to the same only in the same order, whatever the grid's was.
  std::sort(group.begin(), group.begin() + static_cast<std::ptrdiff_t>(members));
  for (std::uint32_t& member : group.first(members)) {
    const std::uint32_t number = numbers[member];
    numbers[member] = kTaken;  // where the grid still holds it, it leaves when next met
    member = number;
  }
  out_[count_++] = Average(in_, group.first(members));
  return looks;
}

base::Result<std::size_t> Suppress(Suppression::Kind kind, std::span<const Detection> in,
                                   const SuppressionOptions& options,
                                   std::span<std::uint32_t> scratch, std::span<Detection> out) {
  if (!Usable(in, options, scratch)) {
    return base::Unexpected(base::Error::kInvalidArgument);
  }
  return Suppression(kind, in, options, scratch, out).Run();
}

}  // namespace

base::Result<std::size_t> UnweightedNonMaxSuppression(std::span<const Detection> in,
                                                      const SuppressionOptions& options,
                                                      std::span<std::uint32_t> scratch,
                                                      std::span<Detection> out) {
  return Suppress(Suppression::Kind::kUnweighted, in, options, scratch, out);
}

base::Result<std::size_t> WeightedNonMaxSuppression(std::span<const Detection> in,
                                                    const SuppressionOptions& options,
                                                    std::span<std::uint32_t> scratch,
                                                    std::span<Detection> out) {
  return Suppress(Suppression::Kind::kWeighted, in, options, scratch, out);
}

}  // namespace pinhole::decode
