"""The daemon as a service: main loop, signals, and what systemd and people are told."""
