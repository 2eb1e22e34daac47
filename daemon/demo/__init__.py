"""What ``make demo`` shows: the real daemon, fed the way a scanner feeds it."""
