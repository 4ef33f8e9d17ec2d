"""Where envelopes go: one backend for each place."""
