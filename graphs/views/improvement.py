"""What a run of the outer loop came to, and what one would cost."""

from __future__ import annotations

from agent.ports import Ledger
from agent.records import Arm, Difference, Record
from graphs.context import Context
from graphs.improve.budget import spent
from graphs.improve.screening import TO_MEASURE
from graphs.methods import method_named
from graphs.views.status import latest_runs
from graphs.views.summary import Summed

POLICIES_TESTED = 4
"""At most, on each held-out document: plans that are the same are trained once."""


class Endpoints(Record):
    """What endpoints answered and cost: see `Used`."""

    answers: int
    unreported: int
    prompt_tokens: int
    completion_tokens: int
    money: float


class Improvement(Summed):
    """The result of `seal improve --json`. `gains` and `differences` are on the last round's held-out documents, by
    arm; `words` has each round's verdict. `report` is the newest round's page, where somebody said."""

    run: str
    documents: int
    rounds: int
    candidates: int
    tokens: int
    gpu_hours: float
    endpoints: Endpoints
    promoted: int
    rolled_back: int
    gains: dict[Arm, float]
    differences: dict[Arm, Difference]
    words: tuple[str, ...]
    stopped: str
    seconds: float
    home: str = ""
    report: str | None = None


def sum_up_improvement(ledger: Ledger, run: str) -> Improvement:
    """From the ledger alone."""
    rounds, used = ledger.rounds(run), spent(ledger, run)
    last = rounds[-1] if rounds else None
    stops = [e.message for e in ledger.events(run) if e.step in ("open", "stop") and e.message]
    return Improvement(
        run=run,
        documents=len(ledger.documents(run)),
        rounds=len(rounds),
        candidates=used.candidates,
        tokens=used.tokens,
        gpu_hours=used.gpu_hours,
        endpoints=Endpoints.model_validate(used.used.model_dump(exclude={"gpu_seconds"})),
        promoted=sum(r.word == "promote" for r in rounds),
        rolled_back=sum(r.word == "roll back" for r in rounds),
        gains={r.arm: r.gain for r in last.results if r.trials} if last else {},
        differences=last.differences if last else {},
        words=tuple(f"{r.word}: {r.reason}" for r in rounds),
        stopped=stops[-1] if stops else "",
        seconds=used.seconds,
    )


class Estimate(Record):
    """What a run would train: at most, or about where the number of seeds follows the noise. Seconds, tokens, GPU-hours
    and money are those of this ledger's candidates, None without any. `gpu` says whether there may be an accelerator:
    with Ray nobody knows before."""

    rounds: int
    candidates: int
    seeds: int
    seconds: float | None = None
    tokens: int | None = None
    gpu: bool
    gpu_hours: float | None = None
    money: float | None = None
    measured_on: int = 0


def estimate(context: Context) -> Estimate:
    from seal_train.model.base import device_of

    config = context.config
    limits = config.improve
    self_edits = limits.self_edits + max(method_named(context, name).shown() for name in limits.learns)
    practice = limits.documents * self_edits * (limits.seeds or TO_MEASURE)
    found = Estimate(
        rounds=limits.rounds,
        candidates=limits.rounds * (practice + limits.heldout * POLICIES_TESTED),
        seeds=limits.seeds,
        gpu=config.train.dispatch == "ray" or device_of(config.model.device).type != "cpu",
    )
    if not context.begun:
        return found
    ledger = context.ledger
    runs = [run.id for run in ledger.runs()]
    past, tokens = ledger.trained(runs)
    if not past:
        return found
    used, share = ledger.used(runs), found.candidates / past
    took = sum(run.seconds for run in latest_runs(ledger))
    measured = {
        "seconds": share * took, "tokens": int(share * tokens), "gpu_hours": share * used.gpu_seconds / 3600,
        "money": share * used.money, "measured_on": past,
    }  # fmt: skip
    return found.model_copy(update=measured)
