"""Raises, clears, numbers alarms. Pure: levels in, changes out."""
