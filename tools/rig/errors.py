"""
The one error of this package.
"""


class RigError(Exception):
    """Something a person has to put right. The message says what it is and what to do."""
