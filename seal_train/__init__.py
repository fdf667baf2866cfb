"""Everything that touches torch: base models, batched LoRA, training, answering, adapters on disk."""
