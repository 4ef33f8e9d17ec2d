"""What is made, on disk until it was sent: a crash while the backend is away loses nothing."""
