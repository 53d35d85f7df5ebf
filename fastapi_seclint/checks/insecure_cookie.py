"""FSL805: a cookie that is a token or a session can be read by scripts, or goes out where it should not."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from fastapi_seclint.program.sites import Call
from fastapi_seclint.program.values import Place
from fastapi_seclint.rule import Evidence, Finding, Fix, Rule
from fastapi_seclint.spans import Location
from fastapi_seclint.subjects.code.development import only_in_development
from fastapi_seclint.subjects.cookies.jars import jar_cookies
from fastapi_seclint.subjects.cookies.layers import session_layers
from fastapi_seclint.subjects.cookies.libraries import switched_off
from fastapi_seclint.subjects.cookies.raw import flagged, raw_cookies
from fastapi_seclint.subjects.cookies.sessions import is_removed, is_secret, only_renews
from fastapi_seclint.subjects.cookies.setting import Flag, flag, setters
from fastapi_seclint.subjects.cors.configurations import welcomes_websites
from fastapi_seclint.subjects.hardening.middleware import Configuration

if TYPE_CHECKING:
    from fastapi_seclint.program import Program

RULE = Rule(
    code="FSL805",
    name="insecure-cookie",
    summary="a token in a cookie can be stolen by a script, read on the network, or used by other websites",
    severity="high",
    cwe=(1004, 614, 1275),
    owasp=("API2", "API8"),
    guide="3",
    fixable="safe",
)

_HARM = {
    "httponly": "without `httponly` a script that gets into a page steals it",
    "secure": "without `secure` it goes over plain http, for everybody on the way to read",
    "samesite": "unless `samesite` is lax or strict other websites use it for requests in the user's name",
}


@RULE.check
def insecure_cookie(program: Program) -> Iterator[Finding]:
    """One finding for each call that sets such a cookie with a flag missing or off."""
    seen: set[Location] = set()
    for call in setters(program):
        if is_removed(program, call) or not is_secret(program, call) or only_in_development(call.place):
            continue
        flags = [found for name in _HARM if (found := flag(program, call, name)) is not None]
        if [found.name for found in flags] == ["samesite"] and only_renews(program, call):
            continue
        if len(flags) > 1 and welcomes_websites(program):
            flags = [found for found in flags if found.name != "samesite"]
        if flags:
            if [found.name for found in flags] == ["samesite"] and welcomes_websites(program):
                continue  # websites elsewhere, which the API lets in, would not get the cookie otherwise
            finding = _finding(call, flags)
            if finding.location not in seen:
                seen.add(finding.location)
                yield finding
    for block, at, missing, text in raw_cookies(program):
        if not only_in_development(Place(block.module, at)):
            yield RULE.finding(
                block.location(at), _raw(missing), symbol=block.symbol, fix=flagged(program, block, text, missing)
            )
    for block, at, missing in jar_cookies(program):
        if not only_in_development(Place(block.module, at)):
            yield RULE.finding(block.location(at), _raw(missing), symbol=block.symbol)
    for configuration, name, found in session_layers(program):
        if found.name == "secure" or not welcomes_websites(program):
            yield _of_layer(configuration, name, found)
    for option in switched_off(program):
        if not only_in_development(Place(option.block.module, option.at)):
            yield RULE.finding(
                option.block.location(option.at),
                f"the library's cookie is a key to the account; {_HARM[option.flag]}: leave the flag on",
                symbol=option.block.symbol,
                fix=Fix(f"leave `{option.flag}` on for the cookie", True, (option.edit,)),
            )


def _of_layer(configuration: Configuration, option: str, flag: Flag) -> Finding:
    edits = (flag.edit,) if flag.edit is not None else ()
    return RULE.finding(
        configuration.options[option].location,
        f"the session cookie is a key to the account; {_HARM[flag.name]}: set `{option}={flag.code}`",
        severity="high" if flag.state == "off" else "medium",
        confidence="high" if flag.state == "off" else "medium",
        symbol=configuration.block.symbol,
        evidence=list(_evidence(configuration.call, [flag])),
        fix=Fix(f"set `{option}={flag.code}` for the session cookie", flag.name == "secure", edits) if edits else None,
    )


def _raw(missing: list[str]) -> str:
    harm = ", and ".join(_HARM[name] for name in missing)
    return f"this cookie is a key to the account; {harm}: use `set_cookie` with the flags on"


def _finding(call: Call, flags: list[Flag]) -> Finding:
    sure = any(found.state != "by default" and found.name != "samesite" for found in flags)
    harm = ", and ".join(_HARM[found.name] for found in flags)
    told = next((found.place for found in flags if found.told), None)
    return RULE.finding(
        told or call.location,
        f"this cookie is a key to the account; {harm}: set {_wanted(flags)}",
        severity="high" if sure else "medium",
        confidence="high" if sure else "medium",
        symbol=call.block.symbol,
        evidence=[Evidence(call.location, "the cookie is set here")] if told else list(_evidence(call, flags)),
        fix=_fix(flags),
    )


def _wanted(flags: list[Flag]) -> str:
    return ", ".join(f"`{code}`" for code in (f"{found.name}={found.code}" for found in flags))


def _evidence(call: Call, flags: list[Flag]) -> Iterator[Evidence]:
    outer = call.location
    for found in flags:
        place = found.place
        if place is None:
            continue
        inside = place.path == outer.path and outer.span.line <= place.span.line <= outer.span.end_line
        if found.state == "by default" and found.setting:
            yield Evidence(place, f"`{found.name}` is off unless `{found.setting}` is configured")
        elif not inside:
            yield Evidence(place, f"`{found.name}` is switched off here")


def _fix(flags: list[Flag]) -> Fix | None:
    """Flags are set where they are given, or where their default is written."""
    edits = tuple(found.edit for found in flags if found.edit is not None)
    if len(edits) != len(flags):
        return None
    safe = all(found.state != "by default" and found.name != "samesite" for found in flags)
    return Fix(f"set {_wanted(flags)} on the cookie", safe, edits)
