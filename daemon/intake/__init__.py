"""How photos are found: the scan is truth, events are hints, and one rule says what is complete."""
