"""Carriers: one contract, run again for each, and what is its own."""
