"""Fixtures of the store tests."""

from tests.store.emptied import resources, tables

__all__ = ["resources", "tables"]
