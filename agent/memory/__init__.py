"""What is found by likeness: winners of similar documents, and the adapter that a question is about."""
