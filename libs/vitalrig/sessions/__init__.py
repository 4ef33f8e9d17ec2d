"""
What becomes of finished sessions: found, read, verified, repaired, exported, plotted.

Each module imports its third-party packages itself, so that finding and repairing need none.
"""
