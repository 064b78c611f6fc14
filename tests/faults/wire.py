"""A wire between the product and a server, which breaks as wires and the servers behind them do.

Everything passes unaltered until its fault strikes; afterwards it is sound again. One thread carries all connections.
Never speaks for either end.
"""

import selectors
import socket
import struct
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Literal, Self

Speaker = Literal["client", "server"]
Act = Literal["cut", "reset", "stall"]

# Closing with it sends a reset instead of an end (socket(7), SO_LINGER).
_AT_ONCE = struct.pack("ii", 1, 0)
_SECONDS = 10


@dataclass(frozen=True, slots=True)
class Fault:
    """Strikes once, on the first connection on which the client has said `after`: a word, or a number of bytes.

    Of what `speaker` says from then on `passes` bytes still pass; with the next the connection is cut, is reset or
    stalls (it stays open, and nothing passes any more). Or something happens right then, and all goes on.
    """

    act: Act | Callable[[], object]
    after: bytes | int = 0
    speaker: Speaker = "server"
    passes: int = 0


class Wire:
    """Running inside `with`: who connects to `port` reaches the port `target`, if anybody listens there.

    `fault` is the one to strike next, None when it has struck. `said` is how many bytes the client said on the latest
    connection. A slow wire carries `piece` bytes at a time, and each takes `delay` seconds.
    """

    def __init__(self, target: int) -> None:
        self.target = target
        self.fault: Fault | None = None
        self.said = 0
        self.piece, self.delay = 65536, 0.0
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        self._selector = selectors.DefaultSelector()
        self._stop, self._stopped = socket.socketpair()
        self._connections: set[_Connection] = set()
        self._thread = threading.Thread(target=self._run)

    def __enter__(self) -> Self:
        self._selector.register(self._listener, selectors.EVENT_READ)
        self._selector.register(self._stopped, selectors.EVENT_READ)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.send(b".")
        self._thread.join()
        for connection in list(self._connections):
            self._end(connection)
        for end in (self._listener, self._stop, self._stopped):
            end.close()
        self._selector.close()

    def _run(self) -> None:
        while True:
            for key, _ in self._selector.select():
                if key.fileobj is self._stopped:
                    return
                if key.fileobj is self._listener:
                    self._accept()
                elif key.data[0] in self._connections:  # else what its other end said has just ended it
                    self._carry(*key.data)

    def _accept(self) -> None:
        client, _ = self._listener.accept()
        try:
            server = socket.create_connection(("127.0.0.1", self.target), timeout=_SECONDS)
        except OSError:
            client.close()
            return
        client.settimeout(_SECONDS)
        connection = _Connection(client, server)
        self._connections.add(connection)
        self._selector.register(client, selectors.EVENT_READ, (connection, "client"))
        self._selector.register(server, selectors.EVENT_READ, (connection, "server"))

    def _carry(self, connection: "_Connection", speaker: Speaker) -> None:
        data = connection.listen(speaker, self.piece)
        if not data:
            self._end(connection)
            return
        time.sleep(self.delay)
        self.said = len(connection.said["client"])
        through = connection.passing(speaker, data, self.fault)
        connection.tell(speaker, data[:through])
        if through < len(data) and self.fault is not None:
            self._strike(connection, self.fault)
            connection.tell(speaker, data[through:])

    def _strike(self, connection: "_Connection", fault: Fault) -> None:
        match fault.act:
            case "stall":
                connection.is_stalled = True
            case "cut" | "reset":
                self._end(connection, is_reset=fault.act == "reset")
            case happen:
                happen()
        self.fault = None

    def _end(self, connection: "_Connection", *, is_reset: bool = False) -> None:
        self._connections.discard(connection)
        for end in (connection.client, connection.server):
            self._selector.unregister(end)
            if is_reset:
                end.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _AT_ONCE)
            end.close()


@dataclass(eq=False, slots=True)
class _Connection:
    client: socket.socket
    server: socket.socket
    said: dict[Speaker, bytearray] = field(default_factory=lambda: {"client": bytearray(), "server": bytearray()})
    armed: tuple[Fault, int] | None = None  # of what its speaker says in all, so many bytes pass
    is_stalled: bool = False

    def listen(self, speaker: Speaker, size: int) -> bytes:
        """What this end says next; nothing when it has ended."""
        try:
            data = (self.client if speaker == "client" else self.server).recv(size)
        except OSError:
            return b""
        self.said[speaker] += data
        return data

    def tell(self, speaker: Speaker, data: bytes) -> None:
        """Hand it to the other end; if that has ended, listening will tell."""
        if not self.is_stalled:
            with suppress(OSError):
                (self.server if speaker == "client" else self.client).sendall(data)

    def passing(self, speaker: Speaker, data: bytes, fault: Fault | None) -> int:
        """How much of the data may pass before the fault strikes: all, if it does not."""
        before = len(self.said[speaker]) - len(data)
        if fault is None:
            return len(data)
        if self.armed is None or self.armed[0] is not fault:
            self._arm(fault, before if speaker == "server" else len(self.said["server"]))
        if self.armed is None or self.armed[0] is not fault or fault.speaker != speaker:
            return len(data)
        return min(max(self.armed[1] - before, 0), len(data))

    def _arm(self, fault: Fault, said_by_server: int) -> None:
        heard = self.said["client"]
        if isinstance(fault.after, int):
            reached = fault.after if len(heard) >= fault.after else None
        else:
            place = heard.find(fault.after)
            reached = place + len(fault.after) if place >= 0 else None
        if reached is not None:
            self.armed = fault, (reached if fault.speaker == "client" else said_by_server) + fault.passes
