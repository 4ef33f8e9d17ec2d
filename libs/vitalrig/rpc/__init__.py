"""The gRPC contract: a client, and what `make proto` generates from proto/."""
