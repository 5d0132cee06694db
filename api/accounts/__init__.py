"""Readers' own accounts, and how everybody signs in."""
