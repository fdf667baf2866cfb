"""The section of the configuration for the outer loop. Declarations only, as in `agent.config.sections`."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from agent.config.sections import MACHINE, SETTLED, Count, Section, Texts


class ImproveConfig(Section):
    """The outer loop, `seal improve`: how it practises, how it proves what it learned, and when it stops."""

    rounds: Annotated[Count, Field(description="Rounds of practice.")] = 3
    documents: Annotated[Count, Field(description="Documents to practise on in one round.")] = 8
    self_edits: Annotated[Count, Field(description="Self-edits that are tried for each of them.")] = 4
    seeds: Annotated[
        int,
        Field(
            ge=0,
            description="How often each self-edit is trained, each time with another seed; the rewards are averaged. "
            "0: as often as the measured noise requires, at most 4.",
        ),
    ] = 0
    screen: Annotated[
        Count,
        Field(
            description="Once the reward model ranks self-edits well, this many times as many are written, and those "
            "predicted best are trained. 1: no screening."
        ),
    ] = 2
    heldout_share: Annotated[
        float,
        SETTLED,
        Field(gt=0, lt=1, description="Share of the documents that are never practised on; they test each new policy."),
    ] = 0.4
    heldout: Annotated[Count, Field(description="Held-out documents that test the policy of one round.")] = 12
    alpha: Annotated[
        float, Field(gt=0, lt=1, description="Largest p-value of the paired test at which a policy is promoted.")
    ] = 0.05
    learns: Annotated[
        Texts,
        Field(
            min_length=1,
            description='Which policy a round trains; of several, one round each in turn. "planner" chooses strategies '
            'and settings, "writer" is the base model itself writing self-edits ([write] endpoint = "self"); a package '
            "may bring others.",
        ),
    ] = ("planner",)
    method: Annotated[
        Literal["sft", "dpo", "grpo"],
        Field(
            description='How a writer is trained, by TRL: "sft" on the best text of each request (ReST-EM), "dpo" on '
            'pairs of its best and its worst, "grpo" on all of them with their rewards.'
        ),
    ] = "sft"
    writer_rate: Annotated[float, Field(gt=0, description="Step size of a writer's training.")] = 5e-4
    writer_epochs: Annotated[Count, Field(description="Passes over a writer's training texts, one text per step.")] = 5
    hours: Annotated[float, MACHINE, Field(ge=0, description="Stop after this many hours. 0: no limit.")] = 0.0
    most_candidates: Annotated[
        int, MACHINE, Field(ge=0, description="Stop after this many candidates. 0: no limit.")
    ] = 0
    most_tokens: Annotated[
        int, MACHINE, Field(ge=0, description="Stop after this many tokens of training. 0: no limit.")
    ] = 0
    gpu_hours: Annotated[
        float,
        MACHINE,
        Field(
            ge=0,
            description="Stop after this many GPU-hours: hours of steps on accelerators, times their number. Nothing "
            "counts on a CPU. 0: no limit.",
        ),
    ] = 0.0
    money: Annotated[
        float,
        MACHINE,
        Field(ge=0, description="Stop when endpoints have cost this much, in the unit of their prices. 0: no limit."),
    ] = 0.0
    patience: Annotated[
        int, MACHINE, Field(ge=0, description="Stop after this many rounds in a row without a promotion. 0: never.")
    ] = 0
    target: Annotated[
        float, MACHINE, Field(ge=0, le=1, description="Stop when held-out gain reaches this. 0: never.")
    ] = 0.0
    report_to: Annotated[
        tuple[Literal["tensorboard", "trackio", "wandb", "mlflow"], ...],
        MACHINE,
        Field(
            strict=False,
            description="Trackers that get each round's figures. Each needs its package (docs/improve.md).",
        ),
    ] = ()
    free_gib: Annotated[
        float, MACHINE, Field(ge=0, description="Stop when the disk has less than this many GiB free.")
    ] = 1.0
