"""Where results are kept: dated names, staging, atomic publishing, disposal, quarantine."""
