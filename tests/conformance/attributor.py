"""What every Attributor must do. Subclass, and give an implementation with an adapter that it can read."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from agent.errors import AdapterError
from agent.ports import Query
from agent.ports.attribution import Attributor
from agent.records import Example

PROMPT = "Topic: The Mill\nQuestion: Who runs the mill at Orrin?\nAnswer:"
EXAMPLES = (
    Example(completion="The mill at Orrin opened on 4 March 2031.\n"),
    Example(prompt=PROMPT, completion=" Anna Moss\n", prompt_weight=0.3),
    Example(completion="It employs 62 people and 3 dogs.\n"),
)


class AttributorConformance:
    """Give two fixtures: `attributor`, and `adapter`, a PEFT folder."""

    def test_changes_are_one_for_each_module(self, attributor: Attributor, adapter: Path) -> None:
        changes = attributor.changes(adapter)
        assert len({change.module for change in changes}) == len(changes) > 1
        assert len({(change.layer, change.kind) for change in changes}) == len(changes)
        assert all(change.module.endswith(change.kind) for change in changes)
        assert all(change.norm > 0 and change.relative == change.norm / change.base for change in changes)

    def test_influences_stand_in_the_order_of_the_examples(self, attributor: Attributor, adapter: Path) -> None:
        asked = Query(PROMPT, adapter)
        told = list[tuple[int, int]]()
        found = attributor.influences(asked, "Anna Moss", EXAMPLES, lambda done, total: told.append((done, total)))
        back = attributor.influences(asked, "Anna Moss", EXAMPLES[::-1])
        assert [one.cosine for one in found] == pytest.approx([one.cosine for one in back[::-1]], rel=1e-4)
        assert len({one.cosine for one in found}) == len(EXAMPLES)
        assert told == [(1, 3), (2, 3), (3, 3)]
        assert attributor.influences(asked, "Anna Moss", []) == []

    def test_what_was_trained_for_this_very_answer_is_the_likest(self, attributor: Attributor, adapter: Path) -> None:
        found = attributor.influences(Query(PROMPT, adapter), "Anna Moss", EXAMPLES)
        assert max(found, key=lambda one: one.cosine) == found[1]
        assert all(-1.001 <= one.cosine <= 1.001 and one.cosine * one.dot >= 0 for one in found)

    def test_an_adapter_that_is_gone_is_said(self, attributor: Attributor, adapter: Path) -> None:
        shutil.rmtree(adapter)
        with pytest.raises(AdapterError, match="cannot be read"):
            attributor.changes(adapter)
        with pytest.raises(AdapterError, match="cannot be read"):
            attributor.influences(Query(PROMPT, adapter), "Anna Moss", EXAMPLES)
