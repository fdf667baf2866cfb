"""Rows of different lengths in one sequence, with little padding.

Axes: R rows, W width of the rectangle, N positions.

The first W positions of all rows come first, as a rectangle [R, W]; what longer rows have beyond it comes after,
row by row. Products with one matrix per row are then one batched product over the rectangle and a few over the tails,
whatever the lengths are.

A row may fork: its first positions are shared by several branches, which lie one after the other and do not see each
other.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import accumulate
from typing import TypeVar

import torch
from torch import Tensor

TAIL = 24
"""What a tail costs beside its positions, counted in positions (measured, see LOG.md)."""
ROUND = 16
"""N is a multiple of it: matrix products of each new size must be prepared, which takes longer than a few positions."""
T = TypeVar("T")
Fork = tuple[int, ...]
"""How many positions the branches of a row share, and how many each has beyond them."""


@dataclass(frozen=True)
class Layout:
    """Where the positions of rows of these lengths are."""

    lengths: tuple[int, ...]
    width: int
    filled: bool = True
    """Whether there is filler up to a round number of positions. What it holds is not used."""
    forks: tuple[Fork, ...] = ()
    """How each row forks; empty where none does."""

    @classmethod
    def of(cls, lengths: Sequence[int]) -> Layout:
        """The layout of the least cost for these rows."""
        return cls(tuple(lengths), min(set(lengths), key=lambda width: _cost(lengths, width)))

    @classmethod
    def forked(cls, forks: Sequence[Fork]) -> Layout:
        """The same for rows that fork."""
        plain = cls.of([sum(fork) for fork in forks])
        return replace(plain, forks=tuple(forks)) if any(len(fork) > 2 for fork in forks) else plain

    @classmethod
    def equal(cls, rows: int, positions: int) -> Layout:
        """Rows that share so many positions equally, in a tensor that has no filler."""
        return cls((positions // rows,) * rows, positions // rows, filled=False)

    @cached_property
    def tails(self) -> list[tuple[int, int, int]]:
        """Row, begin and end of the positions of each tail."""
        longer = [(row, length - self.width) for row, length in enumerate(self.lengths) if length > self.width]
        ends = accumulate((length for _, length in longer), initial=self.rectangle)
        return [(row, begin, begin + length) for (row, length), begin in zip(longer, ends, strict=False)]

    @property
    def rectangle(self) -> int:
        """Positions of the rectangle."""
        return len(self.lengths) * self.width

    @cached_property
    def positions(self) -> int:
        """N, with the filler at the end."""
        used = self.tails[-1][2] if self.tails else self.rectangle
        return used + (-used % ROUND if self.filled else 0)

    @cached_property
    def sizes(self) -> list[int]:
        """The parts of the N positions: the rectangle, every tail, the filler."""
        tails = [end - begin for _, begin, end in self.tails]
        return [self.rectangle, *tails, self.positions - self.rectangle - sum(tails)]

    @cached_property
    def owners(self) -> list[int]:
        """The row of each position; 0 for what is nobody's."""
        return self.lay([[row] * length for row, length in enumerate(self.lengths)], 0)

    @cached_property
    def seen(self) -> dict[tuple[int | None, torch.device], list[Tensor]]:
        """What positions see of rows that fork, by sliding window and device; filled where it is first needed."""
        return {}

    @cached_property
    def places(self) -> list[int]:
        """What place in its sequence each position has."""
        if not self.forks:
            return self.lay([range(length) for length in self.lengths], 0)
        return self.lay([[*range(s), *(s + i for n in rest for i in range(n))] for s, *rest in self.forks], 0)

    @cached_property
    def branches(self) -> list[int]:
        """The branch of each position in its row, from 1; 0 for those that all branches share, and for nobody's."""
        return self.lay([[0] * s + [i for i, n in enumerate(rest, 1) for _ in range(n)] for s, *rest in self.forks], 0)

    def lay(self, rows: Sequence[Sequence[T]], fill: T) -> list[T]:
        """The rows' values at their positions, `fill` at all others."""
        out = [value for row in rows for value in [*row[: self.width], *[fill] * (self.width - len(row))]]
        for row, _, _ in self.tails:
            out += rows[row][self.width :]
        return out + [fill] * (self.positions - len(out))

    def square(self, x_N: Tensor, dim: int = 0) -> Tensor:
        """The rectangle's positions of a tensor as two axes [R, W], where `dim` was one; a view."""
        square: Tensor = x_N.narrow(dim, 0, self.rectangle).unflatten(dim, (len(self.lengths), self.width))
        return square


def _cost(lengths: Sequence[int], width: int) -> int:
    return sum(max(0, width - length) + (TAIL if length > width else 0) for length in lengths)
