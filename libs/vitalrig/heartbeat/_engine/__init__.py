"""
How beats are kept and summed up. Callers have no business here: import from ``heartbeat``.
"""
