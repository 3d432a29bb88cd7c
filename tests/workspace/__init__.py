"""Tests of the workspace, on real git repositories."""
