"""A session without a screen: events as JSON lines or as text, and the reports."""
