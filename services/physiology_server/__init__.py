"""The open physiology_server: frames in, core and edge metrics out, controlled over gRPC."""

import os

# gRPC's core would print lines of its own between those of the log. It is asked when the package
# is loaded, which is after this.
os.environ.setdefault("GRPC_VERBOSITY", "NONE")
