"""
Start, watch and stop the rig, under Docker compose or as processes under supervisord.

Run as ``python3 tools/rig <verb>``; the Makefile does. The standard library only, so that it
works on a machine where nothing of ours is installed yet.
"""
