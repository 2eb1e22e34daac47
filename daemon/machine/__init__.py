"""What the operating system knows of us and allows: rights, locks, limits, identity."""
