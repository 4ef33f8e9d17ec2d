"""What lies in the sessions folder: files, lines, summaries, and who holds them."""
