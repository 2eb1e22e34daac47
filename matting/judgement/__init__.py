"""Which mattes somebody should look at, and where: judged without a reference (docs/flags.md)."""
