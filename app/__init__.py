"""What people touch: the command line and what it prints."""

import agent  # noqa: F401  before any library: see agent.telemetry
