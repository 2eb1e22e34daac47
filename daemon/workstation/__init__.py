"""A machine that works on the photos of another one's daemon."""
