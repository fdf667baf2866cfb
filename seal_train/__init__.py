"""Everything that touches torch: base models, batched LoRA, training, answering, adapters on disk."""

import agent  # noqa: F401  before any library: see agent.telemetry
