"""The log: one event name plus fields, JSON, never a code and never a whole phone.

Modules log through `logging.getLogger(__name__)`; all of them are children of this logger.
"""

from aws_lambda_powertools import Logger

# Without the place in the code, which the event tells, and the service, which is always this one:
# each byte is paid for a million times.
logger = Logger(service="signet", location=None)
logger.remove_keys(["service"])
