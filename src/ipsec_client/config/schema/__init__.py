"""The configuration for other programs: its JSON form, the JSON Schema and the YANG module of that form.

All three come from the definitions in ``model``. Pure.
"""
