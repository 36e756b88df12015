"""Signet's tests; kinds and places are in CONTRIBUTING.md."""

import os

# Before anything of signet is imported: a function reads its settings when it starts.
os.environ.update(
    AWS_ACCESS_KEY_ID="test",
    AWS_SECRET_ACCESS_KEY="test",
    AWS_DEFAULT_REGION="us-east-1",
    AWS_CONFIG_FILE=os.devnull,
    AWS_SHARED_CREDENTIALS_FILE=os.devnull,
    AWS_EC2_METADATA_DISABLED="true",
    POWERTOOLS_LOG_LEVEL="INFO",
    SIGNET_APPS_TABLE="apps",
    SIGNET_PHONES_TABLE="phones",
    SIGNET_CHALLENGES_TABLE="challenges",
    SIGNET_MESSAGES_TABLE="messages",
    SIGNET_BALANCES_TABLE="balances",
    SIGNET_LEDGER_TABLE="ledger",
    SIGNET_USERS_TABLE="users",
    SIGNET_SHIELD_TABLE="shield",
    SIGNET_EVENTS_TABLE="events",
    SIGNET_EVENT_BUS="signet-test",
    SIGNET_NOTIFY_FUNCTION="notify-function",
    SIGNET_IMPORTS_BUCKET="imports",
    SIGNET_CAMPAIGNS_TABLE="campaigns",
    SIGNET_AUDIENCES_BUCKET="audiences",
    SIGNET_PLANNER_FUNCTION="planner-function",
    SIGNET_SCHEDULE_GROUP="schedules",
    SIGNET_SCHEDULE_ROLE_ARN="arn:aws:iam::123456789012:role/schedules",
    SIGNET_SCHEDULE_DEAD_LETTERS_ARN="arn:aws:sqs:us-east-1:123456789012:dead-letters",
    SIGNET_SECRET_ARN="signet-test-secret",
    SIGNET_CARRIER="sns",
    SIGNET_CARRIERS_TABLE="carriers",
    SIGNET_OPT_OUTS_TABLE="opt-outs",
    SIGNET_ERROR_LANGUAGE="zh",
    SIGNET_REQUEST_FUNCTION="request-function",
    SIGNET_VERIFY_FUNCTION="verify-function",
    SIGNET_ACCOUNT_FUNCTION="account-function",
    SIGNET_CAPTCHA_FUNCTION="captcha-function",
    SIGNET_PICTURES_URL="https://pictures.example.com/live",
)
for _name in ("AWS_PROFILE", "AWS_ENDPOINT_URL", "AWS_REGION", "AWS_SESSION_TOKEN"):
    os.environ.pop(_name, None)
