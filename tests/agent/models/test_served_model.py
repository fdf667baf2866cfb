"""ServedModel with the real openai client against a local server that answers as vLLM does."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from agent.errors import EndpointError
from agent.models.client import EndpointClient
from agent.models.served import ServedModel
from agent.ports import Query
from tests.fakes.openai_server import FakeOpenAI, Fault

LOAD, COMPLETE = "/v1/load_lora_adapter", "/v1/completions"
NewAdapter = Callable[..., Path]


def vllm(**more: Any) -> FakeOpenAI:
    return FakeOpenAI(**{"models": ["base"], "max_rank": 8, **more})


def model_on(server: FakeOpenAI, **more: Any) -> ServedModel:
    settings: dict[str, Any] = {"model": "base", "api_key": None, "timeout": 5.0, "backoff": 0.01, **more}
    return ServedModel(EndpointClient("vllm", server.url, **settings))


def failure(server: FakeOpenAI, adapter: Path | None = None, **more: Any) -> EndpointError:
    with server, pytest.raises(EndpointError) as raised:
        model_on(server, **more).answer([Query("p", adapter)])
    assert "vllm" in raised.value.cause
    assert "Success" not in raised.value.cause
    return raised.value


@pytest.fixture
def new_adapter(tmp_path: Path) -> NewAdapter:
    def make(name: str = "a1", rank: int = 8) -> Path:
        (tmp_path / name).mkdir()
        (tmp_path / name / "adapter_config.json").write_text(json.dumps({"r": rank}))
        return tmp_path / name

    return make


def test_the_request_is_greedy_exact_and_as_trained(new_adapter: NewAdapter) -> None:
    adapter = new_adapter()
    with vllm(key="secret") as server:
        answers = model_on(server, api_key="secret").answer([Query("Topic: x\nAnswer:", adapter)], 7)
    assert answers == ["a1 on Topic: x"], "stripped, and cut at the first newline"
    assert server.paths == [LOAD, COMPLETE]
    assert server.requests[0] == {"lora_name": "a1", "lora_path": str(adapter)}
    assert server.requests[1] == {
        "model": "a1", "prompt": ["Topic: x\nAnswer:"], "max_tokens": 7, "temperature": 0, "stop": "\n",
        "add_special_tokens": False, "repetition_penalty": 1.0,
    }  # fmt: skip


def test_the_path_is_absolute(new_adapter: NewAdapter, monkeypatch: pytest.MonkeyPatch) -> None:
    adapter = new_adapter()
    monkeypatch.chdir(adapter.parent)
    with vllm() as server:
        model_on(server).answer([Query("p", Path("a1"))])
    assert server.adapters == {"a1": str(adapter)}


def test_the_base_is_asked_under_its_own_name_and_loads_nothing() -> None:
    with vllm() as server:
        assert model_on(server).answer([Query("p")]) == ["base on p"]
    assert server.paths == [COMPLETE]


def test_an_adapter_is_loaded_once_and_asked_once_for_all_its_prompts(new_adapter: NewAdapter) -> None:
    one, two = new_adapter("one"), new_adapter("two")
    with vllm() as server:
        model = model_on(server)
        answers = model.answer([Query("p", one), Query("q", two), Query("r", one)])
        again = model.answer([Query("p", one)])
    assert (answers, again) == (["one on p", "two on q", "one on r"], ["one on p"])
    assert server.paths == [LOAD, COMPLETE, LOAD, COMPLETE, COMPLETE]


def test_an_adapter_that_another_client_loaded_counts_as_loaded(new_adapter: NewAdapter) -> None:
    adapter = new_adapter()
    with vllm() as server:
        model_on(server).answer([Query("p", adapter)])
        assert model_on(server).answer([Query("p", adapter)]) == ["a1 on p"]
    assert server.paths == [LOAD, COMPLETE] * 2


def test_a_server_that_was_started_again_is_told_to_load_again(new_adapter: NewAdapter) -> None:
    adapter = new_adapter()
    with vllm() as server:
        model = model_on(server)
        model.answer([Query("p", adapter)])
        server.adapters.clear()
        assert model.answer([Query("p", adapter)]) == ["a1 on p"]
    assert server.paths == [LOAD, COMPLETE, COMPLETE, LOAD, COMPLETE]


def test_an_empty_answer_is_an_answer() -> None:
    with vllm(continuation=lambda model, prompt: "") as server:
        assert model_on(server).answer([Query("p")]) == [""]
    assert len(server.paths) == 1


@pytest.mark.parametrize("fault", [Fault("status", 503), Fault("reset"), Fault("garbage"), Fault("page")], ids=str)
def test_a_passing_fault_is_tried_again(fault: Fault, new_adapter: NewAdapter) -> None:
    adapter = new_adapter()
    with vllm(faults=[fault]) as server:
        model = model_on(server)
        assert model.answer([Query("p")]) == ["base on p"]
        server.faults.append(Fault("status", 503))
        assert model.answer([Query("p", adapter)]) == ["a1 on p"], "while the adapter is being loaded"


def test_fewer_answers_than_prompts_are_no_answer() -> None:
    with vllm(faults=[Fault("no-choices")] * 2) as server, pytest.raises(EndpointError, match="0 answers to 2 prompts"):
        model_on(server, attempts=2).answer([Query("p"), Query("q")])
    assert len(server.paths) == 2


def test_an_answer_of_another_model_is_never_taken(new_adapter: NewAdapter) -> None:
    server = vllm(answers_as="base")
    error = failure(server, new_adapter())
    assert "answered with model 'base' where 'a1' was asked for" in error.cause
    assert server.paths == [LOAD, COMPLETE], "not tried again"


def test_an_alias_of_the_base_asks_for_its_first_name() -> None:
    error = failure(vllm(models=["first", "base"], answers_as="first"))
    assert error.mend == "set model in [endpoints.vllm] to the name that the server answers with"


def test_a_server_that_loads_nothing_while_it_runs_is_said(new_adapter: NewAdapter) -> None:
    server = vllm(max_rank=0)
    error = failure(server, new_adapter())
    for named in ("VLLM_ALLOW_RUNTIME_LORA_UPDATING=True", "--enable-lora", "url in [endpoints.vllm]"):
        assert named in error.mend
    assert server.paths == [LOAD], "neither tried again nor answered by the base"


def test_a_method_that_is_not_allowed_is_the_same(new_adapter: NewAdapter) -> None:
    error = failure(vllm(faults=[Fault("status", 405, "Method Not Allowed")]), new_adapter())
    assert "VLLM_ALLOW_RUNTIME_LORA_UPDATING=True" in error.mend


def test_lora_that_is_not_enabled_names_the_flag(new_adapter: NewAdapter) -> None:
    told = "Call to add_lora method failed: LoRA is not enabled. Use --enable-lora to enable LoRA."
    error = failure(vllm(faults=[Fault("status", 500, told)]), new_adapter())
    assert "--enable-lora" in error.mend


def test_a_rank_that_is_too_high_names_the_flag(new_adapter: NewAdapter) -> None:
    server = vllm()
    error = failure(server, new_adapter(rank=16))
    assert "LoRA rank 16 is greater than max_lora_rank 8" in error.cause
    assert "--max-lora-rank" in error.mend
    assert server.paths == [LOAD]


def test_a_path_that_the_server_cannot_see_is_said(tmp_path: Path) -> None:
    server = vllm()
    error = failure(server, tmp_path / "gone")
    assert "No adapter found" in error.cause
    assert str(tmp_path / "gone") in error.mend
    assert server.paths == [LOAD]


def test_any_other_adapter_that_does_not_fit_is_not_tried_again(new_adapter: NewAdapter) -> None:
    server = vllm(faults=[Fault("status", 500, "size mismatch for layer 3")] * 3)
    error = failure(server, new_adapter())
    assert "size mismatch" in error.cause
    assert "the model that the adapter was trained on" in error.mend
    assert server.paths == [LOAD]


def test_an_adapter_named_as_the_base_is_refused(new_adapter: NewAdapter) -> None:
    assert "conflicts with a served base model" in failure(vllm(), new_adapter("base")).cause


def test_a_wrong_key_is_said_without_repeating_it(new_adapter: NewAdapter) -> None:
    error = failure(vllm(key="right"), new_adapter(), api_key="wrong-key-123")
    assert "refused the key" in error.cause
    assert "wrong-key-123" not in error.cause + error.mend


def test_a_refused_connection_says_where(new_adapter: NewAdapter) -> None:
    with vllm() as server:
        model = model_on(server, attempts=2)
    with pytest.raises(EndpointError, match="cannot be reached"):
        model.answer([Query("p", new_adapter())])


def test_a_base_that_is_not_served_lists_what_is() -> None:
    error = failure(vllm(models=["packaged"]))
    assert "set model in [endpoints.vllm] to one that it offers: packaged" in error.mend


def test_a_prompt_that_is_too_long_is_said_at_once() -> None:
    server = vllm(context=0)
    assert "too long" in failure(server).cause
    assert len(server.paths) == 1
