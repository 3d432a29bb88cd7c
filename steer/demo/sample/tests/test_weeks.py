"""Acceptance of ISO week dates; skipped until parse_week is there."""

import unittest
from datetime import date

from tinydates import parse, parsing


@unittest.skipUnless(hasattr(parsing, "parse_week"), "PLAN.md: ISO week dates are open")
class IsoWeeks(unittest.TestCase):
    def test_week_53_ends_in_the_next_year(self) -> None:
        self.assertEqual(parse("2020-W53-7"), date(2021, 1, 3))

    def test_week_1_begins_in_the_year_before(self) -> None:
        self.assertEqual(parse("2020-W01-1"), date(2019, 12, 30))

    def test_without_a_day_it_is_the_monday(self) -> None:
        self.assertEqual(parse("2020-W53"), date(2020, 12, 28))

    def test_a_week_that_the_year_does_not_have(self) -> None:
        for text in ("2021-W53-1", "2021-W00-1", "2020-W53-8", "2020-W53-0"):
            with self.subTest(text), self.assertRaises(ValueError):
                parse(text)


if __name__ == "__main__":
    unittest.main()
