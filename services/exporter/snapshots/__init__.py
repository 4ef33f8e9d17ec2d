"""Snapshots that another collector writes, such as the vendor's: read beside the scrapes."""
