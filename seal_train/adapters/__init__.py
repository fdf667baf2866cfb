"""Adapters on disk, and their mean."""
