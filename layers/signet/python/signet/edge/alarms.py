"""Telling people: the topic that alarms go to."""

from functools import cache

from botocore.exceptions import BotoCoreError, ClientError

from signet.edge import aws, settings

_LONGEST_SUBJECT = 100


class NotTold(Exception):
    """The topic did not take the message."""


@cache
def _client() -> aws.Client:
    return aws.client("sns")


def tell(subject: str, text: str) -> None:
    """Publish to the topic of alarms; `subject` is ASCII. Raises NotTold."""
    topic = settings.value("SIGNET_ALARM_TOPIC_ARN")
    if not topic:
        return
    try:
        _client().publish(TopicArn=topic, Subject=subject[:_LONGEST_SUBJECT], Message=text)
    except (BotoCoreError, ClientError) as error:
        raise NotTold from error
