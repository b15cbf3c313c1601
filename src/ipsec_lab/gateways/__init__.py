"""The gateways of the lab: other people's IKE daemons, configured by hand for one remote each.

A gateway offers exactly what its remote's profile has written, and a fixed strong list where nothing is written.
"""
