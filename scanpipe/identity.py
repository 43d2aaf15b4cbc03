"""Sign-in by an OpenID Connect provider: code flow with PKCE, state and nonce, and the role from a claim.

What the provider says is checked by Authlib and joserfc: signature, issuer, audience, time, nonce (OpenID Connect Core 1.0,
RFC 7636).
"""

from __future__ import annotations

import json
import secrets
import time
from collections.abc import Mapping
from dataclasses import dataclass
from importlib import import_module
from typing import Any
from urllib.parse import urlsplit

from scanpipe.faults import ConfigFault, Fault, Refused
from scanpipe.saying import say

_TIMEOUT_S, _LEEWAY_S, _KNOWN_FOR_S = 10.0, 60, 3600.0
_ASYMMETRIC = ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA", "Ed25519")
_LOOPBACK = ("127.0.0.1", "localhost", "::1")


class ProviderUnavailable(Fault):
    """The provider cannot be reached at the moment."""

    exit_code = 13
    retry = True


@dataclass(frozen=True, slots=True)
class ProviderRules:
    """Where the provider is, who we are there, and what its claims mean. `roles` leads from a value of the claim to a role; the
    first that a person has counts. `recheck_s`: how often it is asked whether they still have it.
    """

    issuer: str
    client_id: str
    client_secret: str
    scopes: str
    name_claim: str
    role_claim: str
    roles: Mapping[str, str]
    label: str
    recheck_s: float


@dataclass(frozen=True, slots=True)
class Departure:
    """A person is sent to the provider; `state`, `nonce` and `verifier` are for the way back."""

    url: str
    state: str
    nonce: str
    verifier: str


@dataclass(frozen=True, slots=True)
class Arrival:
    """Who came back. `role` is None where no claim gives them one; `grant` is what the provider is asked again with."""

    name: str
    role: str | None
    grant: str


class IdentityProvider:
    """Any thread may call. Raises ConfigFault where a package is missing, ProviderUnavailable, Refused."""

    def __init__(self, rules: ProviderRules) -> None:
        self.rules = rules
        self._known: tuple[float, dict[str, Any], dict[str, Any]] | None = None
        _check_address(rules.issuer)

    def begin(self, redirect_uri: str) -> Departure:
        """Where the person goes to sign in."""
        state, nonce, verifier = (secrets.token_urlsafe(32) for _ in range(3))
        with self._client(redirect_uri) as client:
            url, _ = client.create_authorization_url(
                self._metadata()["authorization_endpoint"], state=state, nonce=nonce, code_verifier=verifier
            )
        return Departure(url, state, nonce, verifier)

    def arrive(self, redirect_uri: str, departure: Departure, said: Mapping[str, str]) -> Arrival:
        """`said` is the query of the way back. Raises Refused where anything of it is not as it was sent off."""
        if not secrets.compare_digest(said.get("state", "").encode(), departure.state.encode()):
            raise Refused(say("this sign-in was not begun here"), say("Begin anew."))
        if said.get("iss") not in (None, self._metadata()["issuer"]):
            raise Refused(say("another provider answered"), say("Begin anew."))
        if "code" not in said:
            raise Refused(say("the provider did not let you in"), say("Begin anew, or ask those who run it."))
        token = self._exchanged(redirect_uri, said["code"], departure.verifier)
        claims = self._claims_of(token.get("id_token", ""), token.get("access_token"), departure.nonce)
        claims = self._userinfo(token, claims["sub"]) | claims
        return Arrival(self._name(claims), self._role(claims), _grant(token, claims["sub"]))

    def ask_again(self, grant: str) -> tuple[str | None, str]:
        """The role that the person has now, None where they have none any more, and the grant to ask with the next time.

        Raises Refused where what the provider says cannot be trusted, or is of somebody else.
        """
        token = json.loads(grant)
        sub = token["sub"]
        claims: dict[str, Any] = {}
        if token.get("refresh_token"):
            fresh = self._refreshed(token["refresh_token"])
            if fresh is None:
                return None, grant
            token |= fresh
            if "id_token" in fresh:
                claims = self._claims_of(fresh["id_token"], fresh.get("access_token"), None)
                _check_same(sub, claims)
        told = self._userinfo(token, sub, must=not claims)
        return (self._role(told | claims) if told or claims else None), _grant(token, sub)

    def _exchanged(self, redirect_uri: str, code: str, verifier: str) -> dict[str, Any]:
        from authlib.integrations.base_client import OAuthError

        try:
            with self._client(redirect_uri) as client:
                found = client.fetch_token(self._metadata()["token_endpoint"], code=code, code_verifier=verifier)
        except OAuthError as e:
            raise Refused(say("the provider did not accept the sign-in"), say("Begin anew.")) from e
        return dict(found)

    def _refreshed(self, refresh_token: str) -> dict[str, Any] | None:
        """New tokens; None where the provider gives this person none any more."""
        from authlib.integrations.base_client import OAuthError

        try:
            with self._client(None) as client:
                client.scope = None  # what was granted, not what was asked for
                return dict(client.refresh_token(self._metadata()["token_endpoint"], refresh_token=refresh_token))
        except OAuthError as e:
            if e.error in ("invalid_grant", "access_denied"):
                return None
            raise ProviderUnavailable(f"the identity provider answers {e.error}", "Look at [oidc].") from e

    def _userinfo(self, token: Mapping[str, Any], sub: str, must: bool = False) -> dict[str, Any]:
        """What the provider tells of the person; nothing where it does not any more. `must`: there is no other source."""
        address = self._metadata().get("userinfo_endpoint")
        if address is None or not token.get("access_token"):
            return {}
        with self._client(None) as client:
            bearer = {"Authorization": f"Bearer {token['access_token']}"}
            answer = client.request("GET", address, headers=bearer, withhold_token=True)
        if answer.status_code >= 500 and must:
            raise ProviderUnavailable(f"the identity provider answers {answer.status_code}", "Try again later.")
        media_type = answer.headers.get("content-type", "")
        if answer.status_code != 200 or not media_type.startswith("application/json"):
            return {}
        told = dict(answer.json())
        _check_same(sub, told)
        return told

    def _claims_of(self, id_token: str, access_token: str | None, nonce: str | None) -> dict[str, Any]:
        """The claims of an ID token that is signed by the provider, for us, now, and for this sign-in."""
        from authlib.oidc.core import CodeIDToken
        from joserfc import jwt
        from joserfc.errors import InvalidKeyIdError, JoseError
        from joserfc.jwk import KeySet

        offered = self._metadata().get("id_token_signing_alg_values_supported", ["RS256"])
        algorithms = [a for a in offered if a in _ASYMMETRIC]
        try:
            try:
                token = jwt.decode(id_token, KeySet.import_key_set(self._keys()), algorithms=algorithms)
            except InvalidKeyIdError:  # the provider has a new key
                self._known = None
                token = jwt.decode(id_token, KeySet.import_key_set(self._keys()), algorithms=algorithms)
            issuer, own = self._metadata()["issuer"], self.rules.client_id
            options = {"iss": {"essential": True, "value": issuer}, "aud": {"essential": True, "value": own}}
            params = {"client_id": own, "access_token": access_token} | ({"nonce": nonce} if nonce is not None else {})
            claims = CodeIDToken(token.claims, token.header, options, params)
            claims.validate(leeway=_LEEWAY_S)
        except (JoseError, ValueError) as e:
            raise Refused(say("what the provider said could not be trusted"), say("Begin anew.")) from e
        return dict(claims)

    def _name(self, claims: Mapping[str, Any]) -> str:
        name = claims.get(self.rules.name_claim) or claims["sub"]
        if not isinstance(name, str) or not name.isprintable() or not 0 < len(name) <= 80:
            raise Refused(say("the provider gives you no name that can be put on record"), say("Ask those who run it."))
        return name

    def _role(self, claims: Mapping[str, Any]) -> str | None:
        found: Any = claims
        for step in self.rules.role_claim.split("."):
            found = found.get(step) if isinstance(found, Mapping) else None
        values = [found] if isinstance(found, str) else found if isinstance(found, list) else []
        return next((role for value, role in self.rules.roles.items() if value in values), None)

    def _metadata(self) -> dict[str, Any]:
        return self._discovered()[0]

    def _keys(self) -> Any:
        return self._discovered()[1]

    def _discovered(self) -> tuple[dict[str, Any], dict[str, Any]]:
        if self._known is None or time.monotonic() - self._known[0] > _KNOWN_FOR_S:
            address = f"{self.rules.issuer.rstrip('/')}/.well-known/openid-configuration"
            metadata = self._fetched(address)
            if metadata.get("issuer", "").rstrip("/") != self.rules.issuer.rstrip("/"):
                raise ConfigFault(
                    "the identity provider calls itself otherwise than oidc.issuer", "Write it as it does."
                )
            for name in ("authorization_endpoint", "token_endpoint", "jwks_uri", "userinfo_endpoint"):
                _check_address(metadata.get(name, self.rules.issuer))
            self._known = time.monotonic(), metadata, self._fetched(metadata["jwks_uri"])
        return self._known[1], self._known[2]

    def _fetched(self, address: str) -> dict[str, Any]:
        with self._client(None) as client:
            answer = client.request("GET", address, withhold_token=True)
        if answer.status_code != 200:
            raise ProviderUnavailable(f"the identity provider answers {answer.status_code}", "Is oidc.issuer right?")
        return dict(answer.json())

    def _client(self, redirect_uri: str | None) -> Any:
        return _Asking(self.rules, redirect_uri)


class _Asking:
    """An HTTP client whose troubles are ProviderUnavailable."""

    def __init__(self, rules: ProviderRules, redirect_uri: str | None) -> None:
        try:
            client = import_module("authlib.integrations.httpx_client").OAuth2Client
        except ImportError as e:
            raise ConfigFault("sign-in by OpenID Connect needs more packages", "pip install 'scanpipe[oidc]'") from e
        self._client = client(
            rules.client_id,
            rules.client_secret or None,
            scope=rules.scopes,
            redirect_uri=redirect_uri,
            code_challenge_method="S256",
            token_endpoint_auth_method="client_secret_basic" if rules.client_secret else "none",
            timeout=_TIMEOUT_S,
            follow_redirects=False,
        )

    def __enter__(self) -> Any:
        return self._client.__enter__()

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: Any) -> None:
        self._client.__exit__(kind, error, trace)
        http = import_module("httpx2")
        if isinstance(error, http.HTTPError | ValueError) and not isinstance(error, Fault):
            raise ProviderUnavailable("the identity provider cannot be reached", "Try again in a moment.") from error


def _check_same(sub: str, told: Mapping[str, Any]) -> None:
    """OpenID Connect Core 1.0, 5.3.2 and 12.2: what is told of another subject is not to be used."""
    if told.get("sub") != sub:
        raise Refused(say("the provider speaks of another person"), say("Begin anew."))


def _grant(token: Mapping[str, Any], sub: str) -> str:
    return json.dumps({k: token[k] for k in ("access_token", "refresh_token") if token.get(k)} | {"sub": sub})


def _check_address(address: str) -> None:
    """TLS everywhere, but on this machine."""
    parts = urlsplit(address)
    if parts.scheme != "https" and not (parts.scheme == "http" and parts.hostname in _LOOPBACK):
        raise ConfigFault(f"the identity provider's address {address} is not https", "Set oidc.issuer to one that is.")
