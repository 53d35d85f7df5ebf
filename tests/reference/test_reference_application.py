"""The complete application: an honest user's way through it, and attacks by the guide's mistakes, which all fail."""

from __future__ import annotations

import base64
import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import jwt
import pytest
from conftest import KEY, PASSWORD, add_user
from fastapi import FastAPI
from fastapi.testclient import TestClient

from fastapi_seclint.reference.settings import get_settings

NEW = {"email": "ada@example.com", "password": PASSWORD}
FORM = {"username": "ada@example.com", "password": PASSWORD}


def bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


def logged_in(client: TestClient, email: str = "ada@example.com", **user: object) -> dict[str, str]:
    add_user(get_settings().database_path, email, **user)  # type: ignore[arg-type]
    answer = client.post("/auth/login", data={"username": email, "password": PASSWORD})
    assert answer.status_code == 200
    return bearer(answer.json()["access_token"])


def forged(key: str = KEY, algorithm: str = "HS256", **claims: object) -> dict[str, str]:
    soon = datetime.now(UTC) + timedelta(minutes=5)
    whole = {"sub": "ada@example.com", "type": "access", "version": 0, "exp": soon, **claims}
    return bearer(jwt.encode({name: value for name, value in whole.items() if value is not None}, key, algorithm))


def test_an_honest_user_behind_a_real_server(server: str, tmp_path: Path) -> None:
    with httpx.Client(base_url=server) as client:
        assert client.post("/auth/register", json=NEW).status_code == 202
        login = client.post("/auth/login", data=FORM)
        assert login.status_code == 200
        me = client.get("/users/me", headers=bearer(login.json()["access_token"]))
        assert me.json() == {"email": "ada@example.com", "is_active": True, "role": "user"}
        cookie = next(item for item in client.cookies.jar if item.name == "refresh_token")
        assert (cookie.secure, cookie.path) == (True, "/auth")
        renewed = client.post("/auth/refresh", headers={"Cookie": f"refresh_token={cookie.value}"})
        assert renewed.status_code == 200
        headers = bearer(renewed.json()["access_token"])
        post = client.post("/posts", json={"text": "hello"}, headers=headers).json()
        assert client.put(f"/posts/{post['id']}", json={"text": "mine"}, headers=headers).json()["text"] == "mine"
        assert client.get("/admin/stats", headers=headers).status_code == 403
        add_user(str(tmp_path / "reference.sqlite"), "root@example.com", "admin")
        root = client.post("/auth/login", data={**FORM, "username": "root@example.com"}).json()["access_token"]
        assert client.get("/admin/stats", headers=bearer(root)).json() == {"users": 2}
        assert client.post("/auth/logout", headers=headers).status_code == 204
        assert client.get("/users/me", headers=headers).status_code == 401
        assert client.get("/feed").json() == [{"id": post["id"], "text": "mine", "mine": False}]


@pytest.mark.parametrize(
    "headers",
    [
        {},
        bearer("junk"),
        bearer(""),
        forged(key="another key of thirty-two bytes."),
        forged(key="x" * 32),
        forged(type="refresh"),
        forged(type=None),
        forged(exp=None),
        forged(exp=datetime.now(UTC) - timedelta(seconds=1)),
        forged(sub="nobody@example.com"),
        forged(sub=None),
        forged(version=7),
    ],
)
def test_a_token_that_was_not_issued_for_the_api_is_refused(client: TestClient, headers: dict[str, str]) -> None:
    add_user(get_settings().database_path, "ada@example.com")
    answer = client.get("/users/me", headers=headers)
    assert answer.status_code == 401
    assert answer.headers["WWW-Authenticate"] == "Bearer"


def test_the_same_token_with_the_right_claims_is_accepted(client: TestClient) -> None:
    add_user(get_settings().database_path, "ada@example.com")
    assert client.get("/users/me", headers=forged()).status_code == 200


def test_an_unsigned_token_is_refused(client: TestClient) -> None:
    add_user(get_settings().database_path, "ada@example.com")
    parts = [{"alg": "none", "typ": "JWT"}, {"sub": "ada@example.com", "type": "access", "version": 0, "exp": 4e9}]
    token = ".".join(base64.urlsafe_b64encode(json.dumps(part).encode()).decode().rstrip("=") for part in parts) + "."
    assert client.get("/users/me", headers=bearer(token)).status_code == 401


def test_a_refresh_token_works_once_and_a_copy_ends_the_session(client: TestClient) -> None:
    headers = logged_in(client)
    stolen = client.cookies.get("refresh_token")
    assert client.post("/auth/refresh").status_code == 200
    client.cookies.clear()
    assert client.post("/auth/refresh", headers={"Cookie": f"refresh_token={stolen}"}).status_code == 401
    assert client.get("/users/me", headers=headers).status_code == 401


def test_a_closed_account_cannot_log_in_or_refresh(client: TestClient) -> None:
    add_user(get_settings().database_path, "gone@example.com", active=False)
    answer = client.post("/auth/login", data={"username": "gone@example.com", "password": PASSWORD})
    assert (answer.status_code, answer.json()) == (401, {"detail": "Incorrect email or password"})


def test_all_wrong_logins_get_one_answer(client: TestClient) -> None:
    add_user(get_settings().database_path, "ada@example.com")
    answers = [
        client.post("/auth/login", data={"username": name, "password": "wrong"})
        for name in ("ada@example.com", "nobody@example.com")
    ]
    assert [answer.status_code for answer in answers] == [401, 401]
    assert answers[0].json() == answers[1].json()
    assert {answer.headers["WWW-Authenticate"] for answer in answers} == {"Bearer"}


def test_passwords_cannot_be_guessed_at_speed(client: TestClient) -> None:
    add_user(get_settings().database_path, "ada@example.com")
    codes = [client.post("/auth/login", data={**FORM, "password": str(number)}).status_code for number in range(12)]
    assert codes == [401] * 10 + [429] * 2


def test_many_addresses_have_few_tries_at_one_account(app: FastAPI) -> None:
    with TestClient(app, base_url="https://testserver"):
        add_user(get_settings().database_path, "ada@example.com")
    codes = []
    for number in range(25):
        with TestClient(app, base_url="https://testserver", client=(f"10.0.0.{number}", 1)) as client:
            codes.append(client.post("/auth/login", data={**FORM, "password": "wrong"}).status_code)
    assert codes == [401] * 10 + [429] * 15


def test_registering_chooses_no_role_and_tells_nothing(client: TestClient) -> None:
    assert client.post("/auth/register", json={**NEW, "role": "admin"}).status_code == 422
    first, second = (client.post("/auth/register", json=NEW) for _ in range(2))
    assert (first.status_code, first.json()) == (second.status_code, second.json())


def test_a_password_is_stored_hashed_and_never_returned(client: TestClient) -> None:
    headers = logged_in(client, role="admin")
    assert b"correct horse" not in Path(get_settings().database_path).read_bytes()
    for path in ("/users/me", "/admin/users/ada@example.com"):
        assert "password" not in client.get(path, headers=headers).text


def test_somebody_elses_post_is_as_unknown_as_none(client: TestClient) -> None:
    owner, other = logged_in(client), logged_in(client, "eve@example.com")
    post = client.post("/posts", json={"text": "mine"}, headers=owner).json()["id"]
    answers = [client.put(f"/posts/{number}", json={"text": "eve's"}, headers=other) for number in (post, 999)]
    assert [answer.status_code for answer in answers] == [404, 404]
    assert client.put(f"/posts/999?post_id={post}", json={"text": "x"}, headers=owner).status_code == 404


def test_only_admins_administer(client: TestClient) -> None:
    user, admin = logged_in(client), logged_in(client, "root@example.com", role="admin")
    paths = [
        ("GET", "/admin/stats"),
        ("GET", "/admin/users/ada@example.com"),
        ("DELETE", "/admin/users/ada@example.com"),
    ]
    assert [client.request(*path).status_code for path in paths] == [401] * 3
    answers = [client.request(*path, headers=user) for path in paths]
    assert [(answer.status_code, answer.json()["detail"]) for answer in answers] == [
        (403, "Insufficient permissions")
    ] * 3
    assert [client.request(*path, headers=admin).status_code for path in paths] == [200, 200, 204]


def test_visitors_see_the_feed_and_a_wrong_token_is_an_error(client: TestClient) -> None:
    assert client.get("/feed").status_code == 200
    assert client.get("/feed", headers=bearer("junk")).status_code == 401


def test_machines_need_a_key_with_the_permission(app: FastAPI, client: TestClient) -> None:
    reader, other = app.state.clients.add("reader", {"posts:read"}), app.state.clients.add("other")
    assert client.get("/external/posts", headers={"X-API-Key": reader}).json() == {"posts": 0}
    assert client.get("/external/posts", headers={"X-API-Key": other}).status_code == 403
    for wrong in ({}, {"X-API-Key": ""}, {"X-API-Key": reader[:-1]}, {"X-API-Key": "a"}):
        assert client.get("/external/name", headers=wrong).status_code == 401
    assert client.get(f"/external/name?X-API-Key={reader}").status_code == 401


def test_user_or_client(app: FastAPI, client: TestClient) -> None:
    headers, key = logged_in(client), app.state.clients.add("robot")
    assert client.get("/whoami", headers=headers).json() == {"caller": "ada@example.com"}
    assert client.get("/whoami", headers={"X-API-Key": key}).json() == {"caller": "robot"}
    for wrong in ({}, {"X-API-Key": "junk"}, bearer("junk"), {**bearer("junk"), "X-API-Key": key}):
        assert client.get("/whoami", headers=wrong).status_code == 401


def test_only_listed_websites_may_read_answers(client: TestClient) -> None:
    for origin in ("https://evil.example", "null", "https://app.example.com.evil.example", "http://app.example.com"):
        answer = client.get("/feed", headers={"Origin": origin})
        assert "access-control-allow-origin" not in answer.headers
    answer = client.get("/feed", headers={"Origin": "https://app.example.com"})
    assert answer.headers["access-control-allow-origin"] == "https://app.example.com"


def test_hosts_https_and_headers(client: TestClient) -> None:
    assert client.get("/feed", headers={"Host": "evil.example"}).status_code == 400
    plain = client.get("http://testserver/feed")
    assert plain.headers["Strict-Transport-Security"].startswith("max-age=31536000")
    assert plain.headers["X-Frame-Options"] == "DENY"


def test_errors_carry_the_headers_too(app: FastAPI) -> None:
    @app.get("/broken")
    def broken() -> None:
        raise RuntimeError("the database password is hunter2")

    with TestClient(app, base_url="https://testserver", raise_server_exceptions=False) as client:
        answer = client.get("/broken")
    assert answer.status_code == 500
    assert "hunter2" not in answer.text


def test_the_schema_is_not_public(client: TestClient) -> None:
    assert [client.get(path).status_code for path in ("/docs", "/redoc", "/openapi.json")] == [404] * 3
