"""What crosses a process: the node document, and requests with their replies. Each bears its format."""
