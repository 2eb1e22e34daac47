"""Files in, filed results out: the matte daemon."""
