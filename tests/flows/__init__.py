"""Flows: every branch, with recording fakes as collaborators."""
