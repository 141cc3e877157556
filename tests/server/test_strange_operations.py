"""Operations that are signed and strange: each is taken, kept or held, and none stops the chain."""

from __future__ import annotations

from collections.abc import Callable

from server.store.audit import audit
from sync import chain, wire
from sync.operation import Placed
from sync.troubles import ServerTrouble
from tests.server.ground import PATIENCE_S, Desk, Running

MakeDesk = Callable[..., Desk]

ONES, TWOS = "1" * 29, "2" * 29
START = '{"k":"%s","i":"%s","c":"%s","d":"%s","a":"%s","b":"s","s":%s,"t":"%s"%s}'


def body(
    kind: str = "call", record: str = "c1", scope: str = "centre:an_giang", data_class: str = "P2",
    action: str = "create", schema: str = "1", stamp: str = ONES, more: str = "",
) -> bytes:  # fmt: skip
    """The author's bytes, written by hand so that they may be wrong."""
    return (START % (kind, record, scope, data_class, action, schema, stamp, more)).encode()


DEEP = "[" * 500 + "]" * 500
VALUES = (
    '"\\u0000"', "1e308", "123456789012345678901234567890", DEEP, '{"a":{"b":[null]}}', "true", '"\\ud800"', "null",
)  # fmt: skip
STRANGE = [
    *(
        body(stamp=stamp, more=f',"v":{{"number":{value},"ring_at":{value},"by_hand":{value}}}')
        for stamp in ("0" * 20 + ".abcdefgh", "z" * 29, "\\u0000" * 29)
        for value in VALUES
    ),
    body(record="c2", schema="9" * 20),
    body(record="c2", more=',"r":{"number":99999999999999999999}'),
    body(record="c2", action="patch", stamp=TWOS, more=',"v":{"number":"2"},"p":{"number":["\\u0000"]}'),
    body("gr\\u0000nt", "c3"),
    body("new_kind", "c4", more=',"v":{"x":1e300},"+":{"s":["a/b","\\u0000"]}'),
    body("new_kind", "c4", action="patch", stamp=TWOS, more=f',"v":{{"x":2}},"p":{{"x":["{ONES}"]}}'),
    body("k" * 5_000, "i" * 5_000),
    body(record="c5", action="explode"),
    body(record="c5", action="patch"),
    body(record="c5", scope="a\\u0000"),
    body(record="c5", scope="s" * 5_000),
    body(record="c5", more=',"v":{"outcome\\u0000":1,"":2,"a/b":3}'),
    body("contact", "c6", "dossier:c6", "P3", more=',"+":{"topics":["\\u0000","","a/b"],"summary":["x"]}'),
    body("contact", "c6", "dossier:c6", "P3", "patch", stamp=TWOS, more=',"-":{"topics":{"":["x"]}}'),
    body("grant", "c7", data_class="P1", action="grant", more=',"v":{"device":5,"granted_scope":[]}'),
    body("grant", "c8", data_class="P1", action="grant", more=',"v":{"device":"x"}'),
    body("case", "c9", "dossier:c9", "P3", more=',"v":{"code":7}'),
    body("case", "c10", "dossier:c9", "P3", more=',"v":{"code":"CT25-3-00199-0"}'),
    b"\xff\xfe", b"", b"[]", b"nul", b"{}", DEEP.encode(), b'{"k":' * 3_000,
]  # fmt: skip


def test_no_signed_operation_however_strange_stops_the_chain(centre: Running, desks: MakeDesk) -> None:
    one, other = desks(centre, "AG01"), desks(centre, "AG02")
    head, n = chain.GENESIS, 0
    failed: list[bytes] = []
    held = 0
    for data in STRANGE:
        placed = [Placed(one.enrolled.device, 1, n + 1, n + 1, b"salt", data)]
        after = chain.advance(head, placed)[-1]
        said = wire.PushHead(
            p=1,
            device=one.enrolled.device,
            incarnation=1,
            lineage="",
            first=n + 1,
            count=1,
            previous=head.hex(),
            signature=wire.text64(chain.sign_head(one.key, one.enrolled.device, 1, n + 1, after)),
            schema=1,
        )
        try:
            answer = one.road.push(wire.encode_push(said, placed), PATIENCE_S)
        except ServerTrouble:
            failed.append(data)
            continue
        held += len(answer.held)
        head, n = after, n + 1
        assert answer.acked == n
    assert failed == []
    assert 10 <= held < len(STRANGE)
    other.pull()
    assert other.digest == other.own_digest()
    assert centre.centre.read(audit).differences == []
