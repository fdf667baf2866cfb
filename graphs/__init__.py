"""LangGraph state machines: ingest (documents one by one), adapt (one document), answer."""

import agent  # noqa: F401  before any library: see agent.telemetry
