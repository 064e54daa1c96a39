# SPDX-License-Identifier: Apache-2.0
"""What was measured, as tables that a person reads. Every number stands in results.json too."""

import machine
import paired


def add_roofline(result, peaks):
    """Multiply-adds a second, and the share of the roofline, of every engine that ran."""
    own = next((entry for entry in result["engines"].values() if "operators" in entry.get("facts", {})), None)
    if own is None:
        return
    macs = sum(operator[1] for operator in own["facts"]["operators"])
    bound = machine.roofline_seconds(own["facts"], peaks)
    result["multiply_adds"] = macs
    result["roofline_us"] = bound and bound * 1e6
    for entry in result["engines"].values():
        if "us" in entry:
            seconds = entry["us"]["median"] / 1e6
            entry["multiply_adds_a_second"] = macs / seconds
            entry["share_of_roofline"] = bound and bound / seconds


def names_of(results):
    """Engines that took part, in the order in which they first did; ours first."""
    found = []
    for result in results:
        for name, entry in result["engines"].items():
            if name not in found:
                found.insert(sum(other.startswith("pinhole") for other in found) if entry["ours"] else len(found), name)
    return found


def number(value):
    return f"{value:,.0f}" if value >= 1000 else f"{value:.1f}" if value >= 10 else f"{value:.2f}"


def cell(entry):
    if entry is None:
        return ""
    if "us" in entry:
        mark = "" if sane(entry) else " (!)"
        return number(entry["us"]["median"]) + mark
    return "no"


def sane(entry):
    """Whether its outputs are those of the reference, but for rounding."""
    difference = entry.get("difference", {})
    if difference is None:
        return False
    limit = {"steps": 16, "of the peak": 1e-3}.get(difference.get("unit"))
    return limit is None or difference["largest"] <= limit


def best_peer(result):
    peers = [(entry["us"]["median"], name) for name, entry in result["engines"].items()
             if not entry["ours"] and "us" in entry and sane(entry)]
    return min(peers)[1] if peers else None


def ratio(entry, key="ratio_to_ours"):
    found = entry.get(key)
    return f"{found['median']:.2f} [{found['low']:.2f}, {found['high']:.2f}]" if found else ""


def percent(entry):
    share = (entry or {}).get("share_of_roofline")
    return f"{share:.0%}" if share else ""


def table(heads, rows):
    lines = ["| " + " | ".join(heads) + " |", "|---|" + "---:|" * (len(heads) - 1)]
    return "\n".join(lines + ["| " + " | ".join(row) + " |" for row in rows])


def model_table(results):
    names = names_of(results)
    rows = []
    for result in results:
        entries = result["engines"]
        best = best_peer(result)
        own = next((entry for entry in entries.values() if entry.get("fastest_of_ours")), None)
        rows.append([result["name"], f"{result.get('multiply_adds', 0) / 1e6:.2f}", number(result.get("roofline_us") or 0),
                     *[cell(entries.get(name)) for name in names],
                     best or "", ratio(entries[best]) if best else "", percent(own), percent(entries.get(best))])
    return table(["model", "M multiply-adds", "roofline, us", *[name + ", us" for name in names], "best peer",
                  "its time / ours", "ours, of roofline", "best peer, of roofline"], rows)


def paired_ratio(theirs, ours):
    """`theirs` over `ours`, of two entries of the same rounds, with quartiles."""
    return vars(paired.spread(paired.ratios(theirs["processor_ns"], ours["processor_ns"])))


def add_wasm_ratios(result):
    """The faster module of LiteRT.js over the faster of ours, and over our engine as native code."""
    entries = result["engines"]
    best = best_of(entries, lambda name, entry: name.startswith("litertjs") and sane(entry))
    own = best_of(entries, lambda name, entry: entry["ours"])
    if best and own:
        result["litertjs_to_ours"] = paired_ratio(best, own)
    if best and "us" in entries.get("native", {}):
        result["litertjs_to_native"] = paired_ratio(best, entries["native"])


def best_of(entries, wanted):
    ran = [entry for name, entry in entries.items() if "us" in entry and wanted(name, entry)]
    return min(ran, key=lambda entry: entry["us"]["median"], default=None)


def wasm_table(results):
    columns = (("pinhole:wasmrelaxed", "ours, relaxed"), ("pinhole:wasm", "ours, plain"), ("litertjs", "LiteRT.js, relaxed"),
               ("litertjs-compat", "LiteRT.js, plain"))
    rows = [[result["name"], *[cell(result["engines"].get(name)) for name, _ in columns],
             ratio(result, "litertjs_to_ours"), cell(result["engines"].get("native")), ratio(result, "litertjs_to_native")]
            for result in results]
    return table(["WebAssembly, us", *[title for _, title in columns], "LiteRT.js / ours", "ours, native",
                  "LiteRT.js / native"], rows)


def suppression_table(results):
    names = names_of(results)
    rows = []
    for result in results:
        entries = result["engines"]
        own = next((entry for entry in entries.values() if entry["ours"]), {})
        otherwise = [f"{name}: {entry['kept_otherwise']}" for name, entry in entries.items() if entry.get("kept_otherwise")]
        best = best_peer(result)
        rows.append([result["name"], *[cell(entries.get(name)) for name in names], best or "",
                     ratio(entries[best]) if best else "", str(own.get("kept", "")), ", ".join(otherwise)])
    return table(["boxes", *[name + ", us" for name in names], "best peer", "its time / ours", "kept", "kept otherwise"],
                 rows)


def refusals(results):
    lines = []
    for result in results:
        for name, entry in result["engines"].items():
            if "refused" in entry:
                lines.append(f"- {name} on {result['name']}: {entry['refused']}")
            elif not sane(entry):
                difference = entry["difference"]
                text = "outputs of other sizes" if difference is None else \
                    f"outputs differ by {difference['largest']:.3g} {difference['unit']}"
                lines.append(f"- (!) {name} on {result['name']}: {text} from {result['outputs_against']}")
    return lines


def versions(results):
    found = {}
    for result in results:
        for name, entry in result["engines"].items():
            if "version" in entry.get("facts", {}):
                compiler = entry["facts"].get("compiler")
                found.setdefault(name, entry["facts"]["version"] + (f" ({compiler})" if compiler else ""))
    return [f"- {name}: {version}" for name, version in found.items()]


def giga(rates):
    return ", ".join(f"{name} {rate / 1e9:,.0f}" for name, rate in rates.items())


def markdown(results):
    facts = results["machine"]
    parts = []
    if results["models"]:
        parts.append(model_table(results["models"]))
    if results["suppression"]:
        parts.append(suppression_table(results["suppression"]))
    if results["webassembly"]:
        parts.append(wasm_table(results["webassembly"]))
    everything = results["models"] + results["webassembly"] + results["suppression"]
    parts.append("\n".join(refusals(everything)))
    pinned = "anywhere" if facts["pinned_to"] is None else f"on processor {facts['pinned_to']} of {facts['processors']}"
    clock = "processor time" if results["threads"] == 1 else "time on the wall"
    lines = [f"Medians of {clock}; {results['threads']} thread(s) {pinned}; up to {results['rounds']} rounds in turns; "
             f"[quartiles of the ratio in a round].",
             f"{facts['processor']}, {facts['system']}, {facts['date']}, revision {facts['revision']}, load "
             f"{facts['load_at_begin'][0]:.1f} to {facts['load_at_end'][0]:.1f}."]
    if "peaks" in results:
        peaks = results["peaks"]
        lines.append(f"Peaks of one thread, 10^9 a second: multiply-adds fp32 {giga(peaks['fp32_macs'])}; int8 "
                     f"{giga(peaks['int8_macs'])}; bytes loaded {giga(peaks['load_bytes'])}.")
    parts.append("\n".join(lines))
    parts.append("\n".join(versions(everything)))
    return "\n\n".join(part for part in parts if part)
