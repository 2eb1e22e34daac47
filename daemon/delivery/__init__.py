"""What happened, handed on to others: hooks, webhooks, the manifest, metrics."""
