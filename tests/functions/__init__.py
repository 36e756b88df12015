"""Functions: every outcome of their docstrings, through real-shaped events."""
