"""Counting with dates."""

import unittest
from datetime import date

from tinydates import add_months, days_between


class Spans(unittest.TestCase):
    def test_days_between_has_a_sign(self) -> None:
        self.assertEqual(days_between(date(2024, 2, 28), date(2024, 3, 1)), 2)
        self.assertEqual(days_between(date(2024, 3, 1), date(2024, 2, 28)), -2)

    def test_add_months_stays_in_the_month(self) -> None:
        self.assertEqual(add_months(date(2024, 1, 31), 1), date(2024, 2, 29))
        self.assertEqual(add_months(date(2024, 1, 31), -2), date(2023, 11, 30))
        self.assertEqual(add_months(date(2023, 12, 1), 1), date(2024, 1, 1))


if __name__ == "__main__":
    unittest.main()
