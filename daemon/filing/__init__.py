"""From the queue to the results: what is done next, and what if it goes wrong."""
