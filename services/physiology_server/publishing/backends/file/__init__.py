"""Files: envelopes one a line, and pictures, in one folder."""
