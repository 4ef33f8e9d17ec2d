"""The open physiology_server: frames in, core and edge metrics out, controlled over gRPC."""
