"""Settings as a value: defaults < YAML < environment < flags; an unknown key stops the service."""

import difflib
import os
import sys
from collections.abc import Mapping, Sequence
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import Annotated, Any, ClassVar, Self, TypeVar, get_args

from absl import flags
from pydantic import BeforeValidator, Field, ValidationError
from pydantic.fields import FieldInfo
from pydantic_settings import (
    BaseSettings,
    NoDecode,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    YamlConfigSettingsSource,
)
from yaml import YAMLError

from vitalrig.errors import BadSettings
from vitalrig.secret_files import first_line
from vitalrig.service.logs import LogFormat, LogLevel
from vitalrig.version import VERSION


def _split_commas(value: object) -> object:
    return [part.strip() for part in value.split(",")] if isinstance(value, str) else value


Names = Annotated[tuple[str, ...], NoDecode, BeforeValidator(_split_commas)]
"""Several names: a YAML list, or one text with commas in the environment and in flags."""


_HELP_FLAGS = ("--help", "-h", "-help", "--helpfull", "--help=main")


_VERSION_FLAGS = ("--version", "-version")


class HelpWanted(Exception):
    """The caller asked for `--help` or `--version`. Print the text it carries, and end well."""


class _ConfigFile(YamlConfigSettingsSource):
    """The YAML file of --config."""

    def _read_file(self, file_path: Path | Traversable) -> dict[str, Any]:
        """
        Read it; the library takes every key for text, and YAML knows others.

        Raises:
            ValueError: If a key is not text.
        """
        read = super()._read_file(file_path)
        for key in read if isinstance(read, dict) else ():
            if not isinstance(key, str):
                raise ValueError(f"{key!r}: a key has to be text; write it in quotes")  # noqa: TRY004
        return read


class ServiceSettings(BaseSettings):
    """
    What every service can be told. A service's own model adds its keys.

    Sources, the later wins: defaults, `config/<service>.yml`, environment variables
    `VITALRIG_<SERVICE>_<KEY>`, flags `--<key>`.
    """

    model_config = SettingsConfigDict(frozen=True, extra="forbid", yaml_file_encoding="utf-8")
    # Whether config/<service>.yml is read without being asked for, where it is there.
    usual_config: ClassVar[bool] = True

    redis_host: str = Field("127.0.0.1", description="where Redis is")
    redis_port: int = Field(6379, gt=0, lt=65_536, description="Redis's port")
    redis_database: int = Field(0, ge=0, description="Redis's database number")
    redis_username: str = Field(
        "", description="Redis's user; empty for the one that has a password alone"
    )
    redis_password_file: Path | None = Field(
        None, description="file whose first line is Redis's password"
    )
    metrics_port: int = Field(
        0, ge=0, lt=65_536, description="HTTP port of the service's own /metrics; 0 for none"
    )
    metrics_address: str = Field(
        "127.0.0.1", description="address that its own /metrics listens on"
    )
    health_file: Path | None = Field(
        None, description="where health is written for the probe (default: a file in /tmp)"
    )
    wedged_after_s: float = Field(
        60.0, gt=0, description="a loop that stands still this long ends the process (exit 70)"
    )
    log_format: LogFormat = Field("json", description="json or text")
    log_level: LogLevel = Field("info", description="debug, info, warning or error")

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,  # noqa: ARG003  the signature is given
        file_secret_settings: PydanticBaseSettingsSource,  # noqa: ARG003
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """
        Put flags (which come as init arguments) before the environment before YAML.
        """
        return init_settings, env_settings, _ConfigFile(settings_cls)

    @classmethod
    def service(cls) -> str:
        """
        Name of the service that these settings are for.
        """
        return str(cls.model_config.get("env_prefix", "")).removeprefix("VITALRIG_")[:-1].lower()

    @classmethod
    def more_help(cls) -> list[str]:
        """
        Lines that a service adds at the end of `--help`.
        """
        return []

    def redis_password(self) -> str | None:
        """
        Read Redis's password.

        Raises:
            BadSettings: If the file that is named cannot be read, or is empty.
        """
        if self.redis_password_file is None:
            return None
        return first_line(self.redis_password_file, "redis_password_file")

    def health_path(self) -> Path:
        """
        Where health is written.
        """
        return self.health_file or Path(f"/tmp/vitalrig-{self.service()}.health")  # noqa: S108

    @classmethod
    def load(
        cls, argv: Sequence[str] = (), environ: Mapping[str, str] | None = None
    ) -> tuple[Self, list[str]]:
        """
        Join all sources.

        Returns:
            The settings, and the arguments that are not flags of ours.

        Raises:
            BadSettings: If a key is unknown or a value cannot work; the text names the key.
            HelpWanted: If *argv* asks for help.
        """
        given, rest = _parse_flags(cls, argv)
        path = _config_path(cls, given.pop("config", None))
        _refuse_unknown_environment(cls, os.environ if environ is None else environ)
        located = type(
            cls.__name__,
            (cls,),
            {"model_config": SettingsConfigDict(yaml_file=path), "__doc__": cls.__doc__},
        )
        try:
            return located(**given), rest
        except ValidationError as exc:
            raise BadSettings("; ".join(_explain(cls, error) for error in exc.errors())) from exc
        except (YAMLError, ValueError, TypeError, OSError) as exc:
            raise BadSettings(f"{path}: {exc}") from exc


S = TypeVar("S", bound=ServiceSettings)


def for_service(name: str) -> SettingsConfigDict:
    """
    Model configuration of the service *name*: frozen, strict, with its environment prefix.
    """
    return SettingsConfigDict(
        frozen=True, extra="forbid", env_prefix=f"VITALRIG_{name.upper()}_", populate_by_name=True
    )


def help_text(settings: type[ServiceSettings]) -> str:
    """
    All that `--help` says.
    """
    name = settings.service()
    where = f"config/{name}.yml" if settings.usual_config else "the file of --config"
    lines = [
        f"{_command_line(name)} [--config FILE] [--KEY=VALUE ...]",
        "",
        *(line.strip() for line in (settings.__doc__ or "").strip().splitlines()),
        "",
        f"Each key may be in {where}, in the environment as",
        f"VITALRIG_{name.upper()}_KEY or as a flag; the later wins. Booleans may be bare",
        "(--key, --nokey).",
        "",
        f"  --config=FILE  ({f'config/{name}.yml' if settings.usual_config else ''})",
        "      the YAML file to read",
    ]
    lines += ["  --version", "      show the version and exit"]
    for key, field in settings.model_fields.items():
        lines += [f"  --{key}  ({default_of(field)})", f"      {field.description}"]
    if more := settings.more_help():
        lines += ["", *more]
    return "\n".join(lines)


def default_of(field: FieldInfo) -> str:
    """
    A key's default as it may be written; empty where there is none, or where it is found out.
    """
    if field.default is None or field.default_factory is not None:
        return ""
    return ",".join(field.default) if isinstance(field.default, tuple) else str(field.default)


def _command_line(service: str) -> str:
    """
    How the process was started: as the command of the service, or as a module.
    """
    if command := _own_command(service):
        return command
    module = getattr(sys.modules["__main__"].__spec__, "name", "")
    if module == "vitalrig.launch":
        return f"python -P -m {module} {sys.argv[1]}"
    named = module if module.startswith("services.") else f"services.{service}"
    return f"python -m {named.removesuffix('.__main__')}"


def _own_command(service: str) -> str:
    """
    The service's own command, if the process was started by it; else empty.
    """
    name = Path(sys.argv[0]).name
    return name if name in {service, f"vitalrig-{service}"} else ""


def _parse_flags(
    settings: type[ServiceSettings], argv: Sequence[str]
) -> tuple[dict[str, Any], list[str]]:
    if any(arg in _HELP_FLAGS for arg in argv):
        raise HelpWanted(help_text(settings))
    if any(arg in _VERSION_FLAGS for arg in argv):
        raise HelpWanted(f"{_own_command(settings.service()) or settings.service()} {VERSION}")
    values = flags.FlagValues()  # type: ignore[no-untyped-call]
    flags.DEFINE_string("config", None, "the YAML file to read", flag_values=values)
    for key, field in settings.model_fields.items():
        define = flags.DEFINE_boolean if _is_bool(field.annotation) else flags.DEFINE_string
        define(key, None, field.description or "", flag_values=values)
    try:
        rest = values(["service", *argv], known_only=True)[1:]
    except flags.Error as exc:
        raise BadSettings(str(exc)) from exc
    given = {key: values[key].value for key in values if values[key].present}
    return given, list(rest)


def _is_bool(annotation: object) -> bool:
    return annotation is bool or bool in get_args(annotation)


def _config_path(settings: type[ServiceSettings], given: str | None) -> Path | None:
    if given is None:
        usual = Path("config") / f"{settings.service()}.yml"
        return usual if settings.usual_config and usual.exists() else None
    if not Path(given).exists() or Path(given).is_dir():
        raise BadSettings(f"config: {given} is not a file")
    return Path(given)


def _refuse_unknown_environment(
    settings: type[ServiceSettings], environ: Mapping[str, str]
) -> None:
    prefix = str(settings.model_config.get("env_prefix", ""))
    for name in environ:
        key = name.removeprefix(prefix).lower()
        if prefix and name.startswith(prefix) and key not in settings.model_fields:
            raise BadSettings(_unknown(settings, key, f"environment variable {name}"))


def _explain(settings: type[ServiceSettings], error: Any) -> str:  # noqa: ANN401  pydantic's
    key = ".".join(str(part) for part in error["loc"])
    if error["type"] == "extra_forbidden":
        return _unknown(settings, key, key)
    return f"{key}: {error['msg']} (it is {error['input']!r})"


def _unknown(settings: type[ServiceSettings], key: str, shown: str) -> str:
    near = difflib.get_close_matches(key, settings.model_fields, n=1)
    return f"{shown}: unknown key" + (f"; did you mean {near[0]}?" if near else "")
