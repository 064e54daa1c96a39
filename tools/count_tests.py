#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Adds up JUnit results: count_tests.py FOLDER. Names what was skipped and what failed; exits 1 on a failure."""

import glob
import os
import re
import sys
import xml.etree.ElementTree as ElementTree


def outcome(case):
    if case.find("failure") is not None or case.find("error") is not None or case.get("status") == "fail":
        return "failed"
    if case.find("skipped") is not None or case.get("status") in ("notrun", "disabled"):
        return "skipped"
    return "passed"


def reason(case):
    """Why a test was skipped, as the test itself said it."""
    lines = (case.findtext("system-out") or "").splitlines()
    for line, following in zip(lines, lines[1:]):
        if ": Skipped" in line and following.strip():
            return following.strip()
    skipped = case.find("skipped")
    message = (skipped.get("message") or "").splitlines() if skipped is not None else []
    # GoogleTest's own reports begin with the place in the source.
    said = message[1:2] if message and re.search(r":\d+$", message[0]) else message
    return said[0] if said else ""


def broken(what):
    case = ElementTree.Element("testcase", name=what)
    ElementTree.SubElement(case, "failure")
    return case


def main():
    counts = {"passed": 0, "failed": 0, "skipped": 0}
    named = {"failed": [], "skipped": []}
    for path in sorted(glob.glob(os.path.join(sys.argv[1], "*.xml"))):
        stage = os.path.splitext(os.path.basename(path))[0]
        try:
            cases = list(ElementTree.parse(path).getroot().iter("testcase"))
        except ElementTree.ParseError as error:
            cases = [broken(f"results that are no XML: {error}")]
        for case in cases:
            result = outcome(case)
            counts[result] += 1
            if result in named:
                named[result].append(f"{stage}: {case.get('name')}" + (f" ({reason(case)})" if reason(case) else ""))
    for result in ("skipped", "failed"):
        for name in named[result]:
            print(f"{result}: {name}")
    print(f"{counts['passed']} passed, {counts['failed']} failed, {counts['skipped']} skipped")
    return 1 if counts["failed"] or not counts["passed"] else 0


if __name__ == "__main__":
    sys.exit(main())
