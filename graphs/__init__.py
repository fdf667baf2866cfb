"""LangGraph state machines: ingest (documents one by one), adapt (one document), answer."""
