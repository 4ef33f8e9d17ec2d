"""Probes of the rig without Docker."""

import subprocess
import sys
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest

from rig import probes
from tests.support.ports import free_port

ROOT = Path(__file__).resolve().parents[3]


@pytest.mark.parametrize(
    "password", ["correct horse battery staple", 'a"b', "a\\b", "pässwörd", "a\tb'c"]
)
def test_redis_is_well_whatever_its_password_holds(redis_server, password):
    """
    A pass phrase is a password; only an inline command would end at its blanks and quotes.
    """
    with redis_server.client() as client:
        client.execute_command("ACL", "SETUSER", "client", "on", f">{password}", "+ping")

    assert probes.redis(redis_server.port, "client", password) is None
    assert "WRONGPASS" in probes.redis(redis_server.port, "client", "another")


class Ready(BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200)
        self.end_headers()

    def log_message(self, *arguments):
        pass


def test_a_page_on_this_machine_is_not_asked_for_through_a_proxy(monkeypatch):
    """
    The proxy of a company does not know this machine's own addresses.
    """
    monkeypatch.setenv("http_proxy", f"http://127.0.0.1:{free_port()}")
    with HTTPServer(("127.0.0.1", 0), Ready) as server:
        threading.Thread(target=server.handle_request).start()

        assert probes.http(f"http://127.0.0.1:{server.server_port}/-/ready") is None


def test_a_health_file_is_found_wherever_it_is(tmp_path):
    """
    Its path goes into an address, where `?`, `#` and `%` mean something.
    """
    odd = tmp_path / "100% real? #1 %20"
    odd.mkdir()
    write = "import sys,pathlib,vitalrig.service.health as h; f=h.Health(pathlib.Path(sys.argv[1]))"
    subprocess.run([sys.executable, "-c", f"{write}; f.ready(); f.write()", odd / "h"], check=True)

    assert probes.service(Path(sys.executable), odd / "h", ROOT) is None
