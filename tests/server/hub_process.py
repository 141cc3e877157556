"""A hub as the process that `python -m server serve --role hub` is, to be killed and started again by a test."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from pathlib import Path

from desktop.day.processes import child_environ
from desktop.day.same import lacks
from domain.numbering import centre_of_seat
from server.operations.centre import HUB, Centre
from server.operations.enrolment import make_code
from server.store import hubs
from server.wall_clock import WallClock
from tests.server.ground import Running
from tests.server.hub_ground import PATIENCE_S, Gate


class HubProcess:
    """`folder` is its data folder, named `data` as the centre's is; `url` is where desks find it, whichever port it
    listens on; `wan` is its line to the centre, and that of its desks."""

    def __init__(self, folder: Path, centre: Running, seat: str = "AG00") -> None:
        self.folder = folder
        folder.parent.mkdir(parents=True, exist_ok=True)
        self.log = folder.with_suffix(".log")
        self.wan = Gate(centre.url)
        self.lan = Gate(centre.url)
        self.lan.cut()
        self.url = self.lan.url
        self._process: subprocess.Popen[str] | None = None
        self.of = centre_of_seat(seat)
        code = make_code(centre.centre, self.of, seat, hub=True)
        self._process = self._run("enrol-hub", "--code", code)
        assert self._done() == 0, self.log.read_text("utf-8")

    def _run(self, command: str, *more: str) -> subprocess.Popen[str]:
        where = ["--data", str(self.folder), "--upstream", self.wan.url]
        asked = [sys.executable, "-m", "server", command, *where, *more]
        with self.log.open("ab") as log:
            return subprocess.Popen(asked, stdout=subprocess.PIPE, stderr=log, text=True, env=child_environ())

    def start(self) -> None:
        """Serve, and let the desks' line lead here."""
        self._process = self._run("serve", "--role", "hub", "--port", "0", "--announce")
        assert self._process.stdout is not None
        said = self._process.stdout.readline()
        assert said, self.log.read_text("utf-8")
        self.lan.lead_to(json.loads(said)["url"])
        self.lan.open()

    def kill(self) -> None:
        """End it in the middle of whatever it does; whoever asks for it is refused."""
        assert self._process is not None
        self._process.kill()
        self._done()
        self.lan.cut()

    def look_again(self) -> None:
        """The line is back."""
        assert self._process is not None
        self._process.send_signal(signal.SIGHUP)

    def stop(self) -> int:
        """End it as an operator does; answers the exit code."""
        assert self._process is not None
        self._process.terminate()
        return self._done()

    def _done(self) -> int:
        assert self._process is not None
        process, self._process = self._process, None
        code = process.wait(PATIENCE_S)
        assert process.stdout is not None
        process.stdout.close()
        return code

    def lacks(self, centre: Running) -> bool:
        """Whether it does not hold yet what the centre says that it is to hold; both may be running."""
        desks = [one.id for one in centre.centre.read(lambda c: hubs.desks_of(c, self.of))]
        home = centre.centre.blobs.root.parent.parent
        return lacks(home, None, self.folder.parent, self.of, desks)

    def opened(self) -> Centre:
        """Its store, while the process does not run; the caller closes it."""
        assert self._process is None
        return Centre.opened(self.folder, None, WallClock(), HUB)

    def close(self) -> None:
        """Leave nothing behind."""
        if self._process is not None:
            self.kill()
        self.lan.close()
        self.wan.close()
