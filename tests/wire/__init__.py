"""The running local stack, spoken to by the real SDKs and by hand."""
