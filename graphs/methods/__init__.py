"""The ways to improve: who learns what from practice, behind a table of names."""
