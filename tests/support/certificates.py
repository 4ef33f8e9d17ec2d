"""Certificates of our own, made when they are needed and good for a day."""

import subprocess
from pathlib import Path

from tests.support.programs import program


def a_certificate(folder: Path, name: str = "server") -> None:
    """Write `{name}.crt`, which is good for 127.0.0.1, and `{name}.key`."""
    openssl = program("openssl", package="openssl")
    subprocess.run(
        [openssl, "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1",
         "-nodes", "-days", "1", "-subj", "/CN=localhost", "-addext", "subjectAltName=IP:127.0.0.1",
         "-keyout", folder / f"{name}.key", "-out", folder / f"{name}.crt"],
        check=True, capture_output=True,
    )  # fmt: skip
