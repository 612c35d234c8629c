"""Measurements: speed and power. Each module is a command that prints a table and JSON."""
