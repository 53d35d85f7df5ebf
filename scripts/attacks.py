"""What strangers, customers and thieves do to the shop, one function for each mistake: true means that it worked.

`source` is what somebody with a copy of the repository reads in it: every text of the vulnerable shop and of this one.
"""

from __future__ import annotations

import ast
import base64
import hashlib
import json
import logging
import re
import time
import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import jwt
from httpx import Response
from running_shop import PASSWORD, Shop

VULNERABLE = Path(__file__).parent.parent / "tests" / "fixtures" / "shop_vulnerable"
ATTACKS: list[Attack] = []


@dataclass(frozen=True)
class Attack:
    """A mistake's rule, what somebody does about it in plain words, and the deed itself."""

    rule: str
    story: str
    succeeds: Callable[[Shop], bool]


def attack(rule: str, story: str) -> Callable[[Callable[[Shop], bool]], Callable[[Shop], bool]]:
    def keep(succeeds: Callable[[Shop], bool]) -> Callable[[Shop], bool]:
        ATTACKS.append(Attack(rule, story, succeeds))
        return succeeds

    return keep


def source(shop: Shop) -> Iterator[str]:
    for folder in (VULNERABLE, shop.folder):
        for node in ast.walk(ast.parse((folder / "app" / "settings.py").read_text("utf-8"))):
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                yield node.value


def forged(key: str, **claims: object) -> dict[str, str]:
    """The header of somebody who signs a token himself."""
    payload = {"sub": "1", "exp": datetime.now(UTC) + timedelta(hours=1), **claims}
    with warnings.catch_warnings(action="ignore"):  # an attacker does not mind that a key is short
        return {"Authorization": f"Bearer {jwt.encode(payload, key, algorithm='HS256')}"}


def claims_of(token: str) -> dict[str, object]:
    part = token.split(".")[1]
    # seclint: ignore[jwt-signature-unverified] -- an attacker reads what is in a token and believes nothing
    return json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))


# Routes that nobody guards, or that are guarded in vain.


@attack("unprotected-route", "a stranger changes a price")
def change_a_price(shop: Shop) -> bool:
    shop.client().put("/products/2/price", json={"price_cents": 1})
    return shop.client().get("/products/2").json()["price_cents"] == 1


@attack("unprotected-router", "a stranger lists all accounts")
def list_the_accounts(shop: Shop) -> bool:
    return shop.client().get("/admin/users").status_code == 200


@attack("token-not-validated", "a made-up word is a token for the warehouse")
def any_word_is_a_token(shop: Shop) -> bool:
    return shop.client(Authorization="Bearer anything").get("/stock").status_code == 200


@attack("jwt-error-swallowed", "a made-up word is a token for phones")
def any_word_is_a_phone(shop: Shop) -> bool:
    alert = {"product_id": 1, "email": "mallory@example.com"}
    return shop.client(Authorization="Bearer anything").post("/v1/alerts", json=alert).status_code == 202


@attack("optional-auth-unchecked", "a stranger removes a customer's review")
def remove_a_review(shop: Shop) -> bool:
    written = shop.user("alice").post("/reviews", json={"product_id": 1, "text": "bright"}).json()
    shop.client().delete(f"/reviews/{written['id']}")
    return not shop.sql("SELECT * FROM reviews WHERE id = ?", written["id"])


@attack("missing-authorization", "a customer prints himself a voucher")
def print_a_voucher(shop: Shop) -> bool:
    voucher = {"code": "MALLORY-100", "cents": 10000}
    return shop.user("mallory").post("/admin/vouchers", json=voucher).status_code == 201


@attack("dependency-factory-not-called", "a customer gets his money back without asking")
def refund_an_order(shop: Shop) -> bool:
    order = ordered(shop, "mallory")
    shop.user("mallory").put(f"/refunds/{order}", params={"right": "refund"})
    return shop.sql("SELECT state FROM orders WHERE id = ?", order) == [("refunded",)]


@attack("dependency-lost", "a customer asks a question in another's name")
def ask_as_another(shop: Shop) -> bool:
    other = {"id": 1, "email": "alice@example.com", "role": "customer", "active": True}
    answer = shop.user("mallory").post("/questions", json={"question": {"text": "cancel it"}, "asker": other})
    return "alice@example.com" in answer.text and answer.status_code == 202


@attack("inactive-user-accepted", "a closed account goes on")
def go_on_after_closing(shop: Shop) -> bool:
    shop.sign_up("carol")
    shop.sql("UPDATE users SET active = 0 WHERE email = 'carol@example.com'")
    return shop.user("carol").get("/wishes").status_code == 200


@attack("missing-ownership-check", "a customer reads a stranger's invoice")
def read_an_invoice(shop: Shop) -> bool:
    return shop.user("mallory").get(f"/invoices/{ordered(shop, 'alice')}").status_code == 200


@attack("ownership-of-another-id", "a customer has a stranger's parcels sent to himself")
def change_an_address(shop: Shop) -> bool:
    place = {"street": "1 High Street", "city": "Springfield"}
    theirs = shop.user("alice").post("/addresses", json=place).json()["id"]
    mine = shop.user("mallory").post("/addresses", json=place).json()["id"]
    moved = {"street": "2 Back Alley", "city": "Springfield"}
    shop.user("mallory").put(f"/addresses/{theirs}", params={"resource_id": mine}, json=moved)
    return shop.sql("SELECT street FROM addresses WHERE id = ?", theirs) == [("2 Back Alley",)]


def ordered(shop: Shop, name: str) -> int:
    answer = shop.user(name).post("/orders", json={"product_id": 1, "quantity": 1})
    assert answer.status_code == 201, answer.text
    return int(answer.json()["id"])


# Secrets and tokens.


@attack("hardcoded-secret", "whoever has the source signs a token for any user")
def sign_with_the_source(shop: Shop) -> bool:
    headers = (forged(text, type="access") for text in source(shop) if len(text) > 15)
    return any(shop.client(**header).get("/users/me").status_code == 200 for header in headers)


@attack("default-secret", "whoever has the source signs a token for the club")
def sign_for_the_club(shop: Shop) -> bool:
    club_member(shop, "erin")
    headers = (forged(text, role="manager", type="access") for text in source(shop) if len(text) > 15)
    return any(shop.client(**header).get("/club/points").status_code == 200 for header in headers)


@attack("credentials-in-url", "whoever has the source sends mail as the shop")
def read_the_mail_password(shop: Shop) -> bool:
    texts = (shop.folder / "app" / "settings.py").read_text("utf-8")
    return re.search(r"\w+://\w+:\w+@", texts) is not None


@attack("jwt-expiry-unverified", "a token from last year is renewed")
def renew_an_old_token(shop: Shop) -> bool:
    claims = {"sub": "1", "type": "refresh", "exp": datetime.now(UTC) - timedelta(days=400)}
    old = jwt.encode(claims, shop.setting("SECRET_KEY"), algorithm="HS256")
    return shop.client().post("/auth/refresh", json={"refresh_token": old}).status_code == 200


@attack("jwt-type-unchecked", "a refresh token opens the reports")
def report_by_refresh_token(shop: Shop) -> bool:
    token = shop.tokens["sam"]["refresh_token"]
    return shop.client(Authorization=f"Bearer {token}").get("/reports/sales").status_code == 200


@attack("jwt-signature-unverified", "a customer signs a phone's token for another himself")
def sign_for_a_phone(shop: Shop) -> bool:
    # seclint: ignore[hardcoded-secret] -- an attacker makes up his key
    return shop.client(**forged("any key will do, as long as it is a long one")).get("/v1/orders").status_code == 200


@attack("jwt-without-expiry", "the token of a phone that was lost works for ever")
def keep_a_phone(shop: Shop) -> bool:
    answer = phone_login(shop, "alice")
    return "exp" not in claims_of(answer.json()["token"])


def phone_login(shop: Shop, name: str, password: str = PASSWORD, **headers: str) -> Response:
    """Signing in on a phone: as the vulnerable shop wants it, or as the repaired ones do."""
    given = {"email": f"{name}@example.com", "password": password}
    client = shop.client(**headers)
    ways: list[dict[str, object]] = [{"params": given}, {"json": given}, {"data": given}]
    ways.append({"params": {"email": given["email"]}, "json": {"password": password}})
    answers = (client.post("/v1/login", **way) for way in ways)  # type: ignore[arg-type]
    return next(answer for answer in answers if answer.status_code != 422)


def club_member(shop: Shop, name: str, **more: str) -> str:
    """Join the club and sign in, once; gives the access token. Refresh token and cookie are in `shop.tokens`."""
    if f"club {name}" in shop.tokens:
        return shop.tokens[f"club {name}"]["access_token"]
    email = f"{name}@example.com"
    joined = shop.client().post("/club/join", json={"email": email, "password": PASSWORD, **more})
    assert joined.status_code == 202, joined.text
    answer = shop.client().post("/club/login", data={"username": email, "password": PASSWORD})
    assert answer.status_code == 200, answer.text
    cookie = answer.headers["set-cookie"]
    refresh = re.match(r"club_refresh=([^;]*)", cookie)
    assert refresh
    shop.tokens[f"club {name}"] = {**answer.json(), "refresh_token": refresh[1], "cookie": cookie}
    return str(answer.json()["access_token"])


@attack("jwt-untyped", "the refresh cookie of a club member opens the club itself")
def refresh_cookie_as_access(shop: Shop) -> bool:
    club_member(shop, "erin")
    token = shop.tokens["club erin"]["refresh_token"]
    return shop.client(Authorization=f"Bearer {token}").get("/club/points").status_code == 200


@attack("jwt-long-lived", "a stolen club token works for a week")
def use_a_token_next_day(shop: Shop) -> bool:
    return float(str(claims_of(club_member(shop, "erin"))["exp"])) - time.time() > 24 * 3600


@attack("jwt-carries-secret", "whoever sees a club card cracks the password at home")
def crack_a_card(shop: Shop) -> bool:
    token = club_member(shop, "erin")
    card = shop.client(Authorization=f"Bearer {token}").get("/club/card").json()["card"]
    return "password" in claims_of(card)


@attack("jwt-subject-unchecked", "a member who left the club renews his token")
def renew_after_leaving(shop: Shop) -> bool:
    client = shop.client(Authorization=f"Bearer {club_member(shop, 'hank')}")
    assert client.delete("/club/membership").status_code == 204
    client.cookies.set("club_refresh", shop.tokens["club hank"]["refresh_token"])
    return client.post("/club/refresh").status_code == 200


@attack("insecure-cookie", "a script in the page reads the club's cookie")
def read_the_cookie(shop: Shop) -> bool:
    club_member(shop, "erin")
    return "httponly" not in shop.tokens["club erin"]["cookie"].lower()


@attack("client-chosen-role", "a new member makes himself manager and gives himself points")
def join_as_manager(shop: Shop) -> bool:
    client = shop.client(Authorization=f"Bearer {club_member(shop, 'judy', role='manager')}")
    return client.post("/club/members/1/points", json={"points": 10000}).status_code == 204


# Passwords, and what tells who has an account.


@attack("leaky-login-error", "a stranger learns who has an account")
def ask_for_an_account(shop: Shop) -> bool:
    known, unknown = (
        shop.client().post("/auth/forgot", json={"email": f"{name}@example.com"}) for name in ("sam", "x")
    )
    return (known.status_code, known.text) != (unknown.status_code, unknown.text)


@attack("secret-logged", "whoever reads the log takes over an account")
def take_the_link_from_the_log(shop: Shop) -> bool:
    shop.sign_up("kate")
    seen: list[str] = []

    class Reader(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            seen.append(record.getMessage())

    logger, reader = logging.getLogger("app"), Reader()
    logger.addHandler(reader)
    logger.setLevel(logging.DEBUG)
    shop.client().post("/auth/forgot", json={"email": "kate@example.com"})
    logger.removeHandler(reader)
    links = re.findall(r"token=([\w.-]+)", "\n".join(seen))
    reset = [{"token": token, "new_password": "a password of the attacker"} for token in links]
    return any(shop.client().post("/auth/reset", json=body).status_code == 204 for body in reset)


@attack("login-timing-leak", "a stranger with a stopwatch learns who has an account")
def time_the_login(shop: Shop) -> bool:
    """The processor's time, in this very process, is what a stopwatch shows on a machine with nothing else to do."""

    def fastest(name: str) -> float:
        taken = []
        for _ in range(2):
            start = time.process_time()
            phone_login(shop, name, "not the password")
            taken.append(time.process_time() - start)
        return min(taken)

    return fastest("nobody") < fastest("alice") / 4


@attack("auth-route-without-rate-limit", "a stranger tries a dozen passwords at the club's login")
def guess_at_the_club(shop: Shop) -> bool:
    club_member(shop, "lisa")
    guesses = ({"username": "lisa@example.com", "password": f"guess {number}"} for number in range(12))
    return not any(shop.client().post("/club/login", data=guess).status_code == 429 for guess in guesses)


@attack("rate-limit-inert", "a stranger who writes another address into a header each time is never stopped")
def guess_at_the_phones(shop: Shop) -> bool:
    address = shop.client()
    given = {"email": "nobody@example.com", "password": "not the password"}
    for number in range(12):
        headers = {"X-Forwarded-For": f"192.0.2.{number}"}
        if address.post("/v1/login", params=given, json=given, headers=headers).status_code == 429:
            return False
    return True


@attack("credential-in-query", "passwords are in the access log")
def log_in_by_address(shop: Shop) -> bool:
    given = {"email": "alice@example.com", "password": PASSWORD}
    return shop.client().post("/v1/login", params=given).status_code == 200


@attack("plaintext-password", "a thief with a copy of the database has the couriers' passwords")
def steal_the_couriers(shop: Shop) -> bool:
    courier = {"name": "hermes", "password": "winged sandals 4711"}
    assert shop.user("sam").post("/couriers", json=courier).status_code == 201
    return any(courier["password"] in row for row in shop.sql("SELECT * FROM couriers"))


@attack("fast-password-hash", "a thief with a copy of the database guesses a locker's password at full speed")
def crack_a_locker(shop: Shop) -> bool:
    order = ordered(shop, "alice")
    assert shop.user("alice").put(f"/orders/{order}/locker", json={"password": "opensesame"}).status_code == 204
    digests = {hashlib.sha256(word.encode()).hexdigest() for word in ("password", "letmein", "opensesame")}
    return any(digests & set(map(str, row)) for row in shop.sql("SELECT * FROM lockers"))


@attack("weak-password-scheme", "a thief with a copy of the database guesses the club's passwords at full speed")
def crack_the_club(shop: Shop) -> bool:
    club_member(shop, "erin")
    digests = {hashlib.sha256(word.encode()).hexdigest() for word in ("password", "letmein", PASSWORD)}
    return any(digests & set(map(str, row)) for row in shop.sql("SELECT * FROM club_members"))


@attack("password-hash-exposed", "a customer takes the staff's password hashes home")
def read_the_hashes(shop: Shop) -> bool:
    return re.search(r"[0-9a-f]{32}\$[0-9a-f]{64}", shop.user("mallory").get("/users/team").text) is not None


@attack("exception-text-in-response", "an error tells where the shop keeps its files")
def read_an_error(shop: Shop) -> bool:
    answer = shop.user("mallory").get(f"/invoices/{ordered(shop, 'mallory')}/file")
    return str(shop.setting("INVOICES")) in answer.text


# API keys.


@attack("api-key-in-query", "the key of the price feed is in the access log")
def key_in_the_address(shop: Shop) -> bool:
    return shop.client("partners").get("/feed", params={"key": shop.setting("FEED_KEY")}).status_code == 200


@attack("api-key-stored-plain", "a thief with a copy of the database has the partners' keys")
def steal_the_keys(shop: Shop) -> bool:
    answer = shop.user("ada", "backoffice").post("/partners", json={"name": "acme"})
    assert answer.status_code == 201, answer.text
    return any(answer.json()["key"] in row for row in shop.sql("SELECT * FROM partners"))


@attack("api-key-matches-missing", "where nobody set a token, nothing is the token")
def send_no_token(shop: Shop) -> bool:
    parcel = {"order_id": ordered(shop, "mallory"), "state": "delivered"}
    return shop.client("hooks").post("/parcels", json=parcel).status_code == 204


# Browsers, hosts and headers.


def read_by(shop: Shop, app: str, path: str, origin: str) -> str | None:
    """The origin that a browser is told may read an answer, when the page of another website asks."""
    return (
        shop.client(app)
        .get(path, headers={"Origin": origin, "Cookie": "a=b"})
        .headers.get("Access-Control-Allow-Origin")
    )


@attack("cors-wildcard-with-credentials", "any website reads as the customer who visits it")
def read_from_anywhere(shop: Shop) -> bool:
    return read_by(shop, "shop", "/health", "https://evil.example") == "https://evil.example"


@attack("cors-origins-not-a-list", "a website with a shorter name reads as the club's member")
def read_from_a_shorter_name(shop: Shop) -> bool:
    return read_by(shop, "shop", "/club/points", "https://club.shop.example.co") is not None


@attack("cors-loose-origin-regex", "a website with a similar name reads as the administrator")
def read_from_a_similar_name(shop: Shop) -> bool:
    return read_by(shop, "backoffice", "/questions", "https://evilshopxexample.com") is not None


@attack("cors-wildcard-origin", "any website uses the partners' API in its visitors' name")
def use_the_partners(shop: Shop) -> bool:
    return read_by(shop, "partners", "/stock", "https://evil.example") is not None


@attack("cors-wildcard-methods-or-headers", "an allowed website that was taken over sends every header")
def send_any_header(shop: Shop) -> bool:
    origins = ["https://prices.example.com", "https://shop.example.com"]
    asked = {"Access-Control-Request-Method": "GET", "Access-Control-Request-Headers": "X-Forwarded-For"}
    answers = [shop.client("partners").options("/feed", headers={"Origin": origin, **asked}) for origin in origins]
    return any(answer.status_code == 200 for answer in answers)


@attack("trusted-host-wildcard", "the back office answers under the attacker's name")
def claim_the_back_office(shop: Shop) -> bool:
    return shop.client("backoffice").get("/questions", headers={"Host": "evil.example"}).status_code != 400


@attack("trusted-host-missing", "the hooks answer under the attacker's name")
def claim_the_hooks(shop: Shop) -> bool:
    return shop.client("hooks").get("/docs", headers={"Host": "evil.example"}).status_code != 400


@attack("security-headers-missing", "a website shows the hooks in a frame")
def frame_the_hooks(shop: Shop) -> bool:
    return "X-Frame-Options" not in shop.client("hooks").get("/docs").headers


@attack("https-redirect-missing", "browsers come back to the hooks without encryption")
def come_back_by_http(shop: Shop) -> bool:
    answer = shop.client("hooks").get("/docs", follow_redirects=False)
    return "Strict-Transport-Security" not in answer.headers and not answer.is_redirect
