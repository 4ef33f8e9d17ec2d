"""
How long a test waits before it calls something broken.

That is patience, not a promise: on a busy machine all takes longer, and nothing is wrong. What is
promised in seconds is measured with a manual clock.
"""

import os

FACTOR = float(os.environ.get("VITALRIG_TEST_PATIENCE") or 1)
"""VITALRIG_TEST_PATIENCE=5 waits five times as long, and gives each test five times its limit."""

PATIENCE_S = 240.0 * FACTOR
"""For one condition, one answer, or the end of one process."""
