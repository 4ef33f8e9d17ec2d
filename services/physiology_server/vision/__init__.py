"""From pictures to signals: one RGB picture in, one frame of what can honestly be measured out."""
