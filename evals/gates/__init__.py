"""What may be published: the gate of documents, and its limits."""
