"""Libreswan as data: its series, algorithms and options, and what a configuration becomes in its files.

Nothing in here runs a program or reads a file.
"""
