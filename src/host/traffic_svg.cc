// SPDX-License-Identifier: Apache-2.0
// Bytes moved against the size of fast memory, as a picture that needs nothing beside itself.

#include <algorithm>
#include <cmath>

#include "host/names.h"
#include "host/traffic_view.h"

namespace pinhole::host {

namespace {

constexpr int kWidth = 720, kHeight = 440;
constexpr int kLeft = 80, kRight = 210, kTop = 40, kBottom = 60;

struct Line {
  std::string name, colour, dash;
  std::vector<std::uint64_t> bytes;  // per view
};

std::string KiB(std::uint64_t bytes) {
  return bytes % 1024 == 0 ? std::to_string(bytes / 1024) + " KiB" : Grouped(bytes);
}

// Both axes are logarithmic: sizes double, and what caches move falls by multiples.
class Chart {
 public:
  Chart(const std::vector<TrafficView>& views, const std::vector<Line>& lines) : views_(views) {
    low_x_ = high_x_ = std::log2(static_cast<double>(views[0].fast_bytes));
    for (const TrafficView& view : views) {
      low_x_ = std::min(low_x_, std::log2(static_cast<double>(view.fast_bytes)));
      high_x_ = std::max(high_x_, std::log2(static_cast<double>(view.fast_bytes)));
    }
    std::uint64_t most = 1;
    for (const Line& line : lines) {
      for (const std::uint64_t bytes : line.bytes) {
        most = std::max(most, bytes);
      }
    }
    low_y_ = std::log2(static_cast<double>(std::max<std::uint64_t>(views[0].bound_bytes, 1))) - 0.3;
    high_y_ = std::max(std::log2(static_cast<double>(most)) + 0.2, low_y_ + 1);
  }

  [[nodiscard]] std::string X(std::uint64_t fast) const {
    const double part = (std::log2(static_cast<double>(fast)) - low_x_) / (high_x_ - low_x_);
    return Number(kLeft + part * (kWidth - kLeft - kRight));
  }
  [[nodiscard]] std::string Y(std::uint64_t bytes) const { return Number(YOf(bytes)); }
  [[nodiscard]] double YOf(std::uint64_t bytes) const {
    const double part =
        (std::log2(static_cast<double>(std::max<std::uint64_t>(bytes, 1))) - low_y_) /
        (high_y_ - low_y_);
    return kHeight - kBottom - part * (kHeight - kTop - kBottom);
  }
  // Whole multiples of the bound, doubling.
  [[nodiscard]] std::string Axes() const {
    std::string text;
    const std::uint64_t bound = views_[0].bound_bytes;
    for (std::uint64_t times = 1; YOf(bound * times) > kTop && times < 4096; times *= 2) {
      const std::string y = Y(bound * times);
      text += "<line class='grid' x1='" + std::to_string(kLeft) + "' x2='" +
              std::to_string(kWidth - kRight) + "' y1='" + y + "' y2='" + y + "'/>\n";
      text += "<text x='" + std::to_string(kLeft - 8) + "' y='" + y +
              "' text-anchor='end' dominant-baseline='middle'>" + Rounded(bound * times) +
              "</text>\n";
    }
    for (const TrafficView& view : views_) {
      text += "<text x='" + X(view.fast_bytes) + "' y='" + std::to_string(kHeight - kBottom + 20) +
              "' text-anchor='middle'>" + KiB(view.fast_bytes) + "</text>\n";
    }
    return text + "<text x='" + std::to_string((kLeft + kWidth - kRight) / 2) + "' y='" +
           std::to_string(kHeight - 16) +
           "' text-anchor='middle'>fast memory, or cache</text>\n<text x='" +
           std::to_string(kLeft) + "' y='22'>bytes moved in one run</text>\n";
  }
  [[nodiscard]] std::string Draw(const Line& line, int place) const {
    std::string points;
    for (std::size_t v = 0; v < views_.size(); ++v) {
      points += X(views_[v].fast_bytes) + "," + Y(line.bytes[v]) + " ";
    }
    const std::string style = " stroke='" + line.colour + "'" +
                              (line.dash.empty() ? "" : " stroke-dasharray='" + line.dash + "'");
    const int y = kTop + 12 + 24 * place;
    const int x = kWidth - kRight + 20;
    return "<polyline" + style + " points='" + points + "'/>\n<line" + style + " x1='" +
           std::to_string(x) + "' x2='" + std::to_string(x + 26) + "' y1='" + std::to_string(y) +
           "' y2='" + std::to_string(y) + "'/>\n<text x='" + std::to_string(x + 34) + "' y='" +
           std::to_string(y) + "' dominant-baseline='middle'>" + line.name + "</text>\n";
  }

 private:
  static std::string Number(double value) {
    const auto tenths = static_cast<long>(std::lround(value * 10));
    return std::to_string(tenths / 10) + "." + std::to_string(tenths % 10);
  }

  const std::vector<TrafficView>& views_;
  double low_x_ = 0, high_x_ = 1, low_y_ = 0, high_y_ = 1;
};

std::vector<Line> Lines(const std::vector<TrafficView>& views) {
  std::vector<Line> lines = {{"bound", "#888", "2 4", {}}, {"plan", "#06c", "", {}}};
  const bool compared = views.front().caches.has_value();
  if (compared) {
    lines.push_back({"LRU, by operator", "#c30", "", {}});
    lines.push_back({"tree-PLRU, by operator", "#c30", "6 4", {}});
    lines.push_back({"LRU, plan's order", "#e90", "", {}});
    lines.push_back({"tree-PLRU, plan's order", "#e90", "6 4", {}});
    lines.push_back({"LRU, plan's rings", "#393", "", {}});
    lines.push_back({"tree-PLRU, plan's rings", "#393", "6 4", {}});
  }
  for (const TrafficView& view : views) {
    lines[0].bytes.push_back(view.bound_bytes);
    lines[1].bytes.push_back(view.traffic.bytes());
    for (std::size_t k = 0; compared && k < 6; ++k) {
      lines[2 + k].bytes.push_back((*view.caches)[k / 2][k % 2].bytes());
    }
  }
  return lines;
}

}  // namespace

std::string TrafficSvg(const std::vector<TrafficView>& views) {
  std::vector<TrafficView> sorted = views;
  std::sort(sorted.begin(), sorted.end(),
            [](const TrafficView& a, const TrafficView& b) { return a.fast_bytes < b.fast_bytes; });
  const std::vector<Line> lines = Lines(sorted);
  const Chart chart(sorted, lines);
  std::string text = "<svg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 " +
                     std::to_string(kWidth) + " " + std::to_string(kHeight) +
                     "' role='img' font-family='sans-serif' font-size='12'>\n"
                     "<title>Bytes moved against the size of fast memory</title>\n"
                     "<style>line,polyline{fill:none;stroke-width:2}.grid{stroke:#ddd;"
                     "stroke-width:1}</style>\n<rect width='100%' height='100%' fill='#fff'/>\n";
  text += chart.Axes();
  for (std::size_t l = 0; l < lines.size(); ++l) {
    text += chart.Draw(lines[l], static_cast<int>(l));
  }
  return text + "</svg>\n";
}

}  // namespace pinhole::host
