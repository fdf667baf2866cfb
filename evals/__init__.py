"""Measuring: probes, scores, rewards, retention, and the gate. Nothing here can be reached by what is trained."""

import agent  # noqa: F401  before any library: see agent.telemetry
