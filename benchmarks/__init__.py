"""What Signet costs to start, to run and to keep, measured against its budgets (design.md 6)."""
