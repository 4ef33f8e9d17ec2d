"""`python -m services.physiology_server`, and the command `physiology_server`."""

import sys
from collections.abc import Sequence
from pathlib import Path

from stamina.instrumentation import set_on_retry_hooks

from services.physiology_server.app import build
from services.physiology_server.settings import Settings
from services.physiology_server.streaming import file_config, redis_config
from vitalrig.errors import BadSettings
from vitalrig.service import EXIT_OK, serve
from vitalrig.settings import HelpWanted


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
    # The publisher says itself when the backend goes away and comes back; a line an attempt,
    # which is no JSON either, is not wanted.
    set_on_retry_hooks(())
    return EXIT_OK if defaults else serve(Settings, build, argv, unknown_flags_warn=True)


def wanted_defaults(argv: Sequence[str]) -> dict[str, str]:
    """
    Name and text of each default configuration that is asked for.
    """
    try:
        settings, _ = Settings.load(argv)
    except (BadSettings, HelpWanted):
        return {}  # `serve` says so
    defaults = {}
    if settings.save_default_file_ipc_config:
        defaults[file_config.DEFAULT_FILE_NAME] = file_config.default_file_json()
    if settings.save_default_redis_ipc_config:
        defaults[redis_config.DEFAULT_FILE_NAME] = redis_config.default_redis_json()
    return defaults


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
