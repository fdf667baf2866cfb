"""Probes: the questions that measure what was learned, and how answers to them are graded."""
