"""Several machines that work on one queue: who may join, what they see, and what they are asked."""
