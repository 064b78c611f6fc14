"""Fifty officers at once: each in a thread of another process, each with a session and a connection of their own."""

import itertools
import multiprocessing
import statistics
import time
from collections.abc import Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from dataclasses import dataclass

import httpx2
from sqlmodel import select

from intake.accounts.sessions import begin_session
from intake.store.users import User
from intake.web.asking import cookie_name
from tests.people import ASHA
from tests.web.desk import Desk

OFFICERS = 50
SECONDS = 15
_READ = ("the log", "status: unread", "word in 20", "a page in the middle", "a response", "phrase in 1 of 100")


@dataclass(frozen=True, slots=True)
class Served:
    """Pages got and pages that failed; seconds a page took, in the middle and for the slowest in twenty."""

    pages: int
    failed: int
    seconds: float
    median: float
    slow: float


def officers_at_once(desk: Desk, base_url: str, addresses: Mapping[str, str]) -> Served:
    """They read the log, search and open responses without a pause, for a while."""
    tokens = _sign_in(desk)
    name = cookie_name(desk.office.this.settings.web)
    paths = [addresses[page] for page in _READ]
    with ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("spawn")) as pool:
        return pool.submit(_visit, base_url, name, tokens, paths).result()


def _sign_in(desk: Desk) -> list[str]:
    with desk.office.database.transaction() as session:
        asha = session.exec(select(User).where(User.address == ASHA)).one()
        return [begin_session(session, asha, browser="Benchmark", now=desk.office.now) for _ in range(OFFICERS)]


def _visit(base_url: str, cookie: str, tokens: Sequence[str], paths: list[str]) -> Served:
    started = time.perf_counter()
    with ThreadPoolExecutor(len(tokens)) as officers:
        read = [
            officers.submit(
                _read, base_url, {cookie: token}, paths[number % len(paths) :] + paths[: number % len(paths)]
            )
            for number, token in enumerate(tokens)
        ]
        found = [answer for one in read for answer in one.result()]
    took = time.perf_counter() - started
    seconds = sorted(taken for _, taken in found)
    failed = sum(not is_good for is_good, _ in found)
    return Served(len(found), failed, took, statistics.median(seconds), seconds[len(seconds) * 19 // 20])


def _read(base_url: str, cookies: dict[str, str], paths: Sequence[str]) -> list[tuple[bool, float]]:
    found = list[tuple[bool, float]]()
    until = time.perf_counter() + SECONDS
    headers = {"Cookie": "; ".join(f"{name}={value}" for name, value in cookies.items())}
    with httpx2.Client(base_url=base_url, headers=headers, timeout=60) as browser:
        for path in itertools.cycle(paths):
            started = time.perf_counter()
            if started > until:
                return found
            try:
                is_good = browser.get(path).status_code == 200
            except httpx2.HTTPError:
                is_good = False
            found.append((is_good, time.perf_counter() - started))
    return found
