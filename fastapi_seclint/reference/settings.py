"""Settings that come from the environment and are checked at start (guide sections 6, 8 and 10).

A secret has no default: the application does not start without it, nor with one that is too short to sign with
(RFC 7518, section 3.2: a key for HS256 has 256 bits or more).
"""

from __future__ import annotations

from functools import lru_cache
from typing import Annotated

from pydantic import Field, SecretStr, field_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

Names = Annotated[tuple[str, ...], NoDecode]
"""A list written as `a, b, c` in the environment."""


class Settings(BaseSettings):
    """What an operator configures. Environment variables have the names of the fields, in capitals.

    Lifetimes are in minutes and days. `allowed_origins` are the websites that may call the API from a browser,
    `allowed_hosts` the names under which it is served.
    """

    model_config = SettingsConfigDict(env_file=".env", extra="ignore", hide_input_in_errors=True)

    secret_key: SecretStr
    database_path: str
    access_token_expire_minutes: int = Field(default=15, ge=1, le=60)
    refresh_token_expire_days: int = Field(default=7, ge=1, le=30)
    allowed_origins: Names = ()
    allowed_hosts: Names = ("localhost", "127.0.0.1")
    https: bool = True
    docs: bool = False

    @field_validator("secret_key")
    @classmethod
    def _long_enough(cls, value: SecretStr) -> SecretStr:
        if len(value.get_secret_value().encode()) < 32:
            raise ValueError("must have at least 32 bytes; make one with `openssl rand -hex 32`")
        return value

    @field_validator("allowed_origins", "allowed_hosts", mode="before")
    @classmethod
    def _split(cls, value: object) -> object:
        if isinstance(value, str):
            return tuple(part.strip() for part in value.split(",") if part.strip())
        return value

    @field_validator("allowed_origins", "allowed_hosts")
    @classmethod
    def _explicit(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        if "*" in value:
            raise ValueError('name each one; "*" would let everybody in')
        return value


@lru_cache
def get_settings() -> Settings:
    """The settings, read once; raises `pydantic.ValidationError` when one is missing or unfit."""
    return Settings()  # type: ignore[call-arg]  # the environment gives the rest
