"""The collector: smartspectra.ipc.MetricsCollector in a service that never loses a sample."""
