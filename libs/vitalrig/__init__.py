"""vitalrig: the open surrounding of physiology_server. Importing it imports nothing else."""
