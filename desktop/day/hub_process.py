"""The hub of one regional centre as the driver of a day sees it: its process, its line up, its door for the desk."""

from __future__ import annotations

import signal
import sys
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

from desktop.day.kept import describe
from desktop.day.line import Line
from desktop.day.processes import DayFailedError, Program, server_command

HUB_SEATS: Final = {"da_nang": "DN00", "an_giang": "AG00"}
"""The seat each hub enrols with; the national centre needs none: its desk speaks to the centre."""


class Hub:
    """Starts the hub's process, again after a kill. Lives on the driver's loop.

    `wan` leads from the regional centre to the national one: the hub's road and that of its desk when the hub is
    dead, so that a cut leaves both without. `lan` leads from the desk to the hub.
    """

    def __init__(self, centre: str, folder: Path, centre_url: str) -> None:
        self.centre = centre
        self.name = folder.name
        self.folder = folder
        self.wan = Line.to(centre_url)
        self.lan = Line("127.0.0.1", 0)
        self.program = Program(f"Trạm vùng {self.name}")
        self.enrolling = Program(f"Đăng ký trạm vùng {self.name}")
        self.kills = 0

    @property
    def log(self) -> Path:
        """Where its process writes."""
        return self.folder / "logs" / "hub.log"

    def _where(self) -> list[str]:
        return ["--data", str(self.folder / "data"), "--upstream", f"http://127.0.0.1:{self.wan.own_port}"]

    async def begin(self, code: str) -> None:
        """Make it the hub that the one-time code names, and serve."""
        self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        await self.wan.open()
        await self.enrolling.output(server_command("enrol-hub", *self._where(), "--code", code), self.log)
        await self.serve()

    async def serve(self) -> None:
        """Start it; its desk finds it at the same address as before."""
        command = server_command("serve", *self._where(), "--role", "hub", "--port", "0", "--announce")
        await self.program.start(command, self.log)
        port = urlsplit(str((await self.program.announced())["url"])).port
        assert port is not None
        self.lan.lead_to(port)
        await self.lan.open()

    async def kill(self) -> None:
        """End it as a failing machine does: without a word, in the middle of whatever it does."""
        self.program.kill_now()
        code = await self.program.ended()
        await self.lan.cut()
        if code == 0 or not await self.lan.refuses():
            raise DayFailedError(f"Không ngắt được trạm vùng {self.name}: có chương trình khác đang giữ cổng.")
        self.kills += 1

    def look_again(self) -> None:
        """The line is back: what the machine's network tells the hub then (where the system has such a signal)."""
        if sys.platform != "win32":
            self.program.tell(signal.SIGHUP)

    async def close(self) -> int:
        """End it cleanly; label the folder; answers the exit code."""
        code = await self.program.stop(signal.SIGTERM)
        await self.cut()
        label = {"name": self.name, "role": "hub", "centre": self.centre, "device": ""}
        describe(self.folder, label | {"store": "data/centre.db", "key_file": "data/server.key"})
        return code or 0

    async def cut(self) -> None:
        """Cut both lines."""
        await self.lan.cut()
        await self.wan.cut()
