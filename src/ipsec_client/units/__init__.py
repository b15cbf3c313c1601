"""Who keeps a client's pluto running: systemd, or a supervisor of our own where there is none.

Nothing here knows what pluto is: a unit is a name, a process and how often it had to be started again.
"""
