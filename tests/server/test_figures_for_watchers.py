"""Whoever watches over the machines reads when each desk was last proven equal, on that machine and nowhere else."""

from __future__ import annotations

import json
import re
import signal
import socket
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import requests

import server
from server.metrics import Figure, text_of, told_here
from server.operations.backup import make_backup
from server.operations.recounting import whole
from server.operations.revocation import revoke
from tests.server.ground import PATIENCE_S, Desk, HandClock, Running

MakeDesk = Callable[..., Desk]
ROOT = Path(server.__file__).parent.parent
LINE = re.compile(r"^(?P<name>[a-z0-9_]+)(\{(?P<labels>.*)\})? (?P<value>[0-9.e+]+)$")


def read(url: str) -> dict[tuple[str, str], float]:
    """Every value by its name and labels, read as strictly as the format is written."""
    answer = requests.get(url, timeout=PATIENCE_S)
    assert answer.status_code == 200
    assert answer.headers["Content-Type"] == "text/plain; version=0.0.4; charset=utf-8"
    found: dict[tuple[str, str], float] = {}
    meant: set[str] = set()
    for line in answer.text.splitlines():
        if line.startswith("# TYPE "):
            name, kind = line.split(" ")[2:]
            assert kind == "gauge"
            meant.add(name)
        elif not line.startswith("# HELP "):
            one = LINE.match(line)
            assert one is not None, line
            assert one["name"] in meant
            found[one["name"], one["labels"] or ""] = float(one["value"])
    return found


def test_it_is_told_when_each_desk_was_last_proven_equal_and_which_never_was(
    centre: Running, database: str | None, desks: MakeDesk, tmp_path: Path
) -> None:
    equal, silent, gone = desks(centre, "AG01"), desks(centre, "AG02"), desks(centre, "AG03")
    equal.write_contact("t1")
    equal.push()
    equal.pull()
    clock = centre.centre.clock
    assert isinstance(clock, HandClock)
    with told_here(centre.centre, 0) as url:
        before = read(url)
        assert before["tram111_devices_never_proven", ""] == 3
        assert not [one for one in before if one[0].endswith("_timestamp_seconds")], "what never was has no time"
        clock.pass_ms(61_000)
        proven_at = centre.centre.now_ms() / 1_000
        assert equal.road.receipt(equal.own_digest(), PATIENCE_S) is not None
        clock.pass_ms(3_600_000)
        key = tmp_path / "away" / "backup.key"
        make_backup(centre.centre, tmp_path / "data", tmp_path / "b", key, embedded=database is None)
        whole(centre.centre)
        revoke(centre.centre, gone.enrolled.device, "mất máy")
        after = read(url)
    labels = f'device="{equal.enrolled.device}",centre="an_giang",seat="AG01"'
    assert after["tram111_proven_equal_timestamp_seconds", labels] == proven_at
    assert [one for one in after if one[0] == "tram111_proven_equal_timestamp_seconds"] == [
        ("tram111_proven_equal_timestamp_seconds", labels)
    ]
    assert after["tram111_devices_never_proven", ""] == 1, f"{silent.enrolled.seat} alone"
    assert after["tram111_devices", 'state="standing"'] == 2
    assert after["tram111_devices", 'state="revoked"'] == 1
    assert after["tram111_backup_verified_timestamp_seconds", ""] >= proven_at + 3_600
    assert after["tram111_recounted_timestamp_seconds", ""] >= proven_at + 3_600
    assert after["tram111_slipped_sums", ""] == 0
    assert after["tram111_feed_number", ""] >= after["tram111_backup_feed_number", ""] > 0


def test_held_words_are_counted_and_nothing_of_them_is_told(embedded: Running, desks: MakeDesk) -> None:
    one = desks(embedded, "AG01")
    strange = one.node.act()
    strange.change("contact", "nowhere", "dossier:a", {}, {"summary": "không ai đọc được"})
    one.node.write(strange)
    one.push()
    with told_here(embedded.centre, 0) as url:
        assert read(url)["tram111_held_operations", ""] == 1
        said = requests.get(url, timeout=PATIENCE_S).text
    assert "nowhere" not in said
    assert "không ai" not in said


def test_it_is_told_here_alone_and_to_no_page_of_a_browser(embedded: Running) -> None:
    with told_here(embedded.centre, 0) as url:
        assert url.startswith("http://127.0.0.1:")
        assert requests.get(url, headers={"Host": "watch.example:80"}, timeout=PATIENCE_S).status_code == 403
        assert requests.get(url.replace("/metrics", "/"), timeout=PATIENCE_S).status_code == 404
        assert requests.post(url, timeout=PATIENCE_S).status_code == 501
        assert read(url)
    with told_here(embedded.centre, None) as nowhere:
        assert nowhere == ""


def test_a_seat_with_a_quote_in_it_breaks_no_line() -> None:
    told = text_of([Figure("one", "What.", [({"seat": 'A"\\\n'}, 2)])])
    assert told == '# HELP tram111_one What.\n# TYPE tram111_one gauge\ntram111_one{seat="A\\"\\\\\\n"} 2\n'


def test_a_served_centre_tells_them_when_asked_to_and_says_what_to_do_where_the_port_is_taken(tmp_path: Path) -> None:
    def serve(port: int) -> subprocess.Popen[str]:
        words = ["serve", "--data", str(tmp_path / "data"), "--port", "0", "--announce", "--metrics-port", str(port)]
        return subprocess.Popen(
            [sys.executable, "-m", "server", *words],
            cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, encoding="utf-8",
        )  # fmt: skip

    serving = serve(0)
    try:
        assert serving.stdout is not None
        told = json.loads(serving.stdout.readline())
        assert read(told["metrics"])["tram111_devices", 'state="standing"'] == 0
    finally:
        serving.send_signal(signal.SIGTERM)
        serving.communicate(timeout=PATIENCE_S)
    assert serving.returncode == 0
    with socket.create_server(("127.0.0.1", 0)) as taken:
        refused = serve(taken.getsockname()[1])
        said = refused.communicate(timeout=PATIENCE_S)[1]
    assert refused.returncode != 0
    assert "--metrics-port" in said
