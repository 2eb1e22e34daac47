"""What a photo process does, and the pool of them."""
