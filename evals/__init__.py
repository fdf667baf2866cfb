"""Measuring: probes, scores, rewards, retention, and the gate. Nothing here can be reached by what is trained."""
