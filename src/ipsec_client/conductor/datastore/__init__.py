"""What the conductor keeps: commits with their history, everybody's candidate, exports. One SQLite file and its copy."""
