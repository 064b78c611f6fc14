"""Whatever a letter does to the process that reads it, the worker gets an answer and goes on."""

import os
import select
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from intake.errors import ChildDied
from intake.sandbox import ChildFailed, Sandbox
from tests.misbehaving import behave

LONG = 60.0


def _sandbox(*, children: int = 1, seconds: float = LONG) -> Sandbox[str, object]:
    return Sandbox(behave, children=children, seconds=seconds, memory_mb=512)


def _run(*orders: str, children: int = 1, seconds: float = LONG) -> list[tuple[str, object]]:
    with _sandbox(children=children, seconds=seconds) as sandbox:
        return list(sandbox.run_each(orders))


def _wait_for_end(pid: int) -> bool:
    # A process can be gone already, or stay unreaped where no init collects it: a pidfd tells both.
    try:
        descriptor = os.pidfd_open(pid)
    except ProcessLookupError:
        return True
    try:
        return bool(select.select([descriptor], [], [], 30)[0])
    finally:
        os.close(descriptor)


@pytest.mark.parametrize("children", [1, 2, 3])
def test_each_item_comes_back_with_its_own_answer(children: int) -> None:
    orders = [f"echo {number}" for number in range(50)]
    assert sorted(_run(*orders, children=children)) == sorted((order, order[5:]) for order in orders)


def test_one_child_serves_many_items() -> None:
    assert len({pid for _, pid in _run("pid", "pid", "pid")}) == 1


def test_child_is_kept_from_one_run_to_the_next() -> None:
    with _sandbox() as sandbox:
        assert list(sandbox.run_each(["pid"])) == list(sandbox.run_each(["pid"]))


def test_no_child_is_started_for_no_item() -> None:
    with _sandbox() as sandbox:
        assert list(sandbox.run_each([])) == []
        assert sandbox._idle == []


@pytest.mark.parametrize(
    ("order", "cause"),
    [
        ("kill 9", "killed by signal 9"),
        ("kill 11", "killed by signal 11"),
        ("exhaust", "out of memory"),
        ("exit 3", "ended by itself with exit code 3"),
        ("exit_with_a_thread", "stopped answering"),
    ],
)
def test_death_of_a_child_is_the_answer_of_its_item_only(order: str, cause: str) -> None:
    before, outcome, after = [outcome for _, outcome in _run("echo a", order, "echo b")]
    assert (before, after) == ("a", "b")
    assert isinstance(outcome, ChildDied)
    assert str(outcome) == cause


def test_item_that_takes_too_long_is_stopped() -> None:
    outcome, after = [outcome for _, outcome in _run("sleep 60", "echo b", seconds=0.5)]
    assert isinstance(outcome, ChildDied)
    assert str(outcome) == "took longer than 0.5 seconds"
    assert after == "b"


def test_what_a_stopped_child_started_is_stopped_too(tmp_path: Path) -> None:
    path = tmp_path / "pid"
    ((_, outcome),) = _run(f"start_another {path}", seconds=1)
    assert str(outcome) == "took longer than 1 seconds"
    assert _wait_for_end(int(path.read_text(encoding="ascii")))


def test_error_is_told_by_kind_and_place_without_its_words() -> None:
    (_, outcome), (_, after) = _run("raise about our school", "pid")
    assert isinstance(outcome, ChildFailed)
    assert str(outcome).startswith("Unloadable in _raise, line ")
    assert str(outcome).endswith(" of misbehaving.py")
    assert isinstance(after, int)


def test_child_lives_on_after_an_error() -> None:
    before, _, after = [outcome for _, outcome in _run("pid", "raise x", "pid")]
    assert before == after


def test_answer_that_cannot_be_brought_back_is_a_failure() -> None:
    outcomes = dict(_run("return_function", "return_unloadable", "echo a"))
    assert isinstance(outcomes["return_function"], ChildFailed)
    assert str(outcomes["return_unloadable"]) == "TypeError in reading what the child returned"
    assert outcomes["echo a"] == "a"


def test_file_larger_than_the_limit_is_refused(tmp_path: Path) -> None:
    ((_, outcome),) = _run(f"write {tmp_path / 'huge'}")
    assert isinstance(outcome, ChildFailed)
    assert str(outcome).startswith("OSError in _write")


def test_long_answer_and_long_item_come_through() -> None:
    orders = [f"return_long {20 << 20}", "echo " + "y" * (20 << 20)]
    assert [len(str(outcome)) for _, outcome in _run(*orders)] == [(20 << 20) + 3, 20 << 20]


def test_long_answer_waits_for_a_busy_caller() -> None:
    # More than a socket holds, so that the child has to wait.
    with _sandbox(seconds=0.5) as sandbox:
        outcomes = []
        for _, outcome in sandbox.run_each(["echo a", f"return_long {2 << 20}"]):
            outcomes.append(len(str(outcome)))
            time.sleep(0.6)
    assert outcomes == [1, (2 << 20) + 3]


def test_items_are_pulled_only_when_a_child_is_free() -> None:
    pulled = []

    def orders() -> Iterator[str]:
        for number in range(10):
            pulled.append(number)
            yield "echo a"

    with _sandbox(children=2) as sandbox:
        for done, _ in enumerate(sandbox.run_each(orders()), start=1):
            assert len(pulled) <= done + 2
    assert len(pulled) == 10


def test_dropped_run_ends_its_children_and_the_next_run_is_clean() -> None:
    with _sandbox(children=2) as sandbox:
        run = sandbox.run_each(["echo a", "sleep 60", "sleep 60"])
        assert next(run) == ("echo a", "a")
        del run
        assert list(sandbox.run_each(["echo b"])) == [("echo b", "b")]


def test_death_of_an_idle_child_is_not_blamed_on_the_next_item() -> None:
    with _sandbox() as sandbox:
        ((_, pid),) = sandbox.run_each(["pid"])
        assert isinstance(pid, int)
        os.kill(pid, 9)
        assert _wait_for_end(pid)
        assert list(sandbox.run_each(["echo a"])) == [("echo a", "a")]


def test_child_has_no_secrets_no_input_and_no_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("INTAKE_SMTP__PASSWORD", "secret")
    ((_, outcome),) = _run("look_around")
    assert outcome == {
        "secrets": [],
        "input": "",
        "leads a session": True,
        "core files": (0, 0),
        "encoding": "utf-8",
        "tests imported": False,
    }


def test_child_leaves_interruptions_to_its_parent() -> None:
    assert _run("interrupt") == [("interrupt", "still here")]


def test_sandbox_outlives_the_thread_that_started_its_children() -> None:
    outcomes: list[tuple[str, object]] = []
    with _sandbox() as sandbox:
        for _ in range(2):
            thread = threading.Thread(target=lambda: outcomes.extend(sandbox.run_each(["pid"])))
            thread.start()
            thread.join()
    assert outcomes[0] == outcomes[1]
    assert isinstance(outcomes[0][1], int)


@pytest.mark.parametrize("last_order", ["pid", "sleep 60"])
def test_child_ends_when_its_parent_is_killed(last_order: str) -> None:
    code = f"import sys; sys.path[:] = {sys.path!r}; from tests.misbehaving import *; wait_to_be_killed({last_order!r})"
    with subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE) as parent:
        assert parent.stdout is not None
        pid = int(parent.stdout.readline())
        parent.kill()
    assert _wait_for_end(pid)


def test_child_that_cannot_start_is_an_error_of_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(behave, "__module__", "tests.no_such_module")
    with _sandbox() as sandbox, pytest.raises(ChildDied, match=r"could not start: ModuleNotFoundError in "):
        list(sandbox.run_each(["echo a"]))


def test_child_without_an_interpreter_is_an_error_of_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "executable", "/bin/false")
    with _sandbox() as sandbox, pytest.raises(ChildDied, match="could not start: ended by itself with exit code 1"):
        list(sandbox.run_each(["echo a"]))


def test_function_that_no_child_can_import_is_refused() -> None:
    with pytest.raises(ValueError, match="top-level function"):
        Sandbox(Path.read_text, children=1, seconds=LONG, memory_mb=512)
