"""The frozen base, and the passes through it with many adapters at once."""
