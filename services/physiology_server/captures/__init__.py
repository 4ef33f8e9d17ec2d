"""How frames come to the graph: one file per way, paced, live or recorded."""
