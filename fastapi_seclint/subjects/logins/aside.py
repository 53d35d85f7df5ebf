"""Words that stand beside a login and are none: logout, call-backs, providers, what is kept and shown about logins."""

from __future__ import annotations

import re

_OTHER = re.compile(
    r"(^|_)(purge|clean_?up|clear|delete|remove|list|expire)_\w*tokens?(_|$)|(^|_)(log_?out|sign_?out|log_?off|revoke|callbacks?|redirect|web_?hooks?|hooks?|authorize|oidc|saml|sso|providers?"
    r"|unregister|invalidate|introspect|blacklist|test_token|is_logged_in|logged_in|check_login|status|qr_?code|captcha"
    r"|wait_?list|newsletter|mailing_?list|(open|close|cash)_register|devices?|push|webauthn|passkeys?|events?|tools?|agents?|plugins?|service|worker|nodes?|clients?|templates?"
    r"|peers?|servers?|instances?|runners?|machines?|sensors?)(_|$)"
)
_PROVIDER = re.compile(
    r"(^|_)(google|github|gitlab|facebook|apple|microsoft|azure|entra|twitter|discord|linkedin|slack|oauth2?|kakao|naver|wechat"
    r"|telegram|line|steam|spotify|keycloak|auth0|okta|cognito|firebase|supabase|social|ldap_callback)(_|$)"
)
_ABOUT_LOGINS = re.compile(
    r"(^|_)((last|previous|recent|failed)_(log_?in|sign_?in)s?|(log_?in|sign_?in|registration|sign_?up)_(sources?|history|attempts?|logs?|counts?"
    r"|stats|activity|records?|times?|dates?|images?|photos?|logo|banner|background|settings|config|policy|notices?|details|options|methods))(_|$)"
)
"""What is kept about logins or shown on their page, and lets nobody in."""


def is_aside(word: str) -> bool:
    """Whether a path's end or a handler's name, in `snake_case`, speaks of something where nobody is let in."""
    return _OTHER.search(word) is not None or _ABOUT_LOGINS.search(word) is not None


def is_of_provider(word: str) -> bool:
    """Whether a word names somebody else who does the login: `github`, `keycloak`."""
    return _PROVIDER.search(word) is not None
