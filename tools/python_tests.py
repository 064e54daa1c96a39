#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Runs the unittest files *_test.py and test_*.py below the named folders; JUnit XML on standard output.

Needs nothing beside Python: a test whose own imports are missing (torch, numpy) skips by name.
"""

import os
import sys
import unittest
from xml.sax.saxutils import quoteattr


class Collected(unittest.TestResult):
    def __init__(self):
        super().__init__()
        self.cases = []

    def addSuccess(self, test):
        self.cases.append(f"<testcase name={quoteattr(test.id())}/>")

    def addSkip(self, test, reason):
        self.cases.append(f"<testcase name={quoteattr(test.id())}><skipped message={quoteattr(reason)}/></testcase>")

    def addFailure(self, test, err):
        text = self._exc_info_to_string(err, test)
        print(text, file=sys.stderr)
        self.cases.append(f"<testcase name={quoteattr(test.id())}><failure message={quoteattr(text)}/></testcase>")

    addError = addFailure


def main():
    suite = unittest.TestSuite()
    for folder in sys.argv[1:]:
        for directory, _, files in os.walk(folder):
            if any(file.endswith("_test.py") or file.startswith("test_") and file.endswith(".py") for file in files):
                for pattern in ("*_test.py", "test_*.py"):
                    suite.addTests(unittest.TestLoader().discover(directory, pattern, top_level_dir=directory))
    result = Collected()
    suite.run(result)
    print("<testsuite>" + "".join(result.cases) + "</testsuite>")


if __name__ == "__main__":
    main()
