"""What a self-edit earns: gain, and what is taken off for its form."""
