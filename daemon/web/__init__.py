"""A page to look at what was filed, and its API; beside the daemon, never in its way."""
