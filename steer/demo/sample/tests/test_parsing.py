"""Calendar and ordinal dates."""

import unittest
from datetime import date

from tinydates import parse


class CalendarDates(unittest.TestCase):
    def test_extended_and_basic_format(self) -> None:
        self.assertEqual(parse("2021-01-03"), date(2021, 1, 3))
        self.assertEqual(parse("20210103"), date(2021, 1, 3))

    def test_formats_are_not_mixed(self) -> None:
        with self.assertRaisesRegex(ValueError, "2021-0103"):
            parse("2021-0103")

    def test_a_day_that_is_none(self) -> None:
        with self.assertRaises(ValueError):
            parse("2021-02-29")


class OrdinalDates(unittest.TestCase):
    def test_both_formats(self) -> None:
        self.assertEqual(parse("2021-003"), date(2021, 1, 3))
        self.assertEqual(parse("2021365"), date(2021, 12, 31))

    def test_day_366_is_only_in_leap_years(self) -> None:
        self.assertEqual(parse("2020-366"), date(2020, 12, 31))
        for text in ("2021-366", "2021-000"):
            with self.subTest(text), self.assertRaises(ValueError):
                parse(text)


if __name__ == "__main__":
    unittest.main()
