"""Flows: several steps in order, their collaborators as arguments."""
