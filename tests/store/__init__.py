"""Stores: every condition and every index, in moto; single-threaded."""
