"""Measurements, and what they are made with."""
