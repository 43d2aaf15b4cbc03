"""Programs that come in by an access token of the identity provider (OAuth 2.0 client credentials): a JWT as of RFC 9068.

Signature, issuer, audience and time are checked here, without asking the provider; its keys are fetched when they are not known.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from scanpipe.faults import ConfigFault
from scanpipe.identity import ASYMMETRIC, IdentityProvider
from scanpipe.ledgers.accounts import Token

_LEEWAY_S = 60
_KEYS_FOR_S = 30.0
"""Anybody can send a token of a key that nobody knows: that must not become a flood at the provider."""
_LONGEST = 16_384
_ALL_TESTS = "*"


@dataclass(frozen=True, slots=True)
class AccessRules:
    """`audience` is what we are called at the provider. The claims say what the program may do, and for which tests; without a
    name for the latter every program sees all of them.
    """

    audience: str
    scope_claim: str
    tests_claim: str


class AccessTokens:
    """Any thread may call. Raises ConfigFault, ProviderUnavailable."""

    def __init__(self, provider: IdentityProvider, rules: AccessRules) -> None:
        if rules.audience == provider.rules.client_id:
            hint = "Else what people sign in with would open the API."
            raise ConfigFault("oidc.api_audience is the same as oidc.client_id: choose another one", hint)
        self._provider, self._rules = provider, rules

    @staticmethod
    def looks_like_one(text: str) -> bool:
        """Is it in three parts, as a JWT is? Our own tokens have none."""
        return len(text) <= _LONGEST and text.count(".") == 2

    def admit(self, text: str, scopes: Collection[str]) -> Token | None:
        """Who comes in with it, with those of `scopes` that it gives; None where it is not in order."""
        from joserfc.errors import JoseError
        from joserfc.jwt import JWTClaimsRegistry

        registry = JWTClaimsRegistry(
            leeway=_LEEWAY_S,
            iss={"essential": True, "value": self._provider.issuer},
            aud={"essential": True, "value": self._rules.audience},
            exp={"essential": True},
        )
        try:
            claims = self._provider.decoded(text, ASYMMETRIC, _KEYS_FOR_S).claims
            registry.validate(claims)
            return self._token(claims, scopes)
        except (JoseError, ValueError, TypeError):
            return None

    def _token(self, claims: Mapping[str, Any], scopes: Collection[str]) -> Token:
        name = claims.get("client_id") or claims.get("azp") or claims.get("sub")
        if not isinstance(name, str) or not name.isprintable() or not 0 < len(name) <= 80:
            raise ValueError("no name that can be put on record")
        granted = [scope for scope in scopes if scope in _words(claims, self._rules.scope_claim)]
        expires = datetime.fromtimestamp(claims["exp"], UTC).isoformat(timespec="seconds")
        return Token(name, "", ",".join(granted), self._tests(claims), "", expires, provider=True)

    def _tests(self, claims: Mapping[str, Any]) -> str:
        """As a token has them. A claim that is not there is none of the tests, not all of them."""
        if not self._rules.tests_claim:
            return ""
        found = [test.upper() for test in _words(claims, self._rules.tests_claim)]
        return "" if _ALL_TESTS in found else ",".join(found) or "-"


def _words(claims: Mapping[str, Any], path: str) -> list[str]:
    """A list of texts, or one text of words; dots lead into the claims, where there is none of the whole name."""
    found: Any = claims.get(path)
    if found is None:
        found = claims
        for step in path.split("."):
            found = found.get(step) if isinstance(found, Mapping) else None
    if isinstance(found, str):
        return found.replace(",", " ").split()
    return [word for word in found if isinstance(word, str)] if isinstance(found, list) else []
