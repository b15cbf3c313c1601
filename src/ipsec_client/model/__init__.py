"""The elements and fields of a configuration, one definition each, as plain values. Standard library only.

Nothing here reads text, knows Libreswan, or touches a machine.
"""
