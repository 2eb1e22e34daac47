"""What is told of every photo: the events' names, and how they reach the journal."""
