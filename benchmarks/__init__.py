"""Side-by-side measurements. Each run compares in one process, with several repeats, median and spread."""

import agent  # noqa: F401  before any library: see agent.telemetry
