"""What was measured: series of samples, in memory or spilled to files."""
