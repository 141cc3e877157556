"""What a desk asks of a server: push, pull, scopes, enrolment; answers are checked before they are believed."""

from __future__ import annotations

import itertools
import threading
from collections.abc import Callable, Mapping, Sequence
from hashlib import sha256
from typing import Final, NoReturn, TypeVar
from urllib.parse import urlencode

import msgspec

from sync import door, manifest, packing, proof, wire
from sync.decoding import known
from sync.door import (
    Approved,
    Devices,
    EmergencyGiven,
    Enrolled,
    Health,
    HeldOperation,
    Nonce,
    Receipt,
    SessionGiven,
    session_claim,
)
from sync.operation import Placed
from sync.proof import Ask, Told
from sync.transport.line import Answer, Line
from sync.troubles import (
    Behind,
    Forked,
    HereAlready,
    MayNot,
    NoNewcomer,
    NotGiven,
    Revoked,
    SegmentGone,
    ServerLied,
    ServerTrouble,
    SignedOut,
    TooLarge,
    Unapproved,
)
from sync.trust import SYSTEM, Trust
from sync.wire import BadMessage, Problem, PullHead, PushAnswer

M = TypeVar("M")

ENTRANCE_S: Final = 15.0
"""How long (seconds) a nonce, a session or an enrolment may take."""

_JSON: Final = "application/json"
_CODE_ADVICE: Final = (
    "Mã đăng ký không đúng, đã được dùng hoặc đã hết hạn: hãy xin trưởng ca một mã mới rồi nhập lại."
)
_REFUSED_ADVICE: Final = (
    "Máy chủ không đọc được gói dữ liệu của máy này. Dữ liệu vẫn an toàn trên máy; "
    "hãy báo bộ phận kỹ thuật kiểm tra phiên bản phần mềm."
)
_NO_UPSTREAM_ADVICE: Final = (
    "Trạm vùng chưa liên lạc được với trung tâm nên chưa đăng ký được máy mới: hãy thử lại khi có đường truyền, "
    "hoặc đăng ký thẳng với trung tâm. Mã đăng ký vẫn dùng được."
)
_NOT_HERE_ADVICE: Final = (
    "Chỉ trung tâm mới cho xem khẩn cấp, mà máy này chưa nối tới đó: hãy gọi điện cho trung tâm giữ hồ sơ."
)
_SIGNATURE_ADVICE: Final = (
    "Máy chủ không nhận chữ ký của máy trạm này. Dữ liệu vẫn ở trên máy; hãy báo trưởng ca để đăng ký lại."
)


class HttpTransport:
    """One device's road to one server. Methods may be called from several threads; `close` from any.

    `sign` gives the 64-byte Ed25519 signature of the device's registered key. A session is opened when it is
    first needed and once more when the server has forgotten it. Everything raises only sync.troubles.
    """

    def __init__(
        self,
        base_url: str,
        device: str,
        incarnation: int,
        sign: Callable[[bytes], bytes],
        trust: Trust = SYSTEM,
    ) -> None:
        self._line = Line(base_url, trust, self._prove)
        self._counter = itertools.count(1)
        self._device = device
        self._incarnation = incarnation
        self._sign = sign
        self._door = threading.Lock()
        self._token = ""
        self._dictionary = 0
        self.couriers: dict[str, str] = {}
        """X25519 keys (base64) by lineage that sticks are sealed to, as the last session answer gave them."""

    def close(self) -> None:
        """Cut requests in flight, from any thread: they raise Offline at once."""
        self._line.close()

    def continue_as(self, incarnation: int) -> None:
        """The desk goes on under a new incarnation (after a fork): the next request opens a session for it."""
        with self._door:
            self._incarnation = incarnation
            self._token = ""

    def push(self, data: bytes, timeout_s: float, *, urgent: bool = False) -> PushAnswer:
        """Send a packed batch; a small urgent one passes those of desks with a backlog."""
        quick = urgent and len(data) <= door.MOST_URGENT
        path = f"{door.PUSH}?urgent=1" if quick else door.PUSH
        answer = self._ask("POST", path, timeout_s, wire.CONTENT_TYPE, wire.repacked(data, self._dictionary))
        if answer.status != 200:
            _refused(answer)
        _is_kind(answer, _JSON)
        try:
            said = wire.decode_answer(answer.body)
        except BadMessage as bad:
            raise ServerLied from bad
        if not said.lineage or said.acked < 0:
            raise ServerLied
        return said

    def pull(
        self, lineage: str, cursor: int, limit: int, wait_s: float, timeout_s: float
    ) -> tuple[PullHead, list[Placed]] | None:
        """What is new after the cursor; None where the wait ended without news. With `wait_s` 0 the answer
        always has the digest."""
        asked = {"c": f"{lineage}.{cursor}", "limit": limit}
        if self._dictionary:
            asked["z"] = self._dictionary
        if wait_s > 0:
            asked["wait"] = f"{min(wait_s, door.LONGEST_WAIT_S):g}"
        answer = self._ask("GET", f"{door.PULL}?{urlencode(asked)}", timeout_s)
        if answer.status == 204 and wait_s > 0:
            return None
        return _page(answer)

    def scope(self, scope: str, upto: int, past: int, timeout_s: float) -> tuple[PullHead, list[Placed]]:
        """One page of a granted scope's history with past < seq ≤ upto."""
        asked = urlencode({"scope": scope, "upto": upto, "past": past}, safe=":")
        return _page(self._ask("GET", f"{door.SCOPE}?{asked}", timeout_s))

    def held(self, timeout_s: float = ENTRANCE_S) -> list[HeldOperation]:
        """Operations that the server holds."""
        return _said(self._ask("GET", door.HELD, timeout_s), list[HeldOperation])

    def devices(self, timeout_s: float = ENTRANCE_S) -> Devices:
        """All desks of this hub's centre; only a hub is told."""
        return _said(self._ask("GET", door.DEVICES, timeout_s), Devices)

    def receipt(self, digest: str, timeout_s: float, of: str = "") -> Receipt | None:
        """The server's signed word that this digest is its own, or None where it counts something else now. `of`: a
        desk for which a hub asks."""
        asked = {"digest": digest, "device": of} if of else {"digest": digest}
        answer = self._ask("GET", f"{door.RECEIPT}?{urlencode(asked, safe=':')}", timeout_s)
        return None if answer.status == 204 else _said(answer, Receipt)

    def emergency(self, code: str, staff: str, why: str, words: str, timeout_s: float) -> EmergencyGiven:
        """Ask the centre for one file of another centre for an hour; `why` is a code of list `emergency_reason`,
        `words` at least twenty characters. Raises NotGiven, HereAlready, and the other sync.troubles."""
        asked = {"code": code, "staff": staff, "why": why, "words": words}
        answer = self._ask("POST", door.EMERGENCY, timeout_s, _JSON, msgspec.json.encode(asked))
        match _problem(answer) if answer.status in (404, 409, 503) else None:
            case Problem(code="unknown_file"):
                raise NotGiven
            case Problem(code="already_here"):
                raise HereAlready
            case Problem(code="no_upstream" | "bad_message"):  # a hub, or a server older than this question
                raise ServerTrouble(_NOT_HERE_ADVICE)
        return _said(answer, EmergencyGiven)

    def approve(self, staff: str, seat: str, words: str, timeout_s: float) -> Approved:
        """Let in the device that waits at a seat, by the eight words heard on the phone. Raises NoNewcomer, MayNot,
        and the other sync.troubles."""
        asked = {"staff": staff, "seat": seat, "words": words}
        answer = self._ask("POST", door.APPROVE, timeout_s, _JSON, msgspec.json.encode(asked))
        match _problem(answer) if answer.status in (400, 403, 404, 503) else None:
            case Problem(code="no_newcomer" | "bad_message"):
                raise NoNewcomer
            case Problem(code="may_not"):
                raise MayNot
            case Problem(code="no_upstream"):
                raise ServerTrouble(_NOT_HERE_ADVICE)
        return _said(answer, Approved)

    def proof(self, ask: Ask, timeout_s: float) -> proof.Answer:
        """One question of the comparison."""
        answer = self._ask("POST", door.PROOF, timeout_s, _JSON, msgspec.json.encode(ask))
        if ask.step == proof.RECORD:
            return proof.Answer(placed=_page(answer, numbered=False)[1])
        return proof.Answer(_said(answer, Told))

    def bootstrap(self, least: int, timeout_s: float) -> bytes | None:
        """The sealed manifest (`sync.manifest.unseal`) of a desk that may see at least so many records; None
        where there are fewer, or from a server that has no segments: the feed is to be read."""
        answer = self._ask("GET", f"{manifest.BOOTSTRAP}?least={least}", timeout_s)
        if answer.status == 204 or (answer.status == 404 and _problem(answer) is not None):
            return None
        if answer.status != 200:
            _refused(answer)
        _is_kind(answer, wire.CONTENT_TYPE)
        return answer.body

    def segment(self, name: str, start: int, length: int, timeout_s: float) -> bytes:
        """At most `length` bytes of a segment from `start` on. Raises SegmentGone where the server has it no
        more, or it never was in a manifest made for this device."""
        part = f"bytes={start}-{start + length - 1}"
        answer = self._ask("GET", f"{manifest.SEGMENT}/{name}", timeout_s, headers={"Range": part})
        if answer.status == 404 and _problem(answer) is not None:
            raise SegmentGone
        if answer.status != 206:
            _refused(answer)
        _is_kind(answer, wire.CONTENT_TYPE)
        if not 0 < len(answer.body) <= length:
            raise ServerLied
        return answer.body

    def _ask(
        self,
        method: str,
        path: str,
        timeout_s: float,
        kind: str = "",
        body: bytes = b"",
        headers: Mapping[str, str] | None = None,
    ) -> Answer:
        token = self._session_token(stale="")
        answer = self._line.ask(method, path, timeout_s, token=token, kind=kind, body=body, further=headers)
        if answer.status == 401 and _problem(answer) is not None:
            token = self._session_token(stale=token)
            answer = self._line.ask(method, path, timeout_s, token=token, kind=kind, body=body, further=headers)
        return answer

    def _prove(self, method: str, path: str, body: bytes, token: str) -> str:
        """Credentials that serve for this one request, once."""
        counter = next(self._counter)
        claim = door.request_claim(method, path, sha256(body).digest(), token, counter)
        return door.write_credentials(door.Credentials(token, counter, self._sign(claim)))

    def _session_token(self, stale: str) -> str:
        with self._door:
            if self._token == stale:
                self._token = ""
                self._token = self._open_session()
            return self._token

    def _open_session(self) -> str:
        nonce = _said(self._line.ask("GET", door.NONCE, ENTRANCE_S), Nonce).nonce
        signature = self._sign(session_claim(self._device, self._incarnation, nonce))
        claim = {
            "device": self._device,
            "incarnation": self._incarnation,
            "nonce": nonce,
            "signature": wire.text64(signature),
        }
        given = _said(_post(self._line, door.SESSION, claim), SessionGiven)
        if not 0 < len(given.token) <= door.TOKEN_LETTERS or not given.token.isascii():
            raise ServerLied
        if given.courier_key:
            self.couriers = {**given.couriers, given.lineage: given.courier_key}
        self._dictionary = max(0, min(given.dictionary, packing.DICTIONARY))
        return given.token


def enrol(
    base_url: str,
    code: str,
    public_key: bytes,
    name: str,
    trust: Trust = SYSTEM,
    again: door.Again | None = None,
) -> Enrolled:
    """Make this computer a device by a one-time code. `public_key` is raw Ed25519 (32 bytes).

    Asking again with the same code and key is harmless. `again`: the device that this desk is already, where the
    centre went back behind its enrolment and has forgotten it. Raises SignedOut for a wrong, used or expired code,
    and the other sync.troubles.
    """
    line = Line(base_url, trust)
    try:
        # A question without a body first: a code that goes to a page that redirects is a code given away.
        _said(line.ask("GET", door.HEALTH, ENTRANCE_S), Health)
        said = {"code": code, "key": wire.text64(public_key), "name": name}
        if again is not None:
            said |= {"device": again.device, "seat": again.seat, "signature": wire.text64(again.signature)}
        return _said(_post(line, door.ENROL, said), Enrolled)
    finally:
        line.close()


def health(base_url: str, timeout_s: float = ENTRANCE_S, trust: Trust = SYSTEM) -> Health:
    """Which server answers there. Raises sync.troubles."""
    line = Line(base_url, trust)
    try:
        return _said(line.ask("GET", door.HEALTH, timeout_s), Health)
    finally:
        line.close()


def _post(line: Line, path: str, said: object) -> Answer:
    return line.ask("POST", path, ENTRANCE_S, kind=_JSON, body=msgspec.json.encode(said))


def _is_kind(answer: Answer, kind: str) -> None:
    if answer.kind != kind:
        raise ServerLied


def _said(answer: Answer, shape: type[M]) -> M:
    if answer.status != 200:
        _refused(answer)
    _is_kind(answer, _JSON)
    try:
        return msgspec.json.decode(answer.body, type=known(shape))
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as bad:
        raise ServerLied from bad


def _page(answer: Answer, *, numbered: bool = True) -> tuple[PullHead, list[Placed]]:
    if answer.status != 200:
        _refused(answer)
    _is_kind(answer, wire.CONTENT_TYPE)
    try:
        head, placed = wire.decode_pull(answer.body)
    except BadMessage as bad:
        raise ServerLied from bad
    if not head.lineage or (numbered and not _in_order(placed, head.next)):
        raise ServerLied
    return head, placed


def _in_order(placed: Sequence[Placed], last: int) -> bool:
    """Commit numbers rise, and none lies beyond the cursor that comes with them: else one would be lost."""
    before = 0
    for one in placed:
        if not before < one.seq <= last:
            return False
        before = one.seq
    return True


def _problem(answer: Answer) -> Problem | None:
    """The Problem of an answer that is no success; None for what another program or a web page says."""
    if answer.kind != _JSON:
        return None
    try:
        return wire.decode_problem(answer.body)
    except BadMessage:
        return None


def _refused(answer: Answer) -> NoReturn:
    problem = _problem(answer)
    if problem is not None and problem.code == "no_upstream":
        raise ServerTrouble(_NO_UPSTREAM_ADVICE, retry_after_ms=_retry_after_ms(answer, problem))
    if answer.status == 429 or answer.status >= 500:
        raise ServerTrouble(retry_after_ms=_retry_after_ms(answer, problem))
    if answer.status == 413:
        raise TooLarge
    if problem is None:
        raise ServerLied
    match problem.code:
        case "fork":
            raise Forked(n=problem.n)
        case "gap":
            raise Behind(acked=problem.acked)
        case "unknown_device":
            raise SignedOut
        case "unapproved":
            raise Unapproved
        case "revoked":
            raise Revoked(lineage=problem.lineage, since=problem.since, order=problem.order)
        case "bad_signature":
            raise SignedOut(_SIGNATURE_ADVICE)
        case "unknown_code":
            raise SignedOut(_CODE_ADVICE)
        case _:
            raise ServerTrouble(_REFUSED_ADVICE)


def _retry_after_ms(answer: Answer, problem: Problem | None) -> int | None:
    if problem is not None and problem.retry_after_ms > 0:
        return problem.retry_after_ms
    if answer.retry_after.isascii() and answer.retry_after.isdigit() and len(answer.retry_after) <= 6:
        return int(answer.retry_after) * 1_000
    return None
