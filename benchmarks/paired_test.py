# SPDX-License-Identifier: Apache-2.0
import random
import unittest

import paired


class Pairing(unittest.TestCase):
    def test_drift_that_meets_both_leaves_their_ratio(self):
        generator = random.Random(1)
        drift = [1.0 + generator.random() * 4 for _ in range(31)]
        ours = [100.0 * d for d in drift]
        theirs = [250.0 * d for d in drift]
        found = paired.spread(paired.ratios(theirs, ours))
        self.assertAlmostEqual(found.median, 2.5)
        self.assertAlmostEqual(found.high - found.low, 0.0)

    def test_rounds_of_different_number_are_no_pairs(self):
        with self.assertRaises(ValueError):
            paired.ratios([1.0, 2.0], [1.0])

    def test_one_bad_burst_moves_no_median(self):
        quiet = [10.0] * 20
        self.assertEqual(paired.spread(quiet + [1e9]).median, 10.0)
        self.assertEqual(paired.spread(quiet + [1e9]).high, 10.0)

    def test_quartiles_by_hand(self):
        found = paired.spread([5, 1, 4, 2, 3])
        self.assertEqual((found.low, found.median, found.high, found.least, found.count), (2, 3, 4, 1, 5))
        self.assertEqual(paired.spread([7]).high, 7)


class Lengths(unittest.TestCase):
    def test_a_burst_lasts_about_as_long_whatever_the_engine(self):
        for nanoseconds in (700, 43_000, 3_600_000):
            self.assertAlmostEqual(paired.burst_length(nanoseconds) * nanoseconds / paired.BURST_NS, 1.0, delta=0.4)
        self.assertEqual(paired.burst_length(2_000_000_000), 1)
        self.assertEqual(paired.burst_length(0), paired.MOST_RUNS)

    def test_rounds_keep_to_the_time_but_stay_enough_for_a_median(self):
        self.assertEqual(paired.round_count(30, 1_000, 10_000_000_000), 30)
        self.assertEqual(paired.round_count(30, 1_000_000_000, 10_000_000_000), 10)
        self.assertEqual(paired.round_count(30, 60_000_000_000, 10_000_000_000), 3)
        self.assertEqual(paired.round_count(2, 60_000_000_000, 10_000_000_000), 2)

    def test_every_engine_begins_equally_often(self):
        names = ["a", "b", "c"]
        firsts = [paired.order(names, turn)[0] for turn in range(9)]
        self.assertEqual({name: firsts.count(name) for name in names}, {"a": 3, "b": 3, "c": 3})
        for turn in range(4):
            self.assertEqual(sorted(paired.order(names, turn)), names)


if __name__ == "__main__":
    unittest.main()
