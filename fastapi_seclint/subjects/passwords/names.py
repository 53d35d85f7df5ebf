"""What names say about passwords: a password as it was typed, one as it is kept, or the password of some machine."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from functools import cache
from itertools import pairwise
from typing import Literal

from fastapi_seclint.program.languages import english
from fastapi_seclint.subjects.secrets.names import word_set

Naming = Literal["plain", "kept", ""]

MENTIONS = (
    b"passw", b"passphrase", b"passcode", b"pwd", b'"pw"', b'"pass"', b"senha", b"contrase", b"kennwort", b"parola",
    b"mdp", b"mot_de_passe", b"motdepasse", b'_pass"', b'_pw"', b"wachtwoord", b"senord", b"passord", b"adgangskode",
    b"haslo", b"heslo", b"sifre", b"salasana", b"jelszo", b'"clave"', b"mima", b"parol", b"lozinka",
    b"geslo", b"sandi", b"mat_khau", b"matkhau",
)  # fmt: skip
"""Text of facts, in lower case, in which a password may be spoken of."""

FOREIGN = (
    r"(clave|senha|contrase[nñ]a|passwort|kennwort|parola|mdp|mot_?de_?passe|wachtwoord|losenord|passord|adgangskode"
    r"|haslo|heslo|sifre|parol|lozinka|geslo|kata_?sandi|mat_?khau|salasana|jelszo|(xin|jiu|moren)?_?mima)"
)
"""A pattern for what a password is called in other languages, in lower case."""

_WORD = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+")
_PASSWORD = re.compile(
    r"^(new|old|user|my|the|current|plain|raw|confirm|confirmed|login|admin|hashed|stored)?"
    rf"(password|passwd|passphrase|passcode|pwd|pswd|psw|{FOREIGN})s?$"
)
CHANGED = frozenset({"new", "old", "current"})
"""What passwords are called in a body that is all about them."""
PASSWORDS = frozenset({"password", "passwd", "pwd", "passwort", "senha", "contrasena"})
_SHORT = frozenset({"pw", "pass"})
_KEPT = word_set(
    """
    hash hashed hashes hashedpassword passwordhash digest encrypted crypted salted stored db saved real
    correct expected actual original record
    resumen resumo empreinte huella cifrada cifrado hasheada encriptada criptografada verschluesselt gehasht hache
    chiffre
    """
)
_HASH = re.compile(r"hash|hashed|digest|(pass|pw|pwd|passwd)_?(hash|digest)|hashed_?(pass|pw|pwd|passwd)")
"""What a hash is called that is not said in words of which one is a password."""
_MACHINES = word_set(
    """
    smtp imap pop pop3 mail email mailbox redis postgres postgresql pg mysql mongo mongodb database proxy ftp
    sftp ssh ssl tls key keystore keyfile truststore pfx cert certificate p12 zip pdf archive file wifi wlan wpa mqtt
    rabbitmq amqp kafka sasl broker app api service bind ldap sudo vault sql server host router camera device cluster
    node tunnel hotspot vpn vnc rdp winrm telnet snmp rpc wallet sheet worksheet workbook spreadsheet excel xlsx
    """
)
_TYPED = re.compile(rf"^((user|plain|raw|login)_?)?(password|passwd|pwd|{FOREIGN})$", re.I)
_SERVICES = word_set(
    "connection connector datasource integration provider downloader gateway config configuration protection"
)
_MANAGERS = re.compile(r"bitwarden|vaultwarden|one_?password|1password|lastpass|keepass|dashlane", re.I)
_VERBS = word_set(
    """
    is has had forgot forgotten reset change changed verify check hash validate require required needs set get
    use generate make update send invalid wrong bad weak no missing min max encrypt decrypt crypt show hide
    hidden without
    """
)
_AFTER = word_set(
    """
    1 2 bytes str string text plain raw in input value val confirm confirmation again repeat encoded new old
    current clean stripped attempt candidate guess given param entered provided unhashed cleartext clear
    plaintext utf 8 b buf data form field
    """
)
_PEOPLE = re.compile(
    r"(?:^|_)(?:users?|accounts?|members?|customers?|admins?|administrators?|persons?|people|patients?|students?|teachers?"
    r"|doctors?|employees?|staff|clients?|owners?|authors?|profiles?|players?|sellers?|buyers?|drivers?|guests?|subscribers?"
    r"|benutzer|nutzer|kunden?|kont(?:o|en)|membres?|clientes?|contas?|cuentas?|usuarias?"
    r"|operators?|log_?in|regist\w+|sign_?up|sign_?in|auth\w*|credentials?|identity|usuarios?|utilisateurs?|username"
    r"|email|login_name|me|passwords?)(?:$|_|\d)"
)

_OF_PEOPLE = word_set("email mail role roles admin superuser staff birthday nickname surname avatar")
"""What fields of accounts that people log in with speak of."""


_ADDRESSES = frozenset((kind, "url") for kind in ("server", "base", "endpoint", "repo", "repository", "connection"))

_SERVERS = frozenset({"url", "server", "endpoint", "registry"})


@cache
def words(name: str) -> tuple[str, ...]:
    """The words of a name in snake or camel case, in lower case."""
    plain = name if name.isascii() else unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode()
    return tuple(word.lower() for word in _WORD.findall(plain.replace("mot_de_passe", "motdepasse")))


@cache
def naming(name: str) -> Naming:
    """Whether a name is that of a password as it was typed (`plain`), of one as it is kept, or of neither."""
    found = words(name)
    at = next((number for number, word in enumerate(found) if _PASSWORD.match(word)), None)
    if at is None:
        at = next((number for number, word in enumerate(found) if word in _SHORT), None)
        if at is None or at != len(found) - 1:
            return "kept" if _HASH.fullmatch(name) else ""
    if set(found) & _MACHINES:
        return ""
    if _KEPT.intersection(found) or found[at].startswith(("hashed", "stored")):
        return "kept" if set(found[at + 1 :]) <= _KEPT | {"value", "str"} else ""
    if set(found[:at]) & _VERBS or not set(found[at + 1 :]) <= _AFTER:
        return ""
    return "plain"


@cache
def is_of_machine(name: str) -> bool:
    """Whether a name speaks of a machine or service that is logged in to, not of a person who logs in here."""
    found = set(words(name))
    machines = _MACHINES - {"db", "file", "app", "api", "email", "service", "key", "node", "record"}
    return bool(found & (machines | _SERVICES))


def logs_in_elsewhere(fields: Iterable[str]) -> bool:
    """Whether fields are an account at some server rather than a person's: an address to connect to is among them.

    So is the address of a device in a network, unless they have what only accounts of people have.
    """
    named = [words(name) for name in fields]
    if any(
        {"host", "hostname", "port"}.intersection(name) or _ADDRESSES.intersection(pairwise(name)) for name in named
    ):
        return True
    devices = any(name == ("ip", "address") for name in named)
    return devices and not any(_OF_PEOPLE.intersection(name) for name in named)


def is_at_a_server(fields: Iterable[str]) -> bool:
    """The same for fields of what need not be a person at all, where a plain `url` is that of a server."""
    found = list(fields)
    return logs_in_elsewhere(found) or not _SERVERS.isdisjoint(found)


def is_of_password_manager(name: str) -> bool:
    """Whether a name is that of a password manager, which has to give back what it was given."""
    return _MANAGERS.search(name) is not None


@cache
def is_of_people(name: str) -> bool:
    """Whether a name speaks of people who log in: `UserTable`, `accounts`, `register`."""
    return _PEOPLE.search(english("_".join(words(name)))) is not None


def is_password(name: str, people: bool = False) -> bool:
    """Whether a field's name is that of a password's hash or, where people are described, of a password."""
    if name.startswith("_") or name in ("hash", "hashed", "digest"):
        return False
    return naming(name) == "kept" or (people and _TYPED.match(name) is not None)
