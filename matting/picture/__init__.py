"""From a network's small answer to a matte and colours at the photo's own size."""
