"""LangGraph's savers of checkpoints, which keep the newest one of the outer graph and what belongs to it.

A run goes on from there; older ones would grow with every step. When the outer graph writes a checkpoint, the graphs
inside it have ended, so that their checkpoints go too.
"""
