"""An Attributor without a model: influence is the share of the answer's words that a training line holds."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

from agent.errors import AdapterError
from agent.ports import Progress, Query
from agent.ports.attribution import Change, Influence
from agent.records import Example
from agent.text.normal import words

KINDS = ("mlp.down_proj", "self_attn.q_proj")


class FakeAttributor:
    """Two layers of two modules, of which the last one is changed most."""

    def changes(self, adapter: Path) -> list[Change]:
        _read(adapter)
        places = [(layer, kind) for layer in range(2) for kind in KINDS]
        return [
            Change(f"model.layers.{layer}.{kind}", layer, kind, float(norm), 10.0)
            for norm, (layer, kind) in enumerate(places, 1)
        ]

    def influences(
        self, asked: Query, answer: str, examples: Sequence[Example], progress: Progress | None = None
    ) -> list[Influence]:
        assert asked.adapter
        _read(asked.adapter)
        found = []
        for done, example in enumerate(examples, 1):
            told, wanted = words(example.text), words(answer)
            share = sum(word in told for word in wanted) / len(wanted)
            found.append(Influence((share + 1e-6) * len(told), share * 0.99 ** len(told) + 1e-6 * len(told)))
            if progress:
                progress(done, len(examples))
        return found


def _read(adapter: Path) -> None:
    try:
        json.loads((adapter / "adapter_model.safetensors").read_text())
    except (OSError, ValueError) as error:
        raise AdapterError(adapter, f"cannot be read: {error}", "") from error
