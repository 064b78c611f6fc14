"""A token service on loopback, as Microsoft and Google run theirs: gives tokens that Dovecot checks, or does as a test
asks: ends them early, refuses, throttles, is slow.
"""

import json
import threading
import time
from collections import Counter
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, Self
from urllib.parse import parse_qs

import jwt
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from intake.settings_sections import GoogleSettings, MicrosoftSettings
from tests.servers.certificates import Certificates

SECRET = "a-client-secret"
TENANT = "council.example"
CLIENT_ID = "0f6c7f0a-intake"
_KID = "key-1"
_MICROSOFT, _GOOGLE = f"/{TENANT}/oauth2/v2.0/token", "/google/token"


class TokenService:
    """Running inside `with`. `mailbox` is whom Microsoft's tokens are good for: the app's permission."""

    def __init__(self, certificates: Certificates, *, mailbox: str = "review") -> None:
        self.mailbox = mailbox
        self.lifetime = 3600  # seconds
        self.refusal: dict[str, str] | None = None
        self.retry_after: str | None = None
        self.status = 200
        self.delay = 0.0  # seconds
        self.asked: Counter[str] = Counter()
        self._certificates = certificates
        self._key = rsa.generate_private_key(public_exponent=65537, key_size=2048)

    def __enter__(self) -> Self:
        service = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                service._answer(self, b"")

            def do_POST(self) -> None:
                service._answer(self, self.rfile.read(int(self.headers["Content-Length"])))

            def log_message(self, *_: object) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self._server.socket = self._certificates.server_context().wrap_socket(self._server.socket, server_side=True)
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    @property
    def url(self) -> str:
        return f"https://127.0.0.1:{self._server.server_address[1]}"

    def microsoft(self, **changed: Any) -> MicrosoftSettings:
        given = {"tenant": TENANT, "client_id": CLIENT_ID, "client_secret": SECRET, "authority": self.url}
        return MicrosoftSettings(**{**given, "ca_file": self._certificates.ca_file, **changed})

    def google(self, folder: Path) -> GoogleSettings:
        """With the key of a service account in this folder."""
        own = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        pem = serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        key = {
            "type": "service_account",
            "client_email": "intake@project.example",
            "private_key_id": "1",
            "private_key": own.private_bytes(*pem).decode(),
            "token_uri": f"{self.url}{_GOOGLE}",
        }
        file = folder / "service-account.json"
        file.write_text(json.dumps(key))
        return GoogleSettings(service_account_file=file, ca_file=self._certificates.ca_file)

    def write_public_key(self, folder: Path) -> None:
        """Where Dovecot looks for it."""
        place = folder / "default" / "RS256"
        place.mkdir(parents=True)
        form = serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
        (place / _KID).write_bytes(self._key.public_key().public_bytes(*form))

    def _answer(self, asked: BaseHTTPRequestHandler, body: bytes) -> None:
        self.asked[asked.path] += 1
        time.sleep(self.delay)
        status, content = self._said(asked.path, {key: one[0] for key, one in parse_qs(body.decode()).items()})
        answer = json.dumps(content).encode()
        asked.send_response(status)
        if self.retry_after:
            asked.send_header("Retry-After", self.retry_after)
        asked.send_header("Content-Type", "application/json")
        asked.send_header("Content-Length", str(len(answer)))
        asked.end_headers()
        asked.wfile.write(answer)

    def _said(self, path: str, form: dict[str, str]) -> tuple[int, dict[str, Any]]:
        if path.endswith("/.well-known/openid-configuration"):
            if not path.startswith(f"/{TENANT}/"):
                return 400, {"error": "invalid_tenant", "error_description": "AADSTS90002: no such tenant"}
            ends = {"token_endpoint": self.url + _MICROSOFT, "authorization_endpoint": f"{self.url}/authorize"}
            return 200, {**ends, "issuer": f"{self.url}/{TENANT}/v2.0"}
        if self.status != 200 or self.refusal:
            return self.status if self.status != 200 else 401, self.refusal or {}
        mailbox = self.mailbox
        if path == _GOOGLE:
            mailbox = jwt.decode(form["assertion"], options={"verify_signature": False})["sub"]
        elif not (form.get("client_secret") == SECRET or form.get("client_assertion")):
            return 401, {"error": "invalid_client", "error_description": "AADSTS7000215: Invalid client secret."}
        return 200, {"token_type": "Bearer", "expires_in": self.lifetime, "access_token": self.token_for(mailbox)}

    def token_for(self, mailbox: str) -> str:
        now = int(time.time())
        told = {"mailbox": mailbox, "iat": now, "nbf": now - 5, "exp": now + self.lifetime, "sub": mailbox}
        return jwt.encode(told, self._key, algorithm="RS256", headers={"kid": _KID})

    def is_good(self, mailbox: str, token: str) -> bool:
        """As Dovecot judges: signed by this service, not over, and for this mailbox."""
        try:
            told = jwt.decode(token, self._key.public_key(), algorithms=["RS256"])
        except jwt.InvalidTokenError:
            return False
        return bool(told["mailbox"] == mailbox)

    @property
    def tokens_asked(self) -> int:
        return self.asked[_MICROSOFT] + self.asked[_GOOGLE]
