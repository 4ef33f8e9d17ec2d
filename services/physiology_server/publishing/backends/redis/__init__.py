"""Redis: the vendor's channels, a capped stream, and the lease on the key prefix."""
