"""Training many candidates at once, within the memory that there is."""
