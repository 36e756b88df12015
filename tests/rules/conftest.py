"""Properties are checked on the same examples everywhere, however slow the machine."""

from hypothesis import settings

settings.register_profile("signet", deadline=None, derandomize=True, database=None)
settings.load_profile("signet")
