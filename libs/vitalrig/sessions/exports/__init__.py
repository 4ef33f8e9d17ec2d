"""Sessions as CSV, EDF+, Parquet and XDF."""
