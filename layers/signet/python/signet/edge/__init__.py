"""The edges of a function: settings, secrets, HTTP, queue, clock."""
