"""Settings: YAML to frozen values, every fault at once."""
