"""Networks as files: what is in them, what they are fed, and BSHM's own."""
