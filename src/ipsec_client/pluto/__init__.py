"""The driver of one private pluto per client: its files, its start, what it is told and what it says.

Only this room runs Libreswan's programs. What a connection consists of is dialect's to know.
"""
