"""The event log over HTTP, and what the rig says has happened."""
