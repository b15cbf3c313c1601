"""Names to addresses, with a deadline and the last good answer. Nothing that matters ever waits for it."""
