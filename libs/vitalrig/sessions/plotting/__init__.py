"""A session as one picture."""
