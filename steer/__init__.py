"""Steer: a terminal cockpit for pair-programming with a fast coding model."""

__version__ = "0.1.0"
