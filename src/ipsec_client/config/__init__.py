"""The configuration as text: read, checked, completed by what follows from it, compared, and cut down to a node."""
