"""Rows of different lengths in one sequence: everything has one place, and little of it is padding."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from seal_train.model.attention import rows_apart
from seal_train.model.base import Base
from seal_train.model.encoding import Row, Sequence_
from seal_train.model.layout import Layout
from seal_train.model.parts import Parts, products, put_outer_products
from tests.fakes.models import KINDS_AND_WINDOW

LENGTHS = st.lists(st.integers(1, 90), min_size=1, max_size=9)


@given(LENGTHS)
def test_every_value_has_its_place(lengths: list[int]) -> None:
    layout = Layout.of(lengths)
    rows = [[(row, place) for place in range(length)] for row, length in enumerate(lengths)]
    laid = layout.lay(rows, (-1, -1))
    assert len(laid) == layout.positions == sum(layout.sizes)
    assert sorted(value for value in laid if value != (-1, -1)) == sorted(value for row in rows for value in row)
    square = laid[: layout.rectangle]
    assert [value[0] for value in square if value[0] >= 0] == sorted(value[0] for value in square if value[0] >= 0)
    for row, begin, end in layout.tails:
        assert laid[begin:end] == rows[row][layout.width :]


def test_lines_and_some_passages_are_padded_by_less_than_a_tenth() -> None:
    lengths = [34, 38, 41, 36, 212, 39, 33, 37]
    assert sum(lengths) / Layout.of(lengths).positions > 0.9


@given(LENGTHS, st.integers(0, 2))
def test_products_are_those_of_each_row_alone(lengths: list[int], first: int) -> None:
    draw = torch.Generator().manual_seed(0)
    layout = Layout.of(lengths)
    parts = Parts(layout, first, torch.ones(first + len(lengths)))
    x = torch.randn(layout.positions, 5, generator=draw, dtype=torch.float64)
    g = torch.randn(layout.positions, 3, generator=draw, dtype=torch.float64)
    w = torch.randn(first + len(lengths), 5, 3, generator=draw, dtype=torch.float64)
    outer = torch.zeros(first + len(lengths), 3, 5, dtype=torch.float64)
    found = products(x, w, parts)
    put_outer_products(outer, g, x, parts)
    place = layout.lay([[row] * length for row, length in enumerate(lengths)], -1)
    for row in range(len(lengths)):
        mine = torch.tensor([i for i, owner in enumerate(place) if owner == row])
        torch.testing.assert_close(found[mine], x[mine] @ w[first + row])
        # The rectangle's padding is part of its row; it has no gradient.
        g[[i for i, owner in enumerate(place) if owner < 0]] = 0
    put_outer_products(outer, g, x, parts)
    for row in range(len(lengths)):
        mine = torch.tensor([i for i, owner in enumerate(place) if owner == row])
        torch.testing.assert_close(outer[first + row], g[mine].T @ x[mine])
    assert outer[:first].abs().sum() == 0


@pytest.mark.parametrize("lengths", [[6, 9, 30, 7], [12], [5, 5, 5]])
@pytest.mark.parametrize("kind", KINDS_AND_WINDOW)  # of which a position sees only eight
def test_no_row_sees_another(kind: str, lengths: list[int], base_of: Callable[..., Base]) -> None:
    base = base_of(kind)
    rows = [[5 + (7 * row + place) % 60 for place in range(length)] for row, length in enumerate(lengths)]
    layout = Layout.of(lengths)
    with torch.no_grad(), rows_apart(base.model):
        together = base.hidden_of_rows(rows, layout)
    owner = layout.lay([[row] * length for row, length in enumerate(lengths)], -1)
    for row, ids in enumerate(rows):
        with torch.no_grad():
            alone = base.hidden(input_ids=torch.tensor([ids]), use_cache=False).last_hidden_state[0]
        mine = [i for i, of in enumerate(owner) if of == row]
        torch.testing.assert_close(together[mine], alone, rtol=1e-4, atol=1e-5)


ONE, LONG, OTHER = (5, 6, 7, 8, 9, 10, 11), (5, 6, 7, *range(20, 50)), (5, 6, 7, 8, 12)
FORKS = ([[ONE, LONG, OTHER], [OTHER, ONE]], [[ONE], [LONG, OTHER, OTHER], [ONE, OTHER]], [[LONG, (9,)], [ONE, LONG]])


@pytest.mark.parametrize("drawn", FORKS)
@pytest.mark.parametrize("kind", KINDS_AND_WINDOW)
def test_no_branch_of_a_row_sees_another(
    kind: str, drawn: list[list[tuple[int, ...]]], base_of: Callable[..., Base]
) -> None:
    base = base_of(kind)
    rows = [Row(tuple(Sequence_(ids, 1) for ids in row)) for row in drawn]
    layout = Layout.forked([row.fork for row in rows])
    with torch.no_grad(), rows_apart(base.model):
        together = base.hidden_of_rows([row.ids for row in rows], layout)
    owner = layout.lay([[row] * len(it.ids) for row, it in enumerate(rows)], -1)
    for row, it in enumerate(rows):
        mine = together[[i for i, of in enumerate(owner) if of == row]]
        shared, *rest = mine.split(it.fork)
        for ids, own in zip(drawn[row], rest, strict=True):
            with torch.no_grad():
                alone = base.hidden(input_ids=torch.tensor([ids]), use_cache=False).last_hidden_state[0]
            torch.testing.assert_close(torch.cat([shared, own]), alone, rtol=1e-4, atol=1e-5)


def test_what_sequences_begin_with_stands_once_and_is_weighted_for_all() -> None:
    row = Row((Sequence_((1, 2, 3, 4, 5), 3, 0.5), Sequence_((1, 2, 3, 6), 3, 0.5)))
    assert (row.fork, row.ids) == ((3, 2, 1), (1, 2, 3, 4, 5, 6))
    first, second = 0.5 / 3.0, 0.5 / 2.0  # each of the two has half of the weight, shared by 0.5 + 0.5 + 1 (+ 1)
    assert row.targets == pytest.approx({
        (0, 2): 0.5 * (first + second), (1, 3): 0.5 * (first + second), (2, 4): first, (3, 5): first, (2, 6): second,
    })  # fmt: skip
    same = Row((Sequence_((1, 2), 1), Sequence_((1, 2), 1)))
    assert (same.ids, sum(same.targets.values())) == ((1, 2, 2), 1.0), "the last token is never shared"
