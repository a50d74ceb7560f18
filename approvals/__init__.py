"""Who may decide what, and the proof of it."""
