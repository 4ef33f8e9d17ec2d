"""What is run: `python -m services.<name>` in the tree. A service never imports another."""
