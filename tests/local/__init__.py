"""What the local stack is made of, where it is ours."""
