"""Violations written out as scripts that run alone: for bash, and for pytest."""
