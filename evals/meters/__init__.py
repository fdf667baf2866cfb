"""What else an adapter changed: general knowledge, and distance from the base."""
