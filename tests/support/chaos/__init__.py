"""A rig of real processes that tests kill, beside readers that record what it publishes."""
