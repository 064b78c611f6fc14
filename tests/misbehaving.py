"""What letters may do to the process that reads them. Imported by the sandbox's children, so it imports little."""

import os
import resource
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path


def behave(order: str) -> object:
    """Does what the first word says, with the rest."""
    name, _, rest = order.partition(" ")
    return globals()[f"_{name}"](rest)


def wait_to_be_killed(last_order: str) -> None:
    """A parent: prints the id of its child, gives it a last order, and waits."""
    from intake.sandbox import Sandbox

    with Sandbox(behave, children=1, seconds=0.5, memory_mb=512) as sandbox:
        for _, pid in sandbox.run_each(["pid"]):
            print(pid, flush=True)  # noqa: T201
        for _ in sandbox.run_each(["pid", last_order]):
            time.sleep(60)


class Unloadable(Exception):
    """Can be packed in the child, but not be unpacked in the parent."""

    def __init__(self, one: str, two: str) -> None:
        super().__init__(one + two)

    def __reduce__(self) -> tuple[object, ...]:
        return (Unloadable, ("one",))


def _echo(words: str) -> str:
    return words


def _pid(_: str) -> int:
    return os.getpid()


def _sleep(seconds: str) -> None:
    time.sleep(float(seconds))


def _kill(number: str) -> None:
    os.kill(os.getpid(), int(number))


def _exhaust(_: str) -> int:
    return len(bytearray(4 << 30))


def _exit(code: str) -> None:
    sys.exit(int(code))


def _exit_with_a_thread(_: str) -> None:
    threading.Thread(target=time.sleep, args=(60,)).start()
    sys.exit(0)


def _raise(words: str) -> None:
    raise Unloadable("Dear Sir, ", words)


def _return_function(_: str) -> object:
    return lambda: None


def _return_unloadable(_: str) -> Unloadable:
    return Unloadable("one", "two")


def _return_long(size: str) -> bytes:
    return b"x" * int(size)


def _write(path: str) -> None:
    with Path(path).open("wb") as file:
        file.truncate(4 << 30)


def _start_another(path: str) -> None:
    with subprocess.Popen(["/bin/sh", "-c", f'echo $$ > "{path}.new"; mv "{path}.new" "{path}"; exec sleep 60']):
        pass


def _interrupt(_: str) -> str:
    os.kill(os.getpid(), signal.SIGINT)
    os.kill(os.getpid(), signal.SIGTERM)
    return "still here"


def _look_around(_: str) -> dict[str, object]:
    return {
        "secrets": [name for name in os.environ if name.startswith("INTAKE_")],
        "input": sys.stdin.read(),
        "leads a session": os.getsid(0) == os.getpid(),
        "core files": resource.getrlimit(resource.RLIMIT_CORE),
        "encoding": sys.getfilesystemencoding(),
        "tests imported": "pytest" in sys.modules,
    }
