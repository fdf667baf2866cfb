"""Measuring with the model: probes, retention, drift, and questions through the router."""
