"""A camera of a rig under test: a person in front of it to whom things happen, and what is seen."""

import json
from pathlib import Path
from typing import Any, Protocol, Self, cast, get_args

from vitalrig.nearest import did_you_mean
from vitalrig.redis_keys import envelopes_stream
from vitalrig.signal_state import State
from vitalrig.signals import SIGNALS
from vitalrig.testing import readiness
from vitalrig.testing.camera_control import CameraControl
from vitalrig.testing.camera_recorder import CameraRecorder
from vitalrig.testing.camera_stream import CameraStream, PublishedRecording
from vitalrig.testing.camera_watch import CameraWatch
from vitalrig.testing.harness_errors import HarnessError
from vitalrig.testing.managed_process import ManagedProcess
from vitalrig.testing.rig_address import RigAddress
from vitalrig.testing.scenario_copy import Event, ScenarioCopy
from vitalrig.testing.scenario_play import ScenarioPlay
from vitalrig.testing.service_flags import as_flags, server_settings
from vitalrig.testing.session import Session
from vitalrig.testing.signal_history import StateChange
from vitalrig.testing.unknown_settings import refuse_unknown

_SIGNALS = tuple(signal.name for signal in SIGNALS)
_STATES: tuple[State, ...] = get_args(State)

READY_S = 120.0

_FORGET_S = 600


class CameraHost(Protocol):
    """The rig that a camera is part of."""

    @property
    def folder(self) -> Path:
        """Its folder."""
        ...

    @property
    def address(self) -> RigAddress:
        """Where its Redis is."""
        ...

    def spawn(self, service: str, name: str, *flags: str) -> ManagedProcess:
        """Start a service."""
        ...

    def take_port(self) -> int:
        """Reserve a port."""
        ...

    def take_prefix(self) -> str:
        """Give a key prefix that nobody has had."""
        ...

    def sessions_folder(self, prefix: str) -> Path:
        """Give the folder of a camera's sessions, which a collector writes."""
        ...


class Camera:
    """
    One camera: a server with a synthetic person, under a key prefix of its own.

    `Rig.camera` makes it. What is asked of it is told from its durable stream, envelope by
    envelope, and goes by the camera's own time, so that it is the same at any speed.

    >>> camera = rig.camera("apnea", seed=3, speed=10)      # doctest: +SKIP
    >>> camera.expect(breathing="valid", within=20)         # doctest: +SKIP
    >>> camera.expect(breathing="held", within=30)          # doctest: +SKIP
    >>> session = camera.record(seconds=60)                 # doctest: +SKIP
    >>> session.assert_complete().assert_balanced()         # doctest: +SKIP

    Attributes:
        prefix: Its key prefix.
        redis_url: The Redis that it publishes to.
        grpc_address: Where its server takes gRPC calls, `host:port`.
        scenario: The scenario, as it was asked for; empty for a person to whom nothing happens.
        seed: The person, and all that is left to chance.
        speed: Seconds of the camera in one second.
        process: The server.
    """

    def __init__(
        self,
        host: CameraHost,
        scenario: str | Path = "",
        *,
        seed: int = 1,
        speed: float = 1.0,
        pulse_rate: float = 72,
        breathing_rate: float = 15,
        fps: float = 30,
        **flags: object,
    ) -> None:
        """
        Start the server. `wait_ready` waits for it.

        Args:
            host: The rig.
            scenario: The name of a shipped scenario, or a path; empty for none.
            seed: Which person.
            speed: Seconds of the camera in one second.
            pulse_rate: Beats per minute, unless the scenario says it.
            breathing_rate: Breaths per minute, unless the scenario says it.
            fps: Frames a second, unless the scenario says it.
            flags: Further settings of the server.

        Raises:
            BadSettings: If there is no such scenario; the text has the nearest name.
            HarnessError: If it cannot be started.
        """
        self._host = host
        self.prefix = host.take_prefix()
        self.redis_url = host.address.url
        self.scenario, self.seed, self.speed = str(scenario), seed, speed
        scenarios = host.folder / "scenarios"
        scenarios.mkdir(exist_ok=True)
        self._copy = ScenarioCopy(scenario, scenarios / f"{self.prefix}.yml")
        port = host.take_port()
        self.grpc_address = f"127.0.0.1:{port}"
        settings = server_settings(self.prefix, port, host.folder / "spool") | {
            "scenario": self._copy.path,
            "scenario_reload": True,
            "seed": seed,
            "speed": speed,
            "pulse_rate": pulse_rate,
            "breathing_rate": breathing_rate,
            "fps": fps,
        }
        name = f"camera-{self.prefix.rpartition('-')[2]}"
        self.process = host.spawn("physiology_server", name, *as_flags(settings | flags))
        self._stream = CameraStream(host.address, self.prefix)
        self._watch = CameraWatch(self.process, self._stream)
        self._play = ScenarioPlay(self._copy, self._watch, self._copy.fps or fps)
        self._recorder = CameraRecorder(
            CameraControl(self.grpc_address),
            self._watch,
            lambda: host.sessions_folder(self.prefix),
            Path(scenario).stem or "rest",
        )

    def __repr__(self) -> str:
        return f"<{self.subject}>"

    @property
    def subject(self) -> str:
        """
        Who is in front of it, in a line for a report.
        """
        what = f"scenario {self.scenario}" if self.scenario else "no scenario"
        told = f"camera {self.prefix}: {what}, seed {self.seed}, speed {self.speed:g}"
        added = "; ".join(json.dumps(event) for event in self._copy.added)
        return f"{told}; added while it ran: {added}" if added else told

    @property
    def again(self) -> str:
        """
        The command that shows the same person once more.
        """
        scenario = f" --scenario {self.scenario}" if self.scenario else ""
        return (
            f"python -m vitalrig.testing serve{scenario} --seed {self.seed} --speed {self.speed:g}"
        )

    @property
    def time_s(self) -> float:
        """
        The camera's own time: seconds since its first frame, by the newest envelope.
        """
        return self._watch.history().now_s

    def wait_ready(self, timeout: float = READY_S) -> Self:
        """
        Wait until an envelope has come through Redis.

        Raises:
            NotReady: If none did within *timeout* seconds, or the server has ended.
            HarnessError: If there is no such setting as was given; the text has the nearest name.
        """
        stream = envelopes_stream(self.prefix)
        check = readiness.Check(
            self.process.name,
            f"an envelope has to be in {stream}",
            lambda: readiness.envelope_trouble(self._host.address, stream),
        )
        readiness.wait_for_checks([check], {self.process.name: self.process}, timeout)
        refuse_unknown("physiology_server", self.process)
        return self

    def state(self, signal: str) -> State:
        """
        Give the state of a signal by now.

        Raises:
            HarnessError: If there is no such signal; the text has the nearest name.
        """
        _check_name("signal", signal, _SIGNALS)
        return self._watch.history().states[signal]

    def value(self, signal: str) -> float | None:
        """
        Give the newest number of a signal, whatever its state is; None if it had none.

        Raises:
            HarnessError: If there is no such signal; the text has the nearest name.
        """
        _check_name("signal", signal, _SIGNALS)
        return self._watch.history().value(signal)

    def changes(self, *signals: str) -> list[StateChange]:
        """
        Give all changes of state by now in order, of some signals or of all.

        Raises:
            HarnessError: If there is no such signal; the text has the nearest name.
        """
        for signal in signals:
            _check_name("signal", signal, _SIGNALS)
        return self._watch.history().changes(*signals)

    def expect(self, *, within: float = 20.0, **signals: str) -> Self:
        """
        Wait until signals are in the states named, all at one moment.

        Every moment counts that the camera had since the one that the last `expect` was met at,
        or since it was last told something, that moment included. So nothing is missed that was
        over before anybody asked.

        Args:
            within: How long to wait, in seconds of this machine, not of the camera.
            signals: States by signal: `breathing="held"`.

        Raises:
            AssertionError: If it did not come to that: with each signal's last changes.
            HarnessError: If there is no such signal or state, with the nearest name, or none.
            NotReady: If the server has ended.
        """
        if not signals:
            raise HarnessError('expect() needs a signal and its state, such as breathing="held"')
        for signal, state in signals.items():
            _check_name("signal", signal, _SIGNALS)
            _check_name("state", state, _STATES)
        wanted = cast("dict[str, State]", signals)
        if not self._watch.meet(wanted, within):
            told = ", ".join(f"{signal}={state}" for signal, state in signals.items())
            raise AssertionError(
                f"camera {self.prefix} did not come to {told} within {within:g} s:\n"
                f"{self._watch.not_met(wanted)}\n  {self.subject}\n  again: {self.again}"
            )
        return self

    def set(
        self,
        *,
        pulse_rate: float | None = None,
        breathing_rate: float | None = None,
        ramp_s: float = 0.0,
    ) -> Self:
        """
        Give the person other rates. An apnea that goes on ends.

        It returns when the frames that come are of a person with these rates. The numbers follow
        as far as their windows reach: in 12 s of the camera for pulse, in 30 s for breathing.

        Args:
            pulse_rate: Beats per minute.
            breathing_rate: Breaths per minute.
            ramp_s: How long the person takes to come there, in seconds of the camera.

        Raises:
            HarnessError: If no rate is given, or the server cannot do it, or does not.
        """
        rates = {"pulse_rate": pulse_rate, "breathing_rate": breathing_rate}
        given = {name: rate for name, rate in rates.items() if rate is not None}
        if not given:
            raise HarnessError(f"set() needs a rate: {' or '.join(rates)}")
        self._play.change_rates(given, ramp_s)
        return self

    def leave(self) -> Self:
        """
        Let the person leave: status `NO_FACES_FOUND`, no signals. It returns when that is seen.

        Raises:
            HarnessError: If the person has left already, or the status does not come.
        """
        self._play.leave()
        return self

    def return_(self) -> Self:
        """
        Let the person who left come back. It returns when that is seen.

        Raises:
            HarnessError: If nobody has left, or the status does not change.
        """
        self._play.come_back()
        return self

    def begin(self, do: str, **keys: object) -> Event:
        """
        Let something happen from now on: any effect of a scenario, such as `motion`.

        It returns when the server has begun it. `end` ends one that lasts.

        Args:
            do: Which effect.
            keys: What else the effect needs, such as `share=0.2`.

        Raises:
            HarnessError: If the server cannot do it, or does not.
        """
        return self._play.begin(do, **keys)

    def end(self, event: Event) -> None:
        """
        Let what `begin` began be over.

        Raises:
            HarnessError: If the server cannot do it, or does not.
        """
        self._play.end(event)

    def record(self, seconds: float, session: str = "") -> Session:
        """
        Record for a while, and wait until the session's files are finished.

        Args:
            seconds: How long, in the camera's own time.
            session: What it is called; by default made of scenario and number.

        Raises:
            HarnessError: If the server refuses, or the collector does not finish the files.
        """
        return self._recorder.record(seconds, session)

    def start_recording(self, session: str = "") -> PublishedRecording:
        """
        Begin to record; it returns when the start is in the stream.

        Raises:
            HarnessError: If the server refuses, such as while it records.
        """
        return self._recorder.start(session)

    def stop_recording(self) -> Session:
        """
        End the recording, and wait until the session's files are finished.

        Raises:
            HarnessError: If nothing was recorded, or the collector does not finish the files.
        """
        return self._recorder.stop()

    def envelopes(self) -> list[dict[str, Any]]:
        """
        Give all envelopes that the durable stream holds now, as documents, in order.

        Damaged ones are left out; so is what is no longer in the stream.
        """
        return self._stream.envelopes()

    def stop(self) -> None:
        """
        End the camera's server. Redis forgets its stream after ten minutes.
        """
        self.process.stop()
        self._stream.forget_after(_FORGET_S)


def _check_name(what: str, name: str, known: tuple[str, ...]) -> None:
    if name not in known:
        hint = did_you_mean(name, known) or f"; there are {', '.join(known)}"
        raise HarnessError(f"there is no {what} {name!r}{hint}")
