"""What is recorded under one id: its files, its manifest and its summary."""
