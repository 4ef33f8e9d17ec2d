"""How envelopes arrive: from the durable stream, or from pub/sub."""
