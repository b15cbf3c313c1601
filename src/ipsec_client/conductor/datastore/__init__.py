"""What the conductor keeps: commits, everybody's candidate, exports. One SQLite file, and its copy."""
