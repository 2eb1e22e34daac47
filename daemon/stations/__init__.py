"""The next stations: results are handed over, and what comes back is filed beside them."""
