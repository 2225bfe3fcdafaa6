# SPDX-License-Identifier: Apache-2.0
"""What the agent says to the server and understands of its answers; it never listens."""

import base64
import binascii
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version

import httpx

from instruments.agent.clocks import ticks, wall_clock
from instruments.agent.journal import LabelState, Waiting, WaitingOutcome, WaitingScan
from instruments.agent.settings import BenchSettings
from instruments.printers import Language
from instruments.scanners import Tone

LABEL_BLOCK = 20  # labels taken ahead, so that they can be printed while the server is away
_HOLD_MARGIN = 60.0  # seconds
LABEL_WAIT = 3  # seconds the server may hold a question for labels; also bounds our ending
_TIME = httpx.Timeout(5.0, connect=2.0)
_RACK_TIME = httpx.Timeout(60.0, connect=2.0)  # 384 tubes are recorded, or none
RACK = "rack"
"""Stands for the AIM identifier in the journal where what was read is the text of a whole rack."""
_LABEL_TIME = httpx.Timeout(LABEL_WAIT + 5.0, connect=2.0)
_LONGEST_DEVICE = 120  # characters that the server takes; the end of a port's name tells most
_LONGEST_DETAIL = 200
# Answers that say "not now" or "not with this key", not "never": the same request is tried again.
_LATER = frozenset({401, 409, 423, 429})


def _version() -> str:
    try:
        return version("osteon-lims")[:20]
    except PackageNotFoundError:  # run from its source, not installed
        return ""


VERSION = _version()


class ServerAway(Exception):
    """No answer that can be used now; the request may be repeated."""

    reason = "server-away"


class BenchClaimed(ServerAway):
    """Another agent works for this bench: this one does nothing until that one is gone."""

    reason = "bench-claimed"


class ServerRefused(Exception):
    """The server will never take this request; `status` and `answer` are what it said."""

    reason = "server-refused"

    def __init__(self, status: int, answer: str) -> None:
        super().__init__(f"{status} {answer}")
        self.status = status
        self.answer = answer


class FenceStale(Exception):
    """The lease belongs to somebody else by now."""

    reason = "fence-stale"


@dataclass(frozen=True)
class LabelJob:
    """One label to print, leased to this agent; `content` is what goes to the printer."""

    station: str
    instance: str
    fence: int
    content: bytes
    sha256: str
    dpi: int
    held_until: float
    """Until then, by `ticks`, nobody else is given it, also while the server is away."""
    language: Language = Language.ZPL


@dataclass(frozen=True)
class DeviceHealth:
    """One device as last seen; `state` is ready, fault, unknown or gone."""

    kind: str
    port: str
    state: str
    detail: str


class Server:
    """The server's bench interface, spoken to with one key."""

    def __init__(
        self,
        settings: BenchSettings,
        *,
        key: str,
        agent: str = "",
        clock: Callable[[], str] = wall_clock,
        ticks: Callable[[], float] = ticks,
        transport: httpx.BaseTransport | None = None,
    ) -> None:
        self.agent = agent
        self.ticks = ticks
        self.claimed = threading.Event()
        """Set while another agent works for this bench."""
        self._key = key
        self._clock = clock
        self._client = httpx.Client(
            base_url=settings.server,
            headers={"Authorization": f"Bearer {key}", "Bench-Agent": agent},
            timeout=_TIME,
            verify=settings.trust(),
            trust_env=False,  # no proxy and no other credentials from the environment
            transport=transport,
        )

    def use_key(self, key: str) -> bool:
        """Speak with this key from now on; return whether it is another than before."""
        if key == self._key:
            return False
        self._client.headers["Authorization"] = f"Bearer {key}"
        self._key = key
        return True

    def new_key(self, station: str) -> str:
        """Ask for a new key; the present one works until the new one is used.

        Raises `ServerAway`, `ServerRefused`.
        """
        answer = self._call(f"/api/bench/{station}/key", {})
        key = answer.get("key")
        if not isinstance(key, str) or not key:
            raise ServerAway("an answer without a key")
        return key

    def close(self) -> None:
        """Close all connections."""
        self._client.close()

    def judge(self, scan: WaitingScan) -> Tone:
        """Have a scan, or a fault of a scan, judged. Raises `ServerAway`, `ServerRefused`."""
        if scan.fault is not None:
            self._call(
                f"/api/bench/{scan.station}/faults",
                {
                    "fault_id": scan.scan_id,
                    "kind": scan.fault,
                    "raw": scan.raw.hex(),
                    "device": scan.device[-_LONGEST_DEVICE:],
                    "device_time": scan.device_time,
                },
            )
            return Tone.REFUSED
        if scan.symbology == RACK:
            return self._tone(self._rack(scan))
        answer = self._call(
            f"/api/bench/{scan.station}/scans",
            {
                "scan_id": scan.scan_id,
                "text": scan.text,
                "symbology": scan.symbology,
                "raw": scan.raw.hex(),
                "source": "serial",
                "device": scan.device[-_LONGEST_DEVICE:],
                "seq": scan.seq,
                "device_time": scan.device_time,
                "sent_at": self._clock(),
            },
        )
        return self._tone(answer)

    def _rack(self, scan: WaitingScan) -> Mapping[str, object]:
        body = {
            "read_id": scan.scan_id,
            "content": base64.b64encode(scan.raw).decode(),
            "device": scan.device[-_LONGEST_DEVICE:],
            "device_time": scan.device_time,
            "sent_at": self._clock(),
        }
        address = f"/api/bench/{scan.station}/racks"
        return self._read(self._exchange("POST", address, body, timeout=_RACK_TIME))

    @staticmethod
    def _tone(answer: Mapping[str, object]) -> Tone:
        try:
            return Tone(str(answer["tone"]))
        except (KeyError, ValueError) as fault:
            raise ServerAway("a verdict without a tone") from fault

    def labels(
        self, station: str, *, dpi: int, language: Language = Language.ZPL, idle: bool = False
    ) -> list[LabelJob]:
        """Wait up to `LABEL_WAIT` seconds for a block of labels for a printer.

        `idle` says that nothing of an earlier answer is held here: that answer may have been lost.

        Raises `ServerAway`, `ServerRefused`.
        """
        asked_at = self.ticks()
        answer = self._read(
            self._exchange(
                "GET",
                f"/api/bench/{station}/labels?wait={LABEL_WAIT}&most={LABEL_BLOCK}&dpi={dpi}"
                + ("" if language is Language.ZPL else f"&language={language}")
                + ("&idle=1" if idle else ""),
                None,
                timeout=_LABEL_TIME,
            )
        )
        jobs = answer.get("jobs")
        if not isinstance(jobs, list):
            raise ServerAway("an answer without jobs")
        return [_job(station, job, asked_at) for job in jobs]

    def tell_intent(self, job: LabelJob, *, odometer_before: int | None, detail: str) -> None:
        """Announce that bytes will go out. Raises `FenceStale`, `ServerAway`, `ServerRefused`."""
        self._tell(
            job.station,
            job.instance,
            {
                "fence": job.fence,
                "outcome": LabelState.INTENT.value,
                "odometer_before": odometer_before,
                "odometer_after": None,
                "detail": detail,
            },
        )

    def tell(self, outcome: WaitingOutcome) -> None:
        """Tell what became of a label. Raises `FenceStale`, `ServerAway`, `ServerRefused`."""
        self._tell(
            outcome.station,
            outcome.instance,
            {
                "fence": outcome.fence,
                "outcome": outcome.outcome.value,
                "odometer_before": outcome.odometer_before,
                "odometer_after": outcome.odometer_after,
                "detail": outcome.detail[:_LONGEST_DETAIL],
            },
        )

    def heartbeat(
        self, health: Mapping[str, Sequence[DeviceHealth]], waiting: Mapping[str, Waiting]
    ) -> None:
        """Tell how the agent's devices are and what waits in its journal, by station.

        Raises `BenchClaimed`, `ServerAway`, `ServerRefused`.
        """
        self._call(
            "/api/bench/heartbeat",
            {
                "agent": self.agent,
                "version": VERSION,
                "clock": self._clock(),
                "stations": [
                    {
                        "station": station,
                        **_counts(waiting.get(station)),
                        "devices": [
                            {
                                "kind": device.kind,
                                "port": device.port[-_LONGEST_DEVICE:],
                                "state": device.state,
                                "detail": device.detail[:_LONGEST_DETAIL],
                            }
                            for device in devices
                        ],
                    }
                    for station, devices in health.items()
                ],
            },
        )
        self.claimed.clear()

    def _tell(self, station: str, instance: str, body: Mapping[str, object]) -> None:
        response = self._exchange("POST", f"/api/bench/{station}/labels/{instance}/outcome", body)
        if response.status_code == httpx.codes.CONFLICT:
            raise FenceStale(instance)
        self._read(response)

    def _call(self, path: str, body: Mapping[str, object]) -> Mapping[str, object]:
        return self._read(self._exchange("POST", path, body))

    def _exchange(
        self,
        method: str,
        path: str,
        body: Mapping[str, object] | None,
        *,
        timeout: httpx.Timeout = _TIME,
    ) -> httpx.Response:
        try:
            response = self._client.request(method, path, json=body, timeout=timeout)
        except httpx.HTTPError as fault:
            raise ServerAway(type(fault).__name__) from fault
        if response.status_code == httpx.codes.LOCKED:
            self.claimed.set()
            raise BenchClaimed("another agent works for this bench")
        return response

    @staticmethod
    def _read(response: httpx.Response) -> Mapping[str, object]:
        status = response.status_code
        if 400 <= status < 500 and status not in _LATER:
            raise ServerRefused(status, response.text[:500])
        if not response.is_success:
            raise ServerAway(f"status {status}")
        try:
            answer = response.json()
        except ValueError as fault:
            raise ServerAway("an answer that is not JSON") from fault
        if not isinstance(answer, dict):
            raise ServerAway("an answer that is no object")
        return answer


def _counts(waiting: Waiting | None) -> dict[str, int]:
    if waiting is None:
        return {}
    return {
        "scans_stored": waiting.scans,
        "scans_rejected": waiting.rejected,
        "outcomes_stored": waiting.outcomes,
        "labels_held": waiting.labels,
    }


def _job(station: str, job: object, asked_at: float) -> LabelJob:
    try:
        if not isinstance(job, dict):
            raise TypeError(job)
        language = Language(str(job.get("language", Language.ZPL.value)))
        return LabelJob(
            station=station,
            instance=str(job["instance"]),
            fence=int(job["fence"]),
            content=base64.b64decode(job[language.value], validate=True),
            language=language,
            sha256=str(job["sha256"]),
            dpi=int(job["dpi"]),
            # Counted from the question: the server's own count began later.
            held_until=asked_at + int(job.get("hold_seconds", 0)) - _HOLD_MARGIN,
        )
    except (KeyError, TypeError, ValueError, binascii.Error) as fault:
        raise ServerAway("a label job that cannot be read") from fault
