"""The port behind `seal explain`: what an adapter changed in its base, and which training sequences moved an answer.

Its records need no package, so that who implements it needs none of the loop's.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from agent.ports import Progress, Query
    from agent.records import Example

OUTSIDE = -1
"""The `layer` of a module that stands in no decoder layer."""


@dataclass(frozen=True)
class Change:
    """What an adapter adds to one weight matrix: `norm` is the Frobenius norm of alpha / rank * B A, `base` that of the
    weight itself. `layer` counts the decoder layers from 0, `kind` is the module's name within its layer."""

    module: str
    layer: int
    kind: str
    norm: float
    base: float

    @property
    def relative(self) -> float:
        return self.norm / self.base if self.base else 0.0


@dataclass(frozen=True)
class Influence:
    """How like the gradient of a training sequence's loss is to that of an answer's: `dot` product and `cosine`.

    Where it is positive, a step that lowers the one loss lowers the other.
    """

    dot: float
    cosine: float


class Attributor(Protocol):
    """Looks into adapters on disk (PEFT folders) beside their base.

    Raises:
        AdapterError: the folder is missing, damaged, or belongs to another base model.
    """

    def changes(self, adapter: Path) -> list[Change]:
        """One for each module that the adapter adapts, in the base's order."""
        ...

    def influences(
        self, asked: Query, answer: str, examples: Sequence[Example], progress: Progress | None = None
    ) -> list[Influence]:
        """Of each training sequence on the answer that was given to `asked`, which names the adapter.

        Raises:
            TrainerError: not enough memory for the gradients.
        """
        ...
