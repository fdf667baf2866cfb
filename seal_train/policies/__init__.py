"""What policies are learned from, and how."""
