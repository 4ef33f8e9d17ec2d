"""From frames to what Core and Edge say of them: rates, breaths, traces, status."""
