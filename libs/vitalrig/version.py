"""The version of this distribution, as every service reports it."""

from importlib.metadata import PackageNotFoundError, version

try:
    VERSION = version("vitalrig")
except PackageNotFoundError:  # run from a bare tree
    VERSION = "0+unknown"
