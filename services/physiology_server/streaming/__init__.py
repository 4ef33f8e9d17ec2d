"""Where envelopes go: one file per backend."""
