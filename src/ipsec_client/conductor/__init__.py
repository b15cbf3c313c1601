"""The conductor: holds the running configuration, commits new ones, and has every node made as they say.

It answers the authority's commands and passes the nodes' on to them. It touches no tunnel.
"""
