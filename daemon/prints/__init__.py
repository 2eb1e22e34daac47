"""Finds the prints that lay on a flatbed, and cuts them out of the scan, straightened."""
