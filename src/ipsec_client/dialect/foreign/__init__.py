"""Configurations of other programs, read into profiles and remotes: what is here is pure, and runs nothing.

``ipsecconf`` and ``swanctl`` read texts into tunnels (``tunnel``), ``keys`` the secrets beside them; what
could not be carried over is told line by line. ``assemble`` makes an authority of the tunnels.
"""
