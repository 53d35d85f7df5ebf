"""Each module of the reference by itself: what it accepts, and what an attacker tries."""

from __future__ import annotations

import inspect
import time
from base64 import b64encode
from collections.abc import Callable
from datetime import timedelta
from itertools import count
from pathlib import Path
from typing import Any

import bcrypt
import pytest
from fastapi import Depends, FastAPI, HTTPException, Request, Response
from fastapi.testclient import TestClient
from jose import jwt as jose_jwt
from pydantic import ValidationError

import fastapi_seclint
from fastapi_seclint import shipped
from fastapi_seclint.reference import cookies, cors, hosts, passwords, passwords_passlib, tokens, tokens_jose
from fastapi_seclint.reference.rate_limits import RateLimit
from fastapi_seclint.reference.security_headers import SecurityHeadersMiddleware
from fastapi_seclint.reference.settings import Settings, get_settings

FOLDER = Path(shipped.__file__).parent / "reference"


def test_our_own_rules_find_nothing_in_any_persona() -> None:
    report = fastapi_seclint.check(FOLDER, persona="auditor", isolated=True, cwd=FOLDER)
    assert [f"{finding.location} {finding.rule.name}" for finding in report.findings] == []


def test_old_versions_of_fastapi_can_read_what_an_object_depends_on() -> None:
    """Up to 0.122 the names in annotations that are strings are looked up for functions only, not for `__call__`."""
    assert inspect.signature(RateLimit.__call__).parameters["request"].annotation is Request
    for path in FOLDER.glob("*.py"):
        text = path.read_text(encoding="utf-8")
        assert "__call__(self, request" not in text or "from __future__ import annotations" not in text, path.name


# Settings


def unfit(monkeypatch: pytest.MonkeyPatch, name: str, value: str | None) -> str:
    if value is None:
        monkeypatch.delenv(name)
    else:
        monkeypatch.setenv(name, value)
    with pytest.raises(ValidationError) as caught:
        get_settings()
    return str(caught.value)


@pytest.mark.parametrize("name", ["SECRET_KEY", "DATABASE_PATH"])
def test_without_a_setting_it_does_not_start(settings: None, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    assert name.lower() in unfit(monkeypatch, name, None)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("SECRET_KEY", ""),
        ("SECRET_KEY", "short"),
        ("ACCESS_TOKEN_EXPIRE_MINUTES", "1440"),
        ("REFRESH_TOKEN_EXPIRE_DAYS", "365"),
        ("ALLOWED_ORIGINS", "https://a.example, *"),
        ("ALLOWED_HOSTS", "*"),
    ],
)
def test_unfit_settings_are_refused(settings: None, monkeypatch: pytest.MonkeyPatch, name: str, value: str) -> None:
    message = unfit(monkeypatch, name, value)
    assert name.lower() in message
    assert "input_value='short'" not in message


def test_lists_may_have_spaces(settings: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ALLOWED_ORIGINS", " https://a.example ,, https://b.example,")
    assert get_settings().allowed_origins == ("https://a.example", "https://b.example")
    assert "kkkk" not in repr(Settings())  # type: ignore[call-arg]


# Passwords


@pytest.mark.parametrize("module", [passwords, passwords_passlib])
def test_a_password_is_verified(module: object) -> None:
    hash_password: Callable[[str], str] = module.hash_password  # type: ignore[attr-defined]
    verify_password: Callable[[str, str | None], bool] = module.verify_password  # type: ignore[attr-defined]
    first, second = hash_password("battery staple"), hash_password("battery staple")
    assert first != second
    assert "battery" not in first
    assert verify_password("battery staple", first)
    assert not verify_password("battery stapler", first)
    assert not verify_password("battery staple", None)
    assert not verify_password("x" * 100, first)


def test_hashes_of_bcrypt_are_still_read_and_renewed() -> None:
    old = bcrypt.hashpw(b"battery staple", bcrypt.gensalt(4)).decode()
    assert passwords.verify_password("battery staple", old)
    renewed = passwords.needs_rehash("battery staple", old)
    assert renewed is not None
    assert renewed.startswith("$argon2id$")
    assert passwords.needs_rehash("battery staple", renewed) is None


def test_what_is_no_hash_verifies_nothing() -> None:
    assert not passwords.verify_password("plain", "plain")
    assert not passwords.verify_password("no password is ever equal to this one", None)


def test_bcrypt_cuts_no_password_in_silence() -> None:
    with pytest.raises(ValueError, match="72"):
        passwords_passlib.hash_password("x" * 73)


# Tokens


@pytest.mark.parametrize("module", [tokens, tokens_jose])
def test_tokens_are_for_one_purpose(settings: None, module: object) -> None:
    access, refresh = module.create_access_token({"sub": "ada"}), module.create_refresh_token({"sub": "ada"})  # type: ignore[attr-defined]
    assert module.decode_access_token(access)["sub"] == "ada"  # type: ignore[attr-defined]
    assert module.decode_refresh_token(refresh)["sub"] == "ada"  # type: ignore[attr-defined]
    with pytest.raises(tokens.TokenError):
        module.decode_access_token(refresh)  # type: ignore[attr-defined]
    with pytest.raises(tokens.TokenError):
        module.decode_refresh_token(access)  # type: ignore[attr-defined]


@pytest.mark.parametrize("module", [tokens, tokens_jose])
@pytest.mark.parametrize(
    "claims",
    [{"sub": "ada", "type": "access"}, {"type": "access", "exp": 4e9}, {"sub": "ada", "exp": 4e9}, {"exp": 1}],
)
def test_claims_that_are_missing_or_past_are_refused(settings: None, module: object, claims: dict[str, object]) -> None:
    token = jose_jwt.encode(claims, "k" * 32, algorithm="HS256")
    with pytest.raises(tokens.TokenError):
        module.decode_access_token(token)  # type: ignore[attr-defined]


@pytest.mark.parametrize("module", [tokens, tokens_jose])
@pytest.mark.parametrize("algorithm", ["HS384", "HS512"])
def test_the_server_chooses_the_algorithm(settings: None, module: object, algorithm: str) -> None:
    token = jose_jwt.encode({"sub": "ada", "type": "access", "exp": 4e9}, "k" * 32, algorithm=algorithm)
    with pytest.raises(tokens.TokenError):
        module.decode_access_token(token)  # type: ignore[attr-defined]


@pytest.mark.parametrize("module", [tokens, tokens_jose])
def test_a_life_can_be_given(settings: None, module: object) -> None:
    token = module.create_access_token({"sub": "ada"}, timedelta(seconds=-1))  # type: ignore[attr-defined]
    with pytest.raises(tokens.TokenError):
        module.decode_access_token(token)  # type: ignore[attr-defined]


# Limits


def refused(limit: RateLimit, key: str) -> bool:
    try:
        limit.hit(key)
    except HTTPException as error:
        return error.status_code == 429 and int((error.headers or {})["Retry-After"]) > 0
    return False


def test_limits_do_not_lift_each_other() -> None:
    long, short = RateLimit(2, 3600), RateLimit(2, 0.01)
    assert [refused(long, "ada") for _ in range(3)] == [False, False, True]
    time.sleep(0.02)
    assert not refused(short, "ada")
    assert refused(long, "ada")
    assert not refused(long, "eve")


def test_a_window_passes() -> None:
    limit = RateLimit(1, 0.05)
    assert [refused(limit, "ada") for _ in range(2)] == [False, True]
    time.sleep(0.06)
    assert not refused(limit, "ada")


def test_strangers_cannot_fill_the_memory() -> None:
    limit = RateLimit(1, 3600, most_keys=3)
    for number in range(100):
        limit.hit(str(number))
    assert len(limit._seen) == 3


def test_a_header_of_the_client_does_not_make_it_another_client() -> None:
    app = FastAPI()

    @app.get("/", dependencies=[Depends(RateLimit(2, 60))])
    def read() -> None: ...

    client = TestClient(app)
    codes = [client.get("/", headers={"X-Forwarded-For": f"10.0.0.{number}"}).status_code for number in range(3)]
    assert codes == [200, 200, 429]


# Browsers


def test_a_wildcard_origin_stops_the_start(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ALLOWED_ORIGINS", "https://a.example, *")
    with pytest.raises(ValueError, match="ALLOWED_ORIGINS"):
        cors.add_cors(FastAPI())


def test_origins_come_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ALLOWED_ORIGINS", " https://a.example/ ,")
    app = FastAPI()
    cors.add_cors(app)
    client = TestClient(app)
    headers = {"Origin": "https://a.example"}
    assert client.get("/", headers=headers).headers["access-control-allow-origin"] == "https://a.example"
    assert "access-control-allow-origin" not in client.get("/", headers={"Origin": "https://b.example"}).headers


def test_hosts_and_https(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ALLOWED_HOSTS", "api.example.com")
    app = FastAPI()
    hosts.add_host_checks(app)
    client = TestClient(app, follow_redirects=False)
    assert client.get("http://api.example.com/x?y=1").headers["Location"] == "https://api.example.com/x?y=1"
    assert client.get("http://evil.example/").status_code == 400
    assert client.get("https://api.example.com/").status_code == 404
    assert client.get("http://localhost:8000/").status_code == 404


def test_headers_are_added_and_none_is_replaced() -> None:
    app = FastAPI()
    app.add_middleware(SecurityHeadersMiddleware)

    @app.get("/framed")
    def framed(response: Response) -> None:
        response.headers["X-Frame-Options"] = "SAMEORIGIN"

    answer = TestClient(app).get("/framed")
    assert answer.headers["X-Frame-Options"] == "SAMEORIGIN"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert TestClient(app).get("/none").headers["X-Frame-Options"] == "DENY"


def test_the_refresh_cookie_is_kept_from_scripts_and_other_sites() -> None:
    response = Response()
    cookies.set_refresh_cookie(response, "t", timedelta(days=7))
    given = response.headers["set-cookie"].lower()
    for part in ("httponly", "secure", "samesite=strict", "path=/auth", "max-age=604800"):
        assert part in given
    cleared = Response()
    cookies.clear_refresh_cookie(cleared)
    assert "max-age=0" in cleared.headers["set-cookie"].lower()


NUMBERS = count()
WAYS = (
    "form",
    "json",
    "inner",
    "query",
    "header",
    "camel",
    "number",
    "decoy-query",
    "decoy-body",
    "broken-header",
    "disguise",
)


def naming(way: str, name: str) -> dict[str, Any]:
    """A request's arguments that name an account in one of the ways that applications read it."""
    fields = {"username": name, "password": "x"}
    number = next(NUMBERS)
    decoy = {"login": f"decoy{number}", "email": f"{number}@b.example"}
    basic = {"Authorization": "Basic " + b64encode(f"{name}:x".encode()).decode()}
    return {
        "form": {"data": fields},
        "json": {"json": fields},
        "inner": {"json": {"user": fields}},
        "query": {"params": fields},
        "header": {"headers": basic},
        "camel": {"json": {"userName": name}},
        "number": {"json": {"phone": int.from_bytes(name.strip().lower().encode(), "big")}},
        "decoy-query": {"json": fields, "params": decoy},
        "decoy-body": {"json": {**decoy, **fields}},
        "broken-header": {"json": fields, "headers": {"Authorization": "Basic ?"}},
        "disguise": {"json": fields, "headers": {"Content-Type": "application/json; as=form"}},
    }[way]


@pytest.mark.parametrize("way", WAYS)
def test_an_attacker_with_many_addresses_has_few_tries_at_one_account(way: str) -> None:
    app = FastAPI()

    @app.post("/login", dependencies=[Depends(RateLimit(3, 60))])
    async def login(request: Request) -> int:
        return len(await (request.form() if way == "form" else request.body()))

    def tries(address: int, name: str) -> int:
        client = TestClient(app, client=(f"10.0.0.{address}", 1))
        return client.post("/login", **naming(way, name)).status_code

    assert [tries(number, "ada") for number in range(5)] == [200, 200, 200, 429, 429]
    assert tries(9, "ADA ") == 429
    assert tries(9, "eve") == 200


def test_an_account_in_the_path_is_counted() -> None:
    app = FastAPI()

    @app.post("/reset/{email}", dependencies=[Depends(RateLimit(1, 60))])
    def reset(email: str) -> None: ...

    clients = [TestClient(app, client=(f"10.0.0.{number}", 1)) for number in range(2)]
    assert [client.post("/reset/ada@b.example").status_code for client in clients] == [200, 429]


def test_one_request_does_not_lock_many_accounts() -> None:
    app = FastAPI()

    @app.post("/login", dependencies=[Depends(RateLimit(1, 60))])
    def login() -> None: ...

    names = {str(number): {"username": f"user{number}"} for number in range(100)}
    assert TestClient(app, client=("10.0.0.1", 1)).post("/login", json=names).status_code == 400
    assert TestClient(app, client=("10.0.0.2", 1)).post("/login", json={"username": "user1"}).status_code == 200
