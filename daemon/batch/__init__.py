"""Photos worked on once, without a daemon."""
