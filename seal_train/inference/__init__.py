"""Answers, likelihoods and texts from many adapters at once."""
