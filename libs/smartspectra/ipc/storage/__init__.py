"""What lies on the disk: files, locks, and the threads that wait for them."""
