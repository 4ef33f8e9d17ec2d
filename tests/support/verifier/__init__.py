"""
Whether a recording is what was published: found out without asking the rig.

The readers here record the durable stream and the server's gRPC streams by themselves
(`stream_reader`, `grpc_reader`). `span` finds in those records what belongs to a session, and
`check` compares it with the JSONL and only then with what the manifest claims. No code of the
collector or of the server takes part.
"""
