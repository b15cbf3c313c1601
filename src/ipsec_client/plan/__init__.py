"""What must exist on a node, computed from its document: phased objects, and how to get from one set to another.

Pure: nothing here looks at a machine. The kernel room observes and makes these objects.
"""
