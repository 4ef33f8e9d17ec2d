"""A session as series and events, from its summary or its JSONL."""
