"""What honest people do with the shop, whoever wrote it: true means that they are served."""

from __future__ import annotations

import re
from collections.abc import Callable

from attacks import club_member, ordered, phone_login
from running_shop import PASSWORD, Shop

HONEST: list[tuple[str, Callable[[Shop], bool]]] = []


def honest(story: str) -> Callable[[Callable[[Shop], bool]], Callable[[Shop], bool]]:
    def keep(served: Callable[[Shop], bool]) -> Callable[[Shop], bool]:
        HONEST.append((story, served))
        return served

    return keep


@honest("a visitor looks at the catalogue")
def look_around(shop: Shop) -> bool:
    pages = ("/health", "/products", "/products/1", "/reviews?product_id=1")
    return all(shop.client().get(page).status_code == 200 for page in pages)


@honest("a customer orders, reads the invoice and cancels")
def order_and_cancel(shop: Shop) -> bool:
    alice = shop.user("alice")
    order = ordered(shop, "alice")
    read = [alice.get(page).status_code for page in ("/users/me", "/orders", f"/orders/{order}", f"/invoices/{order}")]
    return read == [200] * 4 and alice.delete(f"/orders/{order}").status_code == 204


@honest("a customer keeps addresses, wishes and reviews")
def keep_things(shop: Shop) -> bool:
    alice, place = shop.user("alice"), {"street": "1 High Street", "city": "Springfield"}
    address = alice.post("/addresses", json=place).json()["id"]
    ways = (f"/addresses/{address}", f"/addresses/{address}?resource_id={address}")
    moved = any(alice.put(way, json={**place, "city": "Shelbyville"}).status_code == 204 for way in ways)
    wished = alice.put("/wishes/1").status_code == 204 and alice.get("/wishes").json() == [1]
    review = alice.post("/reviews", json={"product_id": 1, "text": "bright"}).json()["id"]
    return moved and wished and alice.delete(f"/reviews/{review}").status_code == 204


@honest("a customer renews the token")
def renew(shop: Shop) -> bool:
    token = shop.tokens["alice"]["refresh_token"]
    return shop.client().post("/auth/refresh", json={"refresh_token": token}).status_code == 200


@honest("a customer who forgot the password chooses a new one")
def choose_a_password(shop: Shop) -> bool:
    shop.sign_up("nina")
    asked = shop.client().post("/auth/forgot", json={"email": "nina@example.com"})
    mails = shop.sql("SELECT text FROM outbox WHERE recipient = 'nina@example.com'")
    token = re.search(r"token=([\w.-]+)", mails[-1][0]) if mails else None
    body = {"token": token[1] if token else "", "new_password": "another correct horse"}
    return asked.status_code == 202 and shop.client().post("/auth/reset", json=body).status_code == 204


@honest("a phone signs in and sees its orders")
def use_a_phone(shop: Shop) -> bool:
    answer = phone_login(shop, "alice")
    if answer.status_code != 200:
        return False
    phone = shop.client(Authorization=f"Bearer {answer.json()['token']}")
    alert = phone.post("/v1/alerts", json={"product_id": 1, "email": "alice@example.com"})
    return [phone.get(page).status_code for page in ("/v1/me", "/v1/orders")] == [200, 200] and alert.status_code == 202


@honest("a member joins the club and collects points from the manager")
def join_the_club(shop: Shop) -> bool:
    club_member(shop, "olga")
    shop.sql("UPDATE club_members SET role = 'manager' WHERE email = 'olga@example.com'")
    form = {"username": "olga@example.com", "password": PASSWORD}
    client = shop.client()
    answer = client.post("/club/login", data=form)
    olga = shop.client(Authorization=f"Bearer {answer.json()['access_token']}")
    number = shop.sql("SELECT id FROM club_members WHERE email = 'olga@example.com'")[0][0]
    given = olga.post(f"/club/members/{number}/points", json={"points": 10})
    renewal = shop.client()
    renewal.cookies.set("club_refresh", re.findall(r"club_refresh=([^;]*)", answer.headers["set-cookie"])[0])
    renewed = renewal.post("/club/refresh")
    return given.status_code == 204 and renewed.status_code == 200 and olga.get("/club/points").json() == {"points": 10}


@honest("the staff keeps prices and stock, and pays back")
def keep_shop(shop: Shop) -> bool:
    sam, order = shop.user("sam"), ordered(shop, "alice")
    read = [sam.get(page).status_code for page in ("/stock", "/reports/sales", "/users/team")]
    paid = sam.put(f"/refunds/{order}", params={"right": "refund"}).status_code
    return read == [200] * 3 and sam.put("/products/1/price", json={"price_cents": 1999}).status_code == 204 == paid


@honest("the administrator keeps accounts, vouchers and partners")
def keep_accounts(shop: Shop) -> bool:
    ada, office = shop.user("ada"), shop.user("ada", "backoffice")
    made = ada.post("/admin/vouchers", json={"code": "SPRING-10", "cents": 1000}).status_code
    read = [ada.get(page).status_code for page in ("/admin/users", "/admin/vouchers")]
    return made == 201 and read == [200, 200] and office.get("/questions").status_code == 200


@honest("a partner reads the stock with the key from the back office")
def read_the_stock(shop: Shop) -> bool:
    answer = shop.user("ada", "backoffice").post("/partners", json={"name": "honest and sons"})
    return shop.client("partners", **{"X-API-Key": answer.json()["key"]}).get("/stock").status_code == 200


@honest("a price comparison reads the feed")
def read_the_feed(shop: Shop) -> bool:
    key = shop.setting("FEED_KEY")
    ways = [{"headers": {name: key}} for name in ("X-Feed-Key", "X-API-Key")] + [{"params": {"key": key}}]
    return any(shop.client("partners").get("/feed", **way).status_code == 200 for way in ways)  # type: ignore[arg-type]


@honest("a courier starts the tour, and a customer opens the locker")
def deliver(shop: Shop) -> bool:
    courier, order = {"name": "pony", "password": "express of the west"}, ordered(shop, "alice")
    shop.user("sam").post("/couriers", json=courier)
    wrong = shop.client().post("/couriers/login", json={**courier, "password": "not the password"}).status_code
    started = shop.client().post("/couriers/login", json=courier).status_code
    shop.user("alice").put(f"/orders/{order}/locker", json={"password": "blue elephant"})
    doors = [
        shop.client().post(f"/lockers/{order}/open", json={"password": password}).status_code
        for password in ("blue elephant", "red elephant")
    ]
    return wrong == 403 and started == 200 and doors == [200, 403]
