"""What travels: channels, envelopes, measurements and the Redis protocol."""
