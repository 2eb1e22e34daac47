"""Engines side by side on the same photos."""
