"""`python -m services.physiology_server`, and the command `physiology_server`."""

import sys
from collections.abc import Sequence
from pathlib import Path

from services.physiology_server.app import build
from services.physiology_server.publishing.backends.file.file_config import FileConfig
from services.physiology_server.publishing.backends.json_config import JsonConfig
from services.physiology_server.publishing.backends.redis.redis_config import RedisConfig
from services.physiology_server.settings import Settings
from vitalrig.errors import BadSettings
from vitalrig.service.serve import EXIT_OK, serve
from vitalrig.service.service_settings import HelpWanted


def main(argv: Sequence[str]) -> int:
    """
    Write the configurations that are asked for, or else serve.

    Returns:
        The exit status.
    """
    defaults = wanted_defaults(argv)
    for name, text in defaults.items():
        Path(name).write_text(text)
        print(f"{name} written")
    return EXIT_OK if defaults else serve(Settings, build, argv, unknown_flags_warn=True)


def wanted_defaults(argv: Sequence[str]) -> dict[str, str]:
    """
    Name and text of each default configuration that is asked for.
    """
    try:
        settings, _ = Settings.load(argv)
    except (BadSettings, HelpWanted):
        return {}  # `serve` says so
    kinds: dict[type[JsonConfig], bool] = {
        FileConfig: settings.save_default_file_ipc_config,
        RedisConfig: settings.save_default_redis_ipc_config,
    }
    return {kind.default_name(): kind().to_json() for kind, wanted in kinds.items() if wanted}


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
