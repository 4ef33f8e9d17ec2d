"""Where frames come from, one source a file."""
