// SPDX-License-Identifier: Apache-2.0
// The plan as a page: one SVG, time to the right, addresses upwards, and a table. Everything is in
// the file; names from the model are escaped; what colours mean is said in the page itself.

#include <algorithm>
#include <array>
#include <cstdio>

#include "host/names.h"
#include "host/plan_view.h"

namespace pinhole::host {

namespace {

constexpr double kLeft = 76;  // room for addresses
constexpr double kTop = 14;
constexpr double kHeight = 520;  // of the whole arena
constexpr double kBelow = 158;   // room for operators' names

constexpr std::string_view kHead = R"(<!doctype html>
<html lang="en"><head><meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<style>
:root { color-scheme: light dark; --paper: #fbfaf7; --ink: #22252b; --faint: #6d7480; --line: #d9d6cd;
  --card: #ffffff; --sat: 52%; --light: 76%; --edge: 42%; --text: 18%; --bound: #b3261e; }
@media (prefers-color-scheme: dark) { :root { --paper: #15171b; --ink: #e8e6e1; --faint: #9aa1ad;
  --line: #33373f; --card: #1e2127; --sat: 38%; --light: 34%; --edge: 62%; --text: 93%;
  --bound: #ff8a80; } }
* { box-sizing: border-box; }
body { margin: 0; padding: 28px clamp(14px, 3vw, 44px); background: var(--paper); color: var(--ink);
  font: 15px/1.5 system-ui, sans-serif; }
h1 { font-size: 1.35rem; margin: 0 0 4px; overflow-wrap: anywhere; }
p { color: var(--faint); margin: 0 0 18px; max-width: 74ch; }
.cards { display: flex; flex-wrap: wrap; gap: 10px; margin: 0 0 18px; }
.card { background: var(--card); border: 1px solid var(--line); border-radius: 8px;
  padding: 8px 14px; }
.card b { display: block; font-size: 1.15rem; font-variant-numeric: tabular-nums; }
.card span { color: var(--faint); font-size: .82rem; }
.map { overflow-x: auto; background: var(--card); border: 1px solid var(--line);
  border-radius: 8px; }
svg { display: block; font: 11px system-ui, sans-serif; }
svg text { fill: var(--faint); }
.b rect { fill: hsl(var(--h) var(--sat) var(--light)); stroke: hsl(var(--h) var(--sat) var(--edge)); }
.b.scratch rect { stroke-dasharray: 3 2; fill-opacity: .55; }
.b.state rect { fill: url(#hatch); stroke: var(--faint); }
.b text { fill: hsl(var(--h) 30% var(--text)); pointer-events: none; }
.b:hover rect, .b:focus rect, .b.on rect { stroke: var(--ink); stroke-width: 2.5; }
.b:focus { outline: none; }
.seam { fill: var(--card); stroke: var(--ink); }
.need { fill: none; stroke: var(--ink); stroke-opacity: .55; stroke-width: 1.3; }
.bound { stroke: var(--bound); stroke-dasharray: 7 5; }
.bound + text { fill: var(--bound); }
.grid { stroke: var(--line); }
.group { fill: var(--ink); fill-opacity: .07; }
#tip { position: fixed; display: none; pointer-events: none; max-width: 46ch; white-space: pre-line;
  background: var(--ink); color: var(--paper); padding: 8px 11px; border-radius: 6px;
  font-size: .84rem; overflow-wrap: anywhere; z-index: 2; }
details { margin-top: 20px; }
summary { cursor: pointer; color: var(--faint); }
.wide { overflow-x: auto; }
table { border-collapse: collapse; font-size: .84rem; margin-top: 8px; }
th, td { text-align: left; padding: 3px 14px 3px 0; border-bottom: 1px solid var(--line);
  white-space: nowrap; }
td.n, th.n { text-align: right; font-variant-numeric: tabular-nums; }
tr.on td { background: var(--line); }
</style>
)";

constexpr std::string_view kScript = R"(<div id="tip" role="status"></div>
<script>
const tip = document.getElementById('tip');
const twins = i => document.querySelectorAll('[data-i="' + i + '"]');
for (const block of document.querySelectorAll('.b')) {
  const title = block.querySelector('title');
  const text = title.textContent;
  title.remove();
  block.setAttribute('aria-label', text);
  const show = (x, y) => {
    tip.textContent = text;
    tip.style.display = 'block';
    tip.style.left = Math.max(8, Math.min(x + 16, innerWidth - tip.offsetWidth - 8)) + 'px';
    tip.style.top = Math.max(8, Math.min(y + 16, innerHeight - tip.offsetHeight - 8)) + 'px';
    twins(block.dataset.i).forEach(e => e.classList.add('on'));
  };
  const hide = () => {
    tip.style.display = 'none';
    twins(block.dataset.i).forEach(e => e.classList.remove('on'));
  };
  block.addEventListener('mousemove', e => show(e.clientX, e.clientY));
  block.addEventListener('mouseleave', hide);
  block.addEventListener('focus', () => {
    const box = block.getBoundingClientRect();
    show(box.left, box.top);
  });
  block.addEventListener('blur', hide);
}
for (const row of document.querySelectorAll('tr[data-i]')) {
  row.addEventListener('mouseenter', () => twins(row.dataset.i).forEach(e => e.classList.add('on')));
  row.addEventListener('mouseleave',
                       () => twins(row.dataset.i).forEach(e => e.classList.remove('on')));
}
</script>
</body></html>
)";

std::string Escaped(std::string_view text) {
  std::string safe;
  for (const char c : text) {
    switch (c) {
      case '&': safe += "&amp;"; break;
      case '<': safe += "&lt;"; break;
      case '>': safe += "&gt;"; break;
      case '"': safe += "&quot;"; break;
      case '\'': safe += "&#39;"; break;
      default: safe += c;
    }
  }
  return safe;
}

std::string Fixed(double value) {
  std::array<char, 40> text{};
  std::snprintf(text.data(), text.size(), "%.1f", value);
  return text.data();
}

std::string Attribute(std::string_view name, double value) {
  return " " + std::string(name) + "=\"" + Fixed(value) + "\"";
}

// Where times and addresses lie on the paper.
struct Paper {
  double step;
  double bytes;
  std::uint32_t times;

  explicit Paper(const PlanView& view)
      : step(std::clamp(1120.0 / (view.end_time() + 1.0), 13.0, 88.0)),
        bytes(std::max<double>(view.arena_bytes, 1)),
        times(view.end_time() + 1) {}

  [[nodiscard]] double x(double time) const { return kLeft + time * step; }
  [[nodiscard]] double y(double address) const { return kTop + kHeight * (1.0 - address / bytes); }
  [[nodiscard]] double width() const { return x(times) + 24; }
};

std::string Details(const PlanView& view, const PlanBlock& block) {
  std::string text = block.name + "\n";
  if (!block.type.empty()) {
    text += block.type + "\n";
  }
  text += Grouped(block.bytes) + " bytes at " + Grouped(block.offset) + " to " +
          Grouped(std::uint64_t{block.offset} + block.bytes) + "\n" + view.TimeName(block.first) +
          " to " + view.TimeName(block.last);
  if (block.in_place_of >= 0) {
    const PlanBlock& taken = view.blocks[static_cast<std::size_t>(block.in_place_of)];
    text +=
        (taken.offset == block.offset ? "\nwritten in place of " : "\nwritten over the rows of ") +
        taken.name + (taken.offset == block.offset ? "" : " that are used up");
  }
  if (block.held_rows > 0) {
    text += "\n" + PlanView::HeldText(block) + ", one behind the other in a ring";
  }
  if (block.in_resource) {
    text += "\nread where its state lies";
  }
  return text;
}

// "48 × 48 × 8" of "int8 [1,48,48,8]": what tells blocks of one network apart at a glance.
std::string SidesOf(const PlanBlock& block) {
  constexpr std::string_view kTimes = "\xC3\x97";
  const std::size_t open = block.type.find('[');
  if (open == std::string::npos || block.kind != PlanBlock::Kind::kTensor) {
    return "";
  }
  std::string_view inner = std::string_view(block.type).substr(open + 1);
  inner.remove_suffix(1);
  if (inner.starts_with("1,")) {  // the batch
    inner.remove_prefix(2);
  }
  std::string sides;
  for (const char c : inner) {
    sides += c == ',' ? std::string(kTimes) : std::string(1, c);
  }
  return sides;
}

// What fits into `room`; the end of a tensor's name says more than its beginning.
std::string Shortened(const std::string& name, double room) {
  const auto letters = static_cast<std::size_t>(std::max(room / 6.3, 0.0));
  if (letters < 3) {
    return "";
  }
  if (ShownWidth(name) <= letters) {
    return name;
  }
  std::size_t begin = name.size();
  for (std::size_t shown = 1; begin > 0 && shown < letters; ++shown) {
    do {
      --begin;
    } while (begin > 0 && (static_cast<unsigned char>(name[begin]) & 0xC0) == 0x80);
  }
  return "\xE2\x80\xA6" + name.substr(begin);
}

// Its sides, then as much of its name as there is room for.
std::string Label(const PlanBlock& block, double room) {
  const std::string sides = SidesOf(block);
  if (sides.empty()) {
    return Shortened(block.name, room);
  }
  const double taken = 6.3 * static_cast<double>(ShownWidth(sides));
  if (taken > room) {
    return "";
  }
  const std::string name = Shortened(block.name, std::max(room - taken - 12, 0.0));
  return ShownWidth(name) < std::min<std::size_t>(ShownWidth(block.name), 12) ? sides
                                                                              : sides + "  " + name;
}

// Where one tensor takes over another's place both live at one operator, or during one group: each
// gets half of it.
double Seam(const PlanView& view, const PlanBlock& block) {
  const PlanBlock& taken = view.blocks[static_cast<std::size_t>(block.in_place_of)];
  return (static_cast<double>(block.first) + taken.last + 1.0) / 2;
}

// `seam`: where another tensor takes the place over, negative where none does.
std::string BlockSvg(const PlanView& view, const Paper& paper, std::size_t index, double seam) {
  const PlanBlock& block = view.blocks[index];
  const double begin = paper.x(block.in_place_of >= 0 ? Seam(view, block) : block.first);
  const double end = paper.x(seam >= 0 ? seam : block.last + 1.0);
  const double low = paper.y(block.offset);
  const double high = paper.y(static_cast<double>(std::uint64_t{block.offset} + block.bytes));
  const double height = std::max(low - high, 1.0);
  std::string svg =
      "<g class=\"b " + std::string(KindName(block.kind)) + "\" data-i=\"" + std::to_string(index) +
      "\" tabindex=\"0\" style=\"--h:" + std::to_string(index * 137 % 360) + "\"><title>" +
      Escaped(Details(view, block)) + "</title><rect" + Attribute("x", begin + 0.5) +
      Attribute("y", high + 0.5) + Attribute("width", std::max(end - begin - 1.0, 1.0)) +
      Attribute("height", std::max(height - 1.0, 1.0)) + " rx=\"2\"/>";
  const std::string label = height >= 14 ? Label(block, end - begin - 12) : "";
  if (!label.empty()) {
    svg += "<text" + Attribute("x", begin + 7) +
           Attribute("y", high + std::min(height / 2 + 4, 17.0)) + ">" + Escaped(label) + "</text>";
  }
  if (block.in_place_of >= 0) {
    svg += "<circle class=\"seam\" r=\"3.2\"" + Attribute("cx", begin) +
           Attribute("cy", low - std::min(height / 2, 8.0)) + "/>";
  }
  return svg + "</g>\n";
}

std::string AxesSvg(const PlanView& view, const Paper& paper) {
  std::string svg;
  constexpr int kTicks = 8;
  for (int i = 0; i <= kTicks; ++i) {
    const double address = paper.bytes * i / kTicks;
    svg += "<line class=\"grid\"" + Attribute("x1", kLeft) + Attribute("x2", paper.width() - 24) +
           Attribute("y1", paper.y(address)) + Attribute("y2", paper.y(address)) + "/><text" +
           Attribute("x", kLeft - 8) + Attribute("y", paper.y(address) + 4) +
           " text-anchor=\"end\">" + Grouped(static_cast<unsigned long long>(address)) +
           "</text>\n";
  }
  for (std::uint32_t time = 0; time < paper.times; ++time) {
    const double x = paper.x(time + 0.5) + 4;
    svg += "<text transform=\"translate(" + Fixed(x) + "," + Fixed(kTop + kHeight + 10) +
           ") rotate(-90)\" text-anchor=\"end\">" + Escaped(Shortened(view.TimeName(time), 122)) +
           "</text>\n";
  }
  return svg;
}

// A band behind the columns of each group.
std::string GroupsSvg(const PlanView& view, const Paper& paper) {
  std::string svg;
  for (const PlanGroup& group : view.groups) {
    svg += "<rect class=\"group\"" + Attribute("x", paper.x(group.first + 1.0)) +
           Attribute("y", kTop) +
           Attribute("width", paper.step * (group.last - group.first + 1.0)) +
           Attribute("height", kHeight) + "><title>run by rows: " + Escaped(view.GroupText(group)) +
           "</title></rect>\n";
  }
  return svg;
}

// A step line of the bytes that are needed at each time: what shared places hold counts once.
std::string NeedSvg(const PlanView& view, const Paper& paper) {
  std::vector<double> change(paper.times + 1);  // from one time to the next
  change[0] = view.state_bytes;
  for (const PlanBlock& block : view.blocks) {
    if (block.offset < view.state_bytes) {
      continue;
    }
    change[block.first] += block.bytes;
    change[block.last + 1] -= block.bytes;
    if (block.in_place_of >= 0) {
      const PlanBlock& taken = view.blocks[static_cast<std::size_t>(block.in_place_of)];
      const double begin = std::max(block.offset, taken.offset);
      const double end =
          std::min(1.0 * block.offset + block.bytes, 1.0 * taken.offset + taken.bytes);
      const double shared = std::max(end - begin, 0.0);
      change[block.first] -= shared;
      change[taken.last + 1] += shared;
    }
  }
  std::string path;
  double need = 0;
  for (std::uint32_t time = 0; time < paper.times; ++time) {
    need += change[time];
    const std::string y = Fixed(paper.y(need));
    path += (time == 0 ? "M" : "L") + Fixed(paper.x(time)) + " " + y + "L" +
            Fixed(paper.x(time + 1.0)) + " " + y;
  }
  return "<path class=\"need\" d=\"" + path + "\"/>\n";
}

std::string Svg(const PlanView& view) {
  const Paper paper(view);
  std::vector<double> seams(view.blocks.size(), -1.0);
  for (const PlanBlock& block : view.blocks) {
    if (block.in_place_of >= 0) {
      seams[static_cast<std::size_t>(block.in_place_of)] = Seam(view, block);
    }
  }
  const std::string size =
      Attribute("width", paper.width()) + Attribute("height", kTop + kHeight + kBelow);
  std::string svg =
      "<svg xmlns=\"http://www.w3.org/2000/svg\" role=\"img\" "
      "aria-label=\"Memory over time\"" +
      size +
      ">\n"
      "<defs><pattern id=\"hatch\" width=\"6\" height=\"6\" "
      "patternUnits=\"userSpaceOnUse\" patternTransform=\"rotate(45)\">"
      "<line x1=\"0\" x2=\"0\" y1=\"0\" y2=\"6\" stroke=\"var(--faint)\" "
      "stroke-opacity=\".5\" stroke-width=\"3\"/></pattern></defs>\n";
  svg += AxesSvg(view, paper) + GroupsSvg(view, paper);
  for (std::size_t i = 0; i < view.blocks.size(); ++i) {
    svg += BlockSvg(view, paper, i, seams[i]);
  }
  svg += NeedSvg(view, paper);
  const double bound = paper.y(view.lower_bound_bytes);
  svg += "<line class=\"bound\"" + Attribute("x1", kLeft) + Attribute("x2", paper.width() - 24) +
         Attribute("y1", bound) + Attribute("y2", bound) + "/><text" +
         Attribute("x", paper.width() - 28) + Attribute("y", bound + 13) +
         " text-anchor=\"end\">lower bound</text>\n";
  return svg + "</svg>\n";
}

std::string Card(std::string_view title, std::uint64_t bytes) {
  return "<div class=\"card\"><b>" + Grouped(bytes) + "</b><span>" + std::string(title) +
         "</span></div>\n";
}

std::string TableHtml(const PlanView& view) {
  std::string html =
      "<details open><summary>All blocks</summary><div class=\"wide\"><table><tr>"
      "<th class=\"n\">offset</th><th class=\"n\">bytes</th><th>from</th><th>to</th><th>what</th>"
      "<th>name</th><th></th></tr>\n";
  for (std::size_t i = 0; i < view.blocks.size(); ++i) {
    const PlanBlock& block = view.blocks[i];
    std::string note = PlanView::HeldText(block);
    if (block.in_place_of >= 0) {
      const PlanBlock& taken = view.blocks[static_cast<std::size_t>(block.in_place_of)];
      note += (note.empty() ? "" : ", ") +
              std::string(taken.offset == block.offset ? "in place of " : "over ") + taken.name;
    } else if (block.in_resource) {
      note = "read where its state lies";
    }
    html += "<tr data-i=\"" + std::to_string(i) + "\"><td class=\"n\">" + Grouped(block.offset) +
            "</td><td class=\"n\">" + Grouped(block.bytes) + "</td><td>" +
            Escaped(view.TimeName(block.first)) + "</td><td>" + Escaped(view.TimeName(block.last)) +
            "</td><td>" + Escaped(block.type.empty() ? KindName(block.kind) : block.type) +
            "</td><td>" + Escaped(block.name) + "</td><td>" + Escaped(note) + "</td></tr>\n";
  }
  return html + "</table></div></details>\n";
}

}  // namespace

std::string PlanHtml(const PlanView& view) {
  const std::string name = Escaped(Printable(view.file.substr(view.file.rfind('/') + 1)));
  std::string html =
      std::string(kHead) + "<title>" + name + ": memory plan</title></head><body>\n" + "<h1>" +
      name + "</h1>\n" +
      "<p>Where every byte lies while the network runs: time to the right, one "
      "column an operator; addresses upwards. A ring marks a tensor that is written "
      "in place of another. Hatched blocks stay from run to run; dashed ones are an "
      "operator's scratch. Operators on a grey band run together, in turns of some rows, "
      "so that what is between them is held as some rows only. The thin line is "
      "what is needed at that moment.</p>\n" +
      "<div class=\"cards\">\n";
  html += Card("bytes of activations", view.arena_bytes);
  html += Card("lower bound of any packing", view.lower_bound_bytes);
  html += Card("if nothing ran by rows", view.whole_bytes);
  html += Card("of these kept from run to run", view.state_bytes);
  html += Card("graph, parameters and plan", view.model_bytes);
  html += Card("all memory beside the file", view.total_bytes);
  html += Card("weights, read where they lie", view.weight_bytes);
  html += "</div>\n<div class=\"map\">\n" + Svg(view) + "</div>\n" + TableHtml(view);
  return html + std::string(kScript);
}

}  // namespace pinhole::host
