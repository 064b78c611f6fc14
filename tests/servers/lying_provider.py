"""An OpenID provider that lies as a test tells it to: what no real one says, and what a forger would."""

import json
import threading
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self

from joserfc import jwt
from joserfc.jwk import RSAKey

Claims = dict[str, Any]
KEY = RSAKey.generate_key(2048, {"kid": "of-the-provider", "use": "sig"})


def honest(claims: Claims) -> str:
    """The ID token as it should be."""
    return jwt.encode({"alg": "RS256", "kid": KEY.kid}, claims, KEY)


class LyingProvider:
    """Running inside `with`. `sign` makes the token; `answers` are answers of its own, by path: status and text."""

    def __init__(self) -> None:
        self.claims: Claims = {}
        self.sign: Callable[[Claims], str] = honest
        self.answers: dict[str, tuple[int, str]] = {}
        self._server = _Server(("127.0.0.1", 0), _Conversation)
        self._server.provider = self
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.01,))
        self.issuer = f"http://127.0.0.1:{self._server.server_address[1]}"

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()

    def answer(self, path: str) -> tuple[int, str]:
        if path in self.answers:
            return self.answers[path]
        match path:
            case "/.well-known/openid-configuration":
                doors = {f"{name}_endpoint": f"{self.issuer}/{name}" for name in ("authorization", "token")}
                return 200, json.dumps({"issuer": self.issuer, "jwks_uri": f"{self.issuer}/keys", **doors})
            case "/keys":
                unknown = {"kty": "of-the-future", "kid": "unknown"}
                return 200, json.dumps({"keys": [unknown, KEY.as_dict(private=False)]})
            case "/token":
                given = {"access_token": "access", "token_type": "Bearer", "id_token": self.sign(self.claims)}
                return 200, json.dumps(given)
        return 404, "{}"


class _Server(ThreadingHTTPServer):
    provider: LyingProvider


class _Conversation(BaseHTTPRequestHandler):
    server: _Server

    def do_GET(self) -> None:
        self.rfile.read(int(self.headers.get("content-length", "0")))
        status, text = self.server.provider.answer(self.path)
        self.send_response(status)
        self.send_header("content-length", str(len(text.encode())))
        self.end_headers()
        self.wfile.write(text.encode())

    do_POST = do_GET  # noqa: N815  # the name the library looks for

    def log_message(self, *_: object) -> None:
        """Nothing: a test's output is for its failures."""
