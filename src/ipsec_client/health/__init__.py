"""Judge each tunnel, switch within the client, repair within its budget: pure steps over evidence and time.

No I/O and no clock in here: ``step(state, event, now)`` returns the next state and what is to be done.
"""
