"""Settings, read once at start from MINITWIT_* environment variables.

A secret comes from the file that MINITWIT_<NAME>_FILE names, never from a variable:
`docker inspect` and crash reports show a process's environment.
"""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal, Self
from uuid import UUID

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    SecretStr,
    ValidationError,
    field_validator,
)

from minitwit.errors import InvalidSettings
from minitwit.postgres.address import complete
from minitwit.postgres.certificate_authority import readable

_PREFIX = "MINITWIT_"

_MAX_MS = 2**31 - 1  # what PostgreSQL accepts as a time-out

_DatabaseUrl = Annotated[str, AfterValidator(complete)]

_SITE_URL = re.compile(r"https?://[^/?#@\s]+")
_ENDPOINT = re.compile(r"https?://[^/?#@\s]+(/[^?#\s]*)?")
_SENTRY_DSN = re.compile(r"https?://[^/?#@\s]+@[^/?#@\s]+(/[^/?#\s]+)*/[0-9]+")


class DatabaseSettings(BaseModel):
    """The address of PostgreSQL and the time limits for it."""

    model_config = ConfigDict(frozen=True, extra="ignore", allow_inf_nan=False)

    database_url: _DatabaseUrl = Field(
        description="postgresql://user@host:port/name, or ?host=/folder for a socket; "
        "of several hosts (a,b) the primary is used.",
    )
    database_read_url: _DatabaseUrl | None = Field(
        default=None,
        description="Servers (a,b) of which the standbys serve reads that may lag by a "
        "second, as the user of the other URL; none: all reads go to the primary.",
    )
    database_password: SecretStr | None = Field(
        default=None, description="Password of the user in the URLs."
    )
    database_ca_file: Annotated[Path, AfterValidator(readable)] | None = Field(
        default=None,
        description="CA certificates (PEM), of which one must have signed the "
        "server's: TCP connections use TLS and verify certificate and host name; "
        "none: no TLS.",
    )
    installation: UUID | None = Field(
        default=None,
        description="Id that the database must have (`minitwit migrate` prints it).",
    )
    connect_timeout: float = Field(
        default=0.25, gt=0, description="Seconds to wait for a new connection."
    )
    statement_timeout_ms: int = Field(
        default=2000, gt=0, le=_MAX_MS, description="Milliseconds a statement may run."
    )
    lock_timeout_ms: int = Field(
        default=1000,
        gt=0,
        le=_MAX_MS,
        description="Milliseconds a statement may wait for a lock.",
    )

    @classmethod
    def from_environment(cls, environment: Mapping[str, str]) -> Self:
        """Read the settings from environment variables and secret files.

        Raises:
            InvalidSettings: a setting is missing, malformed or unreadable.

        """
        values: dict[str, Any] = {}
        for name, field in cls.model_fields.items():
            variable = _PREFIX + name.upper()
            if _is_secret(field.annotation):
                if variable in environment:
                    raise InvalidSettings(
                        f"{variable} is a secret: put it in a file and name that "
                        f"file in {variable}_FILE"
                    )
                if path := environment.get(f"{variable}_FILE"):
                    values[name] = _read_secret(f"{variable}_FILE", path)
            elif environment.get(variable):
                values[name] = environment[variable]
        try:
            return cls.model_validate(values)
        except ValidationError as error:
            raise InvalidSettings(_explain(error)) from None

    def masked(self) -> dict[str, object]:
        """Return the effective settings for a log, with secrets masked."""
        return self.model_dump(mode="json")


class Settings(DatabaseSettings):
    """A function's settings."""

    function: str = Field(description="Name of the function that this process runs.")
    host: str = Field(default="0.0.0.0", description="Address to listen on.")  # noqa: S104
    port: int = Field(default=8000, ge=0, le=65535, description="Port for callers.")
    operator_port: int = Field(
        default=8001,
        ge=0,
        le=65535,
        description="Internal port for /live, /ready, /version, /metrics.",
    )
    url: str = Field(
        default="http://localhost:5000",
        description="Public address of the site, for the links in feeds.",
    )
    concurrency: int = Field(
        default=8,
        ge=1,
        description="Concurrent requests, each with a database connection.",
    )
    drain_seconds: float = Field(
        default=3.0,
        ge=0,
        description="Seconds to serve after SIGTERM, until the edge has noticed.",
    )
    session_keys: SecretStr = Field(
        description="Keys that sign cookies, one a line, the newest first."
    )
    session_days: int = Field(
        default=30, ge=1, description="Days without use after which a session ends."
    )
    simulator_credential: SecretStr = Field(
        default=SecretStr("simulator:super_safe!"),
        description="user:password of the simulator.",
    )
    version: str = Field(default="development", description="Version of the image.")
    revision: str = Field(default="unknown", description="Commit of the image.")
    environment: str = Field(
        default="local", description="Deployment environment, as Sentry shows it."
    )
    replicas: int = Field(
        default=0, ge=0, description="Replicas that should run; 0: unknown."
    )
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = Field(
        default="INFO", description="DEBUG, INFO, WARNING, ERROR."
    )
    otlp_endpoint: str | None = Field(
        default=None, description="http://host:4318 of the collector; none: no traces."
    )
    sentry_dsn: SecretStr | None = Field(
        default=None, description="Sentry project for exceptions; none: no reports."
    )

    @field_validator("url")
    @classmethod
    def _url_is_an_origin(cls, url: str) -> str:
        origin = url.rstrip("/")
        if not _SITE_URL.fullmatch(origin):
            raise ValueError("write https://host, without a path")
        return origin

    @field_validator("otlp_endpoint")
    @classmethod
    def _endpoint_is_a_url(cls, endpoint: str | None) -> str | None:
        if endpoint is None:
            return None
        if not _ENDPOINT.fullmatch(endpoint):
            raise ValueError("write http://host:4318")
        return endpoint.rstrip("/")

    @field_validator("session_keys")
    @classmethod
    def _keys_are_long(cls, keys: SecretStr) -> SecretStr:
        lines = keys.get_secret_value().split()
        if not lines or min(map(len, lines)) < 32:
            raise ValueError("each key needs at least 32 characters")
        return keys

    @field_validator("simulator_credential")
    @classmethod
    def _credential_has_two_parts(cls, credential: SecretStr) -> SecretStr:
        if ":" not in credential.get_secret_value():
            raise ValueError("write user:password into the file")
        return credential

    @field_validator("sentry_dsn")
    @classmethod
    def _dsn_is_whole(cls, dsn: SecretStr | None) -> SecretStr | None:
        # A stack file cannot omit a secret, so without Sentry the file is blank.
        if dsn is None or not dsn.get_secret_value():
            return None
        if not _SENTRY_DSN.fullmatch(dsn.get_secret_value()):
            raise ValueError("write https://key@host/project into the file")
        return dsn

    @property
    def session_key_ring(self) -> list[str]:
        """Return the keys in the order of itsdangerous, oldest first."""
        return self.session_keys.get_secret_value().split()[::-1]


def _is_secret(annotation: object) -> bool:
    return annotation in (SecretStr, SecretStr | None)


def _read_secret(variable: str, path: str) -> str:
    try:
        # Some editors write a byte order mark in front.
        return Path(path).read_text(encoding="utf-8-sig").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise InvalidSettings(f"{variable}: cannot read {path}: {error}") from None


def _explain(error: ValidationError) -> str:
    """Name every invalid variable, without its value, which may be a secret."""
    return "; ".join(
        f"{_PREFIX}{str(fault['loc'][0]).upper()}: "
        + fault["msg"].removeprefix("Value error, ")
        for fault in error.errors(include_input=False, include_url=False)
    )
