"""Whether a session is whole, and what can be mended."""
