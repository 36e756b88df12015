"""What must hold whatever runs in parallel or crashes; against MiniStack's DynamoDB."""
