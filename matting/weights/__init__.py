"""Weights of our own; docs/weights.md is their card."""
