"""The other pieces of work: quarters in the spans, and a README that knows week dates."""

from typing import Final

CODE: Final = "tinydates/spans.py"
EXPORTS: Final = "tinydates/__init__.py"
TESTS: Final = "tests/test_spans.py"
NEW_TESTS: Final = "tests/test_quarter.py"
README: Final = "README.md"

_FUNCTION: Final = '''

def quarter(day: date) -> int:
    """Give the quarter of the year that a day is in, 1 to 4."""
    return (day.month + 2) // 3
'''
_METHOD: Final = """
    def test_quarter_changes_after_march(self) -> None:
        self.assertEqual(quarter(date(2024, 3, 31)), 1)
        self.assertEqual(quarter(date(2024, 4, 1)), 2)
        self.assertEqual(quarter(date(2024, 12, 31)), 4)
"""
NEW_TEST_FILE: Final = f'''\
"""Quarters of the year."""

import unittest
from datetime import date

from tinydates.spans import quarter


class Quarters(unittest.TestCase):{_METHOD}
    def test_three_months_each(self) -> None:
        found = [quarter(date(2023, month, 1)) for month in range(1, 13)]
        self.assertEqual(found, [1, 1, 1, 2, 2, 2, 3, 3, 3, 4, 4, 4])


if __name__ == "__main__":
    unittest.main()
'''
_ORDINAL_ROW: Final = "| ordinal date | `2021-003`, `2021003` |\n"
_WEEK_ROW: Final = "| ISO week date | `2020-W53-7`, `2020-W53` |\n"
_MONTHS_EXAMPLE: Final = "    datetime.date(2024, 2, 29)\n"
_QUARTER_EXAMPLE: Final = '    >>> quarter(parse("2024-04-01"))\n    2\n'


def put_function(source: str) -> str:
    """The spans with ``quarter`` at their end."""
    return source if "def quarter(" in source else source.rstrip() + "\n" + _FUNCTION


def put_export(source: str) -> str:
    """The package's names with ``quarter`` among them."""
    if "quarter" in source:
        return source
    out = source.replace("import add_months, days_between\n", "import add_months, days_between, quarter\n")
    return out.replace('"parse"]', '"parse", "quarter"]')


def put_test(source: str) -> str:
    """The spans' tests with one for ``quarter``."""
    if "quarter" in source:
        return source
    head, mark, tail = source.partition("\n\nif __name__")
    imports = "from tinydates import add_months, days_between\n"
    head = head.replace(imports, imports + "from tinydates.spans import quarter\n")
    return f"{head.rstrip()}\n{_METHOD}{mark}{tail}"


def put_example(source: str) -> str:
    """The README with ``quarter`` in its example."""
    if "quarter" in source or _MONTHS_EXAMPLE not in source:
        return source
    out = source.replace("import add_months, parse\n", "import add_months, parse, quarter\n")
    return out.replace(_MONTHS_EXAMPLE, _MONTHS_EXAMPLE + _QUARTER_EXAMPLE)


def put_week_row(source: str) -> str:
    """The README's table of formats with a row for week dates."""
    return source if "week date" in source else source.replace(_ORDINAL_ROW, _ORDINAL_ROW + _WEEK_ROW)
