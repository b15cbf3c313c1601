"""What every room may lean on: errors, secrets, files, local sockets, processes, logs.

Nothing in here knows what a tunnel is.
"""
