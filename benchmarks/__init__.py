"""Side-by-side measurements. Each run compares in one process, with several repeats, median and spread."""
