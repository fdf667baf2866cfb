"""`seal bench documents`: from document to published adapter, two codes in turn."""
