"""
The rig without Docker: plain processes under supervisord.
"""
