"""Commands shown to people and programs, over a Dispatcher. No face knows the agent or the conductor."""
