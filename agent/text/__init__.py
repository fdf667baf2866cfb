"""What can be told from a text alone: its words, its script and language, its sentences and facts."""
