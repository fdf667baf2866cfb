"""Drawn answers: by the model's own distribution, the same for the same seed, whoever is drawn beside."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable

import pytest
import torch

from agent.errors import ModelError
from agent.ports import Request
from seal_train.engines.local import LocalModel
from seal_train.inference.sampling import chat_ids, ends, sampled
from seal_train.model.base import Base
from tests.fakes.models import KINDS

ASKED = Request("You write.", "The mill at Orrin opened on 4 March 2031.", seed=3)
OTHER = Request("You write.", "The quick brown fox", seed=4)


@pytest.mark.parametrize("kind", KINDS)
def test_neighbours_change_nothing(base_of: Callable[..., Base], kind: str) -> None:
    model = LocalModel(base_of(kind))
    together = model.sample([ASKED, OTHER, ASKED], 12, 1.0)
    alone = [model.sample([each], 12, 1.0)[0] for each in (ASKED, OTHER, ASKED)]
    assert [(it.text, it.tokens) for it in together] == [(it.text, it.tokens) for it in alone]
    assert [it.entropy for it in together] == pytest.approx([it.entropy for it in alone], rel=1e-4)
    assert together[0].text == together[2].text != together[1].text


def test_draws_follow_the_distribution(base_of: Callable[..., Base]) -> None:
    """The first token, a thousand times, at a temperature that makes the tiny model choosy: frequencies are those of
    its softmax, within four standard errors."""
    base, temperature, draws = base_of("llama"), 0.05, 1000
    ids = chat_ids(base, ASKED.system, ASKED.user)
    with torch.no_grad():
        logits = base.model(input_ids=torch.tensor([ids])).logits[0, -1]
    wanted = (logits / temperature).softmax(-1)
    texts = [one.text for one in sampled(base, None, [ids] * draws, 1, temperature, range(draws))]
    found, shares = Counter(texts), dict[str, float]()
    for token, share in enumerate(wanted.tolist()):  # several tokens are bytes that are no text alone
        text = "" if token in ends(base) else base.tokenizer.decode([token])
        shares[text] = shares.get(text, 0.0) + share
    assert len(shares) > 100
    for text, share in sorted(shares.items(), key=lambda it: -it[1])[:3]:
        assert 0.02 < share < 0.9
        assert found[text] / draws == pytest.approx(share, abs=4 * (share * (1 - share) / draws) ** 0.5)


def test_an_answer_ends_with_its_turn(base_of: Callable[..., Base]) -> None:
    base = base_of("llama")
    first = sampled(base, None, [chat_ids(base, "a", "b")], 6, 1.0, [0])[0].text
    token = base.tokenizer(first, add_special_tokens=False).input_ids[0]
    base.model.generation_config.eos_token_id = [token, 0]
    (ended,) = sampled(base, None, [chat_ids(base, "a", "b")], 6, 1.0, [0])
    assert ended.text == ""
    assert ended.tokens < 6
    assert ended.entropy > 0


def test_entropy_is_that_of_what_was_drawn_from(base_of: Callable[..., Base]) -> None:
    base, temperature = base_of("llama"), 0.7
    ids = chat_ids(base, "a", "b")
    (drawn,) = sampled(base, None, [ids], 1, temperature, [0])
    with torch.no_grad():
        logits = base.model(input_ids=torch.tensor([ids])).logits[0, -1]
    wanted = torch.distributions.Categorical(logits=logits / temperature).entropy()
    assert drawn.entropy == pytest.approx(float(wanted), rel=1e-4)


def test_without_a_chat_template_nothing_is_asked(base_of: Callable[..., Base]) -> None:
    base = base_of("llama")
    base.tokenizer.chat_template = None
    with pytest.raises(ModelError, match="no chat template"):
        LocalModel(base).sample([ASKED], 4, 1.0)
