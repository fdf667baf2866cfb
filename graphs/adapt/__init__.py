"""The adapt graph: one document from its probes to a published adapter."""
