"""One module per command: its options, its help and its work. What is heavy is imported when it runs: `seal --help` has
to stay fast."""
