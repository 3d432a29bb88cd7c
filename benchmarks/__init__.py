"""Measurements of Steer and of what a person would use instead, in a real terminal, against one endpoint."""
