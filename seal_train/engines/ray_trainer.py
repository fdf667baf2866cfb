"""The trainer on Ray: an actor holds the base model and trains, here or on another machine of a cluster.

Candidates travel to it as records; adapters come back as files, so every node must see the home folder at one path.
The actor belongs to this process and ends with it, and so does a Ray that was started here.
"""

from __future__ import annotations

import logging
import os
import signal
import socket
import tempfile
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import ray
import torch
from ray.exceptions import RayError, RayTaskError

from agent.config.sections import ModelConfig
from agent.errors import TrainerError
from agent.ports import Progress, TrainFailure, TrainJob
from agent.records import Candidate, Training
from seal_train.adapters.mean import merge
from seal_train.engines.local import LocalTrainer
from seal_train.model.base import load_base

POLL = 0.2
"""Seconds between two looks at how far the training is."""
CONNECT = 10.0
"""Seconds until a cluster that does not answer counts as unreachable; Ray itself tries for minutes."""


class Worker:
    """What runs in the actor. One thread of it trains while another tells how far that is."""

    done = (0, 0)

    def load(self, model: ModelConfig, device: str, models_dir: Path, marker: Path) -> None:
        """Raises TrainerError where the home folder is not shared, and ModelError where the model cannot be loaded."""
        if not marker.exists():
            cause = f"the Ray node {socket.gethostname()} does not see the folder {models_dir.parent}"
            shared = "put the home folder on a disk that all nodes of Ray share, at the same path"
            raise TrainerError(cause, f"{shared}, and name it with --home")
        # Ray sets one thread for whoever says nothing.
        torch.set_num_threads(model.threads or len(os.sched_getaffinity(0)))
        self.trainer = LocalTrainer(load_base(model.name, models_dir, device, model.dtype))

    def train(self, jobs: Sequence[TrainJob]) -> list[Training | TrainFailure]:
        self.done = (0, 0)
        return self.trainer.train(jobs, self._tell)

    def _tell(self, done: int, total: int) -> None:
        self.done = (done, total)

    def progress(self) -> tuple[int, int]:
        return self.done


class RayTrainer:
    """Trains by an actor that is made when there is first something to train."""

    def __init__(self, model: ModelConfig, models_dir: Path, address: str = "") -> None:
        self.model, self.models_dir, self.address = model, models_dir, address
        self._actor: Any = None
        self._connected = False
        self.gpus = 0
        """Of the last actor that there was."""

    def train(self, jobs: Sequence[TrainJob], progress: Progress | None = None) -> list[Training | TrainFailure]:
        """As LocalTrainer.train. Where the actor is lost (its node went down, no memory), once more in a new one:
        an adapter's folder appears whole, so training it twice does no harm.

        Raises:
            TrainerError: as LocalTrainer does; Ray cannot be started or reached, has no place for the actor, or lost
                it twice.
            ModelError: the actor cannot load the base model.
        """
        try:
            return self._train(jobs, progress)
        except RayError:
            self._drop()
        try:
            return self._train(jobs, progress)
        except RayError as error:
            self._drop()
            mend = "see with `ray status` which nodes are up, or set [train] dispatch to local"
            mend += "; then go on with `seal ingest --resume`"
            raise TrainerError(f"the Ray actor that trains was lost twice: {_line(error)}", mend) from error

    def merge(self, members: Sequence[tuple[Candidate, Path]], folder: Path) -> None:
        """As LocalTrainer.merge. The members are files that are seen from here too, and no model is needed."""
        merge(members, folder)

    def close(self) -> None:
        """End the actor, and Ray where it was started here. Without this both end with the process."""
        self._drop()
        if self._connected:
            ray.shutdown()
            self._connected = False

    def _train(self, jobs: Sequence[TrainJob], progress: Progress | None) -> list[Training | TrainFailure]:
        try:
            actor = self._actor = self._actor or self._new_actor()
            results, told, finished = actor.train.remote(jobs), (0, 0), False
            while not finished:
                finished = bool(ray.wait([results], timeout=POLL)[0])
                done = ray.get(actor.progress.remote())
                if progress and done != told:
                    progress(*done)
                told = done
            out: list[Training | TrainFailure] = ray.get(results)
        except RayTaskError as error:  # what the actor's own code raised
            raise error.cause from error
        return out

    def _new_actor(self) -> Any:
        if not ray.is_initialized():
            self._connect()
        needs = {"CPU": float(self.model.threads or 1), "GPU": float(self._wants_gpu())}
        if not any(_fits(node, needs) for node in ray.nodes()):
            mend = "lower [model] threads or set [model] device to cpu, or set [train] dispatch to local"
            raise TrainerError(f"no node of Ray has {needs['CPU']:.0f} CPU and {needs['GPU']:.0f} GPU", mend)
        self.gpus = int(needs["GPU"])
        made = ray.remote(Worker).options(num_cpus=needs["CPU"], num_gpus=needs["GPU"], max_concurrency=2)
        actor: Any = made.remote()
        self.models_dir.mkdir(parents=True, exist_ok=True)
        # An actor sees only the GPU that Ray gives it, whatever number that has.
        device = self.model.device.partition(":")[0]
        with tempfile.NamedTemporaryFile(prefix=".shared-", dir=self.models_dir) as marker:
            try:
                ray.get(actor.load.remote(self.model, device, self.models_dir, Path(marker.name)))
            except RayTaskError:
                ray.kill(actor)  # else it keeps its place for a while
                raise
        return actor

    def _wants_gpu(self) -> bool:
        if self.model.device == "auto":
            return any(_fits(node, {"GPU": 1.0}) for node in ray.nodes())
        return self.model.device.startswith("cuda")

    def _connect(self) -> None:
        if self.address:
            _reach(self.address)
        before = signal.getsignal(signal.SIGTERM)
        try:
            # "local" starts one of its own whatever RAY_ADDRESS says; a cluster has its own number of CPUs.
            ours: dict[str, Any] = {"num_cpus": self.model.threads or os.cpu_count(), "include_dashboard": False}
            ray.init(
                self.address or "local", logging_level=logging.ERROR, log_to_driver=False,
                **({} if self.address else ours),
            )  # fmt: skip
        except Exception as error:  # Ray raises that very class where a node does not start in time
            ray.shutdown()
            where, needs = self.address or "this machine", "RAY_AUTH_MODE=token for a cluster with a token"
            mend = f"see docs/ray.md for what it needs ({needs}); or set [train] dispatch to local"
            raise TrainerError(f"Ray at {where} cannot be used: {_line(error)}", mend) from error
        finally:
            if threading.current_thread() is threading.main_thread():
                signal.signal(signal.SIGTERM, before)  # Ray puts its own there
        self._connected = True

    def _drop(self) -> None:
        if self._actor is not None and ray.is_initialized():
            ray.kill(self._actor)
        self._actor = None


def _reach(address: str) -> None:
    host, _, port = address.rpartition(":")
    try:
        socket.create_connection((host, int(port)), CONNECT).close()
    except (OSError, OverflowError) as error:
        mend = "start it there with `ray start --head`, or correct [train] ray_address"
        raise TrainerError(f"no Ray answers at {address}: {_line(error)}", mend) from error


def _fits(node: dict[str, Any], needs: dict[str, float]) -> bool:
    return bool(node["Alive"]) and all(node["Resources"].get(name, 0.0) >= amount for name, amount in needs.items())


def _line(error: BaseException) -> str:
    return next(iter(str(error).strip().splitlines()), type(error).__name__)
