"""The engine process as the daemon sees it: which one, where it runs, what it is worth."""
