"""Trainers and models behind the ports: this process, or Ray."""
