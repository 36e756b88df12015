"""Signet on one machine: AWS played by MiniStack, our own template deployed into it, a phone."""


class LocalStackError(Exception):
    """The local stack cannot do what was asked; the text is for the person who asked."""
