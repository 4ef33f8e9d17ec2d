"""One source of metrics a file: it reads, it understands, it yields families."""
