"""Intervals, paired tests, noise and calibration."""
