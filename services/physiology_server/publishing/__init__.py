"""From the outbox to where envelopes go, and to those who read along."""
