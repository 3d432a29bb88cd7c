"""Tests of tinydates."""
