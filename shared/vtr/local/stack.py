"""The whole laptop stack: engines, topics, services, kept running until they are stopped."""

from __future__ import annotations

import fcntl
import shutil
import sys
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import IO, TypeVar
from urllib.parse import urlsplit

import httpx

from vtr.local import preflight
from vtr.local.config import StackConfig
from vtr.local.engine import Engine
from vtr.local.kafka import KafkaCluster, Node
from vtr.local.liveness import LivenessWatch, livez
from vtr.local.milvus_lite import MilvusLiteServer
from vtr.local.milvus_standalone import MilvusStandaloneServer
from vtr.local.preflight import Problem
from vtr.local.process import ManagedProcess, ProcessFailed, ProcessSpec, describe_exit, end_left_behind
from vtr.local.redis import RedisServer
from vtr.local.restarts import RestartPolicy
from vtr.local.services import SHUTDOWN_GRACE_S, ServiceSpec, environment, objects_uri
from vtr.local.state import (
    Condition,
    Phase,
    ProcessState,
    StackState,
    load_state,
    remove_state,
    save_state,
    this_process,
)
from vtr.runtime.settings import ServiceSettings

# Everything that a stack writes into its data folder, and all that a purge removes.
OWNED = ("kafka", "redis", "milvus-lite", "milvus-standalone", "objects", "services", "logs")
_PID_FILES = ("kafka/node-*/pid.json", "redis/pid.json", "milvus-*/pid.json", "services/*/pid.json")
_LOCK = "supervisor.lock"
_POLL_S = 0.2

_P = TypeVar("_P")


@dataclass
class _Unit:
    """Something that is started, watched and started again as one: a process of an engine, or a service."""

    name: str
    kind: str
    process: ManagedProcess
    wait_ready: Callable[[], None]
    url: str | None = None
    condition: Condition = "stopped"
    restarts: int = 0
    detail: str | None = None
    liveness: LivenessWatch | None = None
    policy: RestartPolicy = field(default_factory=RestartPolicy)


class Stack:
    """One stack on one data folder.

    ``start`` returns when every service is ready, or raises and leaves nothing running. The processes die
    with the process that made this object, however it ends.
    """

    def __init__(self, config: StackConfig, say: Callable[[str], None] = lambda _line: None) -> None:
        self.config = config
        self._say = say
        self._engines = _engines(config)
        self._services = {service.name: service for service in config.services}
        self._phase: Phase = "starting"
        self._reason: str | None = None
        self._started_at = datetime.now(UTC)
        self._units = [*self._engine_units(), *self._service_units()]
        self._stopping = threading.Event()
        self._keepers: list[threading.Thread] = []
        self._state_lock = threading.Lock()
        self._steering = threading.Lock()
        self._lock: IO[str] | None = None

    @property
    def addresses(self) -> dict[str, str]:
        """Where kafka, redis and milvus answer, and the URI of the objects."""
        given = {"kafka": self.config.kafka, "redis": self.config.redis, "milvus": self.config.milvus}
        started = {engine.name: engine.address for engine in self._engines}
        known = {name: started[name] if address is None else address for name, address in given.items()}
        return {**known, "objects": objects_uri(self.config.data_dir)}

    @property
    def logs(self) -> dict[str, Path]:
        """The log file of each process."""
        return {unit.name: unit.process.spec.log for unit in self._units}

    def problems(self) -> list[Problem]:
        """All that keeps the stack from starting, of every engine and service at once."""
        found: list[Problem] = []
        for engine in self._engines:
            found += engine.problems()
        if self.config.kafka is not None:
            for server in self.config.kafka.split(","):
                found += preflight.reachable("Kafka", server.strip(), 9092)
        if self.config.redis is not None and not self.config.redis.startswith("unix"):
            found += preflight.reachable("Redis", urlsplit(self.config.redis).netloc.rpartition("@")[2], 6379)
        if self.config.milvus is not None:
            found += preflight.reachable("Milvus", urlsplit(self.config.milvus).netloc, 19530)
        for service in self.config.services:
            found += preflight.python_package(
                service.module, why=f"it is the service {service.name}", extra="all"
            )
            found += preflight.port(service.port, service.name, f"give {service.name} another port")
        return list(dict.fromkeys(found + preflight.disk(self.config.data_dir)))

    def start(self) -> None:
        """Start engines at once, then apply the topics, then start the services; wait until all are ready.

        Raises PreflightError (nothing was started) or another error that says what failed.
        """
        self._take_lock()
        try:
            clean_left_behind(self.config.data_dir)
            self._save()
            preflight.require(self.problems())
            self._start_engines()
            self._apply_topics()
            self._start_services()
        except BaseException as error:
            self._stopping.set()
            self._stop_processes()
            self._set_phase("failed", str(error) or type(error).__name__)
            self._release_lock()
            raise
        self._set_phase("ready")
        for unit in self._units:
            keeper = threading.Thread(target=self._keep, args=(unit,), name=f"keep-{unit.name}", daemon=True)
            keeper.start()
            self._keepers.append(keeper)

    def stop(self, purge: bool = False) -> None:
        """Stop services, then engines, and forget the stack; ``purge`` removes its data too."""
        self._stopping.set()
        self._set_phase("stopping")
        self._stop_processes()
        for keeper in self._keepers:
            keeper.join(timeout=10.0)
        remove_state(self.config.data_dir)
        if purge:
            purge_data(self.config.data_dir)
        self._release_lock()

    def state(self) -> StackState:
        """As it is written to the state file."""
        me = this_process()
        return StackState(
            data_dir=self.config.data_dir,
            supervisor_pid=me.pid,
            supervisor_create_time=me.create_time,
            started_at=self._started_at,
            phase=self._phase,
            reason=self._reason,
            addresses=self.addresses,
            processes=tuple(_process_state(unit) for unit in self._units),
        )

    # -- start

    def _start_engines(self) -> None:
        def start(engine: Engine) -> None:
            began = time.monotonic()
            self._mark_engine(engine, "starting")
            engine.start(self.config.engine_timeout_s)
            self._mark_engine(engine, "ready")
            self._say(f"{engine.name} is ready at {engine.address} ({time.monotonic() - began:.1f} s)")

        _all_at_once(self._engines, start, self._stop_processes)

    def _apply_topics(self) -> None:
        from vtr.kafka.admin import apply_topics  # noqa: PLC0415  (imports the Kafka client)

        # Credentials for a Kafka that was given come from the environment, as for the services.
        kafka = ServiceSettings().kafka.model_copy(update={"bootstrap_servers": self.addresses["kafka"]})
        changed = apply_topics(kafka)
        self._say(f"topics: {len(changed)} created or changed" if changed else "topics are as declared")

    def _start_services(self) -> None:
        def start(unit: _Unit) -> None:
            began = time.monotonic()
            unit.process.spec.pid_file.parent.mkdir(parents=True, exist_ok=True)
            self._mark(unit, "starting")
            unit.process.start()
            self._save()
            unit.wait_ready()
            self._mark(unit, "ready")
            self._say(f"{unit.name} is ready at {unit.url} ({time.monotonic() - began:.1f} s)")

        services = [unit for unit in self._units if unit.kind == "service"]
        _all_at_once(services, start, self._stop_processes)

    # -- keep running

    def _keep(self, unit: _Unit) -> None:
        while not self._stopping.wait(_POLL_S):
            if unit.process.running():
                fault = unit.liveness.fault(time.monotonic()) if unit.liveness else None
                if fault is None:
                    continue
                died = f"is not live ({fault})"
                self._say(f"{unit.name} {died}; it is stopped")
                with self._steering:  # not while a stop is under way
                    if not self._stopping.is_set():
                        unit.process.stop()
            else:
                code = unit.process.exit_code()
                died = "did not start" if code is None else f"ended with {describe_exit(code)}"
            try:
                self._restart(unit, died)
            except ProcessFailed as error:
                self._mark(unit, "restarting", error.reason)
                self._say(f"{unit.name}: {error.reason}")
                unit.process.stop(0)
            except Exception as error:  # noqa: BLE001  (the keeper must outlive whatever a start can raise)
                self._mark(unit, "restarting", str(error))
                self._say(f"{unit.name} could not be started: {error}")

    def _restart(self, unit: _Unit, died: str) -> None:
        restart = unit.policy.died(time.monotonic())
        self._mark(unit, "crash-looping" if restart.crash_loop else "restarting", died)
        again = f"it is started again in {restart.delay_s:g} s"
        if restart.crash_loop:
            self._say(f"{unit.name} is in a crash loop: it {died}; {again}; see {unit.process.spec.log}")
        else:
            self._say(f"{unit.name} {died}; {again}")
        if self._stopping.wait(restart.delay_s):
            return
        with self._steering:  # not while a stop is under way
            if self._stopping.is_set():
                return
            unit.process.start()
            unit.restarts += 1
        self._save()
        unit.wait_ready()
        if unit.liveness is not None:
            unit.liveness.reset(time.monotonic())
        self._mark(unit, "ready")
        self._say(f"{unit.name} is ready again")

    # -- stop

    def _stop_processes(self) -> None:
        with self._steering:
            services = [unit for unit in self._units if unit.kind == "service"]
            for unit in services:
                unit.process.request_stop()
            for unit in services:
                unit.process.stop()
                unit.condition = "stopped"
            if self._engines:
                with ThreadPoolExecutor(len(self._engines)) as pool:
                    list(pool.map(lambda engine: engine.stop(), self._engines))
            for unit in self._units:
                unit.condition = "stopped"

    def _take_lock(self) -> None:
        self.config.data_dir.mkdir(parents=True, exist_ok=True)
        handle = (self.config.data_dir / _LOCK).open("w")
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            handle.close()
            state = load_state(self.config.data_dir)
            by = f" (pid {state.supervisor_pid})" if state else ""
            raise preflight.PreflightError(
                [
                    Problem(
                        f"a stack already runs on {self.config.data_dir}{by}",
                        "two stacks cannot share one data folder",
                        "stop it with `vtr down`, or give another folder by VTR_DATA_DIR and other ports",
                    )
                ]
            ) from None
        self._lock = handle

    def _release_lock(self) -> None:
        if self._lock is not None:
            self._lock.close()
            self._lock = None

    # -- state

    def _set_phase(self, phase: Phase, reason: str | None = None) -> None:
        self._phase, self._reason = phase, reason
        self._save()

    def _mark(self, unit: _Unit, condition: Condition, detail: str | None = None) -> None:
        unit.condition, unit.detail = condition, detail
        self._save()

    def _mark_engine(self, engine: Engine, condition: Condition) -> None:
        for unit in self._units:
            if unit.process in engine.processes:
                unit.condition = condition
        self._save()

    def _save(self) -> None:
        with self._state_lock:
            save_state(self.state())

    # -- parts

    def _engine_units(self) -> list[_Unit]:
        def waiter(engine: Engine) -> Callable[[], None]:
            return lambda: engine.wait_ready(self.config.engine_timeout_s)

        return [
            _Unit(process.spec.name, "engine", process, waiter(engine), engine.address)
            for engine in self._engines
            for process in engine.processes
        ]

    def _service_units(self) -> list[_Unit]:
        return [self._service_unit(service) for service in self.config.services]

    def _service_unit(self, service: ServiceSpec) -> _Unit:
        home = self.config.data_dir / "services" / service.name
        process = ManagedProcess(
            ProcessSpec(
                name=service.name,
                command=(sys.executable, "-m", service.module),
                log=self.config.data_dir / "logs" / f"{service.name}.log",
                pid_file=home / "pid.json",
                env={
                    **environment(service, self._services, self.addresses, self.config.data_dir),
                    **self.config.env,
                },
                cwd=home,
                grace_s=SHUTDOWN_GRACE_S + 5.0,
            )
        )

        def wait_ready() -> None:
            process.wait_ready(lambda: _ready(service), self.config.service_timeout_s, interval_s=0.25)

        liveness = LivenessWatch(livez(service.url), self.config.livez_every_s, self.config.livez_failures)
        return _Unit(service.name, "service", process, wait_ready, service.url, liveness=liveness)


def clean_left_behind(data_dir: Path) -> list[int]:
    """End processes that an earlier, killed supervisor left running on the folder; their pids."""
    ended: list[int] = []
    for pattern in _PID_FILES:
        for pid_file in sorted(data_dir.glob(pattern)):
            left = end_left_behind(pid_file)
            if left is not None:
                ended.append(left.pid)
    return ended


def purge_data(data_dir: Path) -> list[Path]:
    """Remove what a stack keeps in the folder, and the folder when nothing else is in it."""
    removed: list[Path] = []
    for name in OWNED:
        path = data_dir / name
        if path.exists():
            shutil.rmtree(path)
            removed.append(path)
    remove_state(data_dir)
    (data_dir / _LOCK).unlink(missing_ok=True)
    if data_dir.is_dir() and not any(data_dir.iterdir()):
        data_dir.rmdir()
    return removed


def _engines(config: StackConfig) -> list[Engine]:
    data, logs = config.data_dir, config.data_dir / "logs"
    engines: list[Engine] = []
    if config.kafka is None:
        node = Node(config.ports.kafka, config.ports.kafka_controller)
        engines.append(KafkaCluster(data / "kafka", [node], logs))
    if config.redis is None:
        engines.append(RedisServer(data / "redis", config.ports.redis, logs))
    if config.milvus is None and config.milvus_kind == "lite":
        engines.append(MilvusLiteServer(data / "milvus-lite", config.ports.milvus, logs))
    elif config.milvus is None:
        engines.append(MilvusStandaloneServer(data / "milvus-standalone", config.ports.milvus, logs))
    return engines


def _ready(service: ServiceSpec) -> None:
    answer = httpx.get(f"{service.url}/readyz", timeout=5.0, trust_env=False)
    if answer.status_code != httpx.codes.OK:
        raise RuntimeError(f"/readyz says {answer.status_code}: {answer.text[:500]}")


def _process_state(unit: _Unit) -> ProcessState:
    identity = unit.process.id
    return ProcessState(
        name=unit.name,
        kind="engine" if unit.kind == "engine" else "service",
        pid=identity.pid if identity else None,
        create_time=identity.create_time if identity else None,
        condition=unit.condition,
        restarts=unit.restarts,
        log=unit.process.spec.log,
        url=unit.url,
        detail=unit.detail,
    )


def _all_at_once(parts: Sequence[_P], start: Callable[[_P], None], abort: Callable[[], None]) -> None:
    """Start all parts in threads; the first failure stops the rest, so that their waiting ends too."""
    if not parts:
        return
    pool = ThreadPoolExecutor(len(parts))
    try:
        for done in as_completed([pool.submit(start, part) for part in parts]):
            done.result()
    except BaseException:
        abort()
        raise
    finally:
        pool.shutdown(wait=True, cancel_futures=True)
