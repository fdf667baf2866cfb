"""Ways to choose plans for a document."""
