"""Counting with dates."""

from calendar import monthrange
from datetime import date


def days_between(first: date, last: date) -> int:
    """Count the days from first to last; negative if last comes before first."""
    return (last - first).days


def add_months(day: date, months: int) -> date:
    """Move by whole months; a day that the new month does not have becomes its last."""
    years, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    return date(years, month + 1, min(day.day, monthrange(years, month + 1)[1]))
