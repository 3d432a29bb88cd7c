"""Dates of ISO 8601, read and counted with."""

from tinydates.parsing import parse
from tinydates.spans import add_months, days_between

__all__ = ["add_months", "days_between", "parse"]
