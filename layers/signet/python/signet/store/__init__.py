"""DynamoDB, one module per table; only this folder imports pynamodb."""
