"""The gRPC side: our own service, and any other whose descriptors are given."""
