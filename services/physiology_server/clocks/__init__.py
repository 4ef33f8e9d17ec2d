"""Which time a frame or an envelope bears, and when it is due: one clock a way of capture."""
