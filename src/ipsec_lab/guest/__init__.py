"""The machine whose kernel has ESP: the host, or a user-mode Linux guest over the host's files.

``machine`` is the way in; ``cli`` is the command line over it. What runs inside the guest is
``init`` and ``server``, with the standard library alone.
"""
