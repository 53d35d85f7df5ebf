"""What a route that people log in by is there for, by the words of its path and its handler."""

from __future__ import annotations

import re
from typing import Literal

Purpose = Literal[
    "login", "registration", "password reset", "token refresh", "token", "code check", "mail", "configured"
]
WORDS: tuple[tuple[Purpose, re.Pattern[str]], ...] = (
    (
        "password reset",
        re.compile(
            r"(^|_)((forgot(ten)?|forget|reset|recover|lost|(set(_?up)?|choose)(_new)?)_?(my_)?(password|passwd|pwd)|(password|passwd|pwd)_?(reset|recovery"
            r"|recover|forgot|forgotten|lost)|request_(password_)?reset|recover_account|account_recovery|pass_reset|reset_pass|forgot_pass|(mot_de_passe_)?oublie?|reinitialis(er|ation)"
            r"|(pass|kenn)wort_vergessen|recuperar_(senha|contrasena|clave)|olvide|restablecer|esqueci\w*_senha|redefinir_senha)(_|$)"
        ),
    ),
    (
        "token refresh",
        re.compile(r"(^(auth_|do_)?refresh$|(^|_)(refresh_(access_|auth_|user_)?(tokens?|jwt|session)|tokens?_refresh|renew_(tokens?|jwt)|update_jwt|(atualizar|renovar|actualizar|refrescar)_(jwt|token|sesion|sessao))(_|$))"),
    ),
    (
        "registration",
        re.compile(
            r"(^|_)(register|registration|sign_?up|(create|open)_account|register_user|user_register|registrieren"
            r"|registrierung|registrar|registro|inscription|cadastr[oa]r?|registrati)(_|$)"
        ),
    ),
    (
        "code check",
        re.compile(
            r"(^|_)((verify|validate|check|confirm|login)_?(otp|totp|2fa|mfa|pin|one_time_code|security_code)"
            r"|(otp|totp|2fa|mfa)_?(verify|validate|check|confirm|login|challenge|verification)"
            r"|(token|login|log_in|sign_in)_(2fa|mfa|two_factor)|(2fa|mfa|two_factor)_(otp|totp|auth|token|code))(_|$)"
            r"|^(auth|authentication|login|log_in|sign_in|session)_(otp|totp|2fa|mfa|pin|two_factor|second_factor)$"
        ),
    ),
    (
        "login",
        re.compile(
            r"(^|_)(log_?in|sign_?in|log_?on|authenticate|obtain_token|authenticate_user|anmelden|anmeldung|einloggen"
            r"|connexion|iniciar_sesion|entrar|acceder|accedi|autenticar)(_|$)"
        ),
    ),
    ("token", re.compile(r"^(oauth2?_|auth_|get_|create_|issue_)?(access_)?tokens?(_auth|_pair|_obtain)?$")),
)  # fmt: skip
REFRESHES = dict(WORDS)["token refresh"]
REGISTERS = dict(WORDS)["registration"]
RESETS = dict(WORDS)["password reset"]
STEP = re.compile(r"^(confirm|confirmation|complete|completion|finish|verify|validate|request|start|submit|new|done)$")
"""How one step of a reset is called below its path: `/password/reset/confirm`."""
CHECKS = re.compile(r"(^|_)(verify|verification|confirm|confirmation|activate|activation|enable|validate|check)(_|$)")
AROUND = re.compile(
    r"^(auth|authentication|autenticac(ao|ion)|authentification|users?|accounts?|log_?in|jwt|tokens?|oauth2?|session|identity)$"
)
NEW_USER = re.compile(r"(User|Account|Member|Customer)(Create|In|Register|Registration|SignUp)")
SESSION = re.compile(r"^(sessions?|auth|authentication|access|enter|connect|credentials)$")
LOST = re.compile(r"^(recover|recovery|forgot|forgotten|forget|lost|reset|request_reset|reset_request)$")
ASKS = re.compile(r"^(request|start|begin|init|initiate|send|ask|email|mail|code)$")
"""How the asking for a way back in is called below `/recovery`."""
PEOPLE = re.compile(r"^(users?|accounts?|members?|customers?|clients?|people|profiles?)$", re.I)
MAKES_PEOPLE = re.compile(r"^(create|add|new|make)_(new_)?(user|account|member|customer|profile)$")
OPENS = re.compile(r"^(create|register|sign_?up)_(new_)?(user|account|member|customer)(_(and|with)_|$)")
"""What a handler is called that opens an account, whatever its path says."""
RENEWS = re.compile(r"(^|_)(renew|renewal|rotate|extend|prolong|exchange|refresh)(_|$)")
