"""What is run, from the tree: `python -m services.<name>`. A service never imports another."""
