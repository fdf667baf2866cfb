"""Float32 products of oneDNN, on processors where MKL's take twice as long."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import torch

from seal_train.model import frozen
from seal_train.model.frozen import MATMUL, frozen_products, takes_onednn

AMD = {"cpu_name": "AMD EPYC", "avx512_f": True, "amx_bf16": False}


@pytest.fixture(autouse=True)
def asked_anew() -> Iterator[None]:
    takes_onednn.cache_clear()
    yield
    takes_onednn.cache_clear()


def on(monkeypatch: pytest.MonkeyPatch, can: dict[str, object]) -> None:
    monkeypatch.setattr(torch.cpu, "get_capabilities", lambda: can)


def test_products_are_float32_whatever_this_processor_is() -> None:
    a, b = torch.rand(2, 96, 96, generator=torch.Generator().manual_seed(1))
    with frozen_products():
        found = a @ b
    right = a.double() @ b.double()
    assert (found - right).norm() <= 1e-6 * right.norm()


@pytest.mark.parametrize(
    "other", [{"cpu_name": "Intel(R) Xeon(R)"}, {"avx512_f": False}, {"amx_bf16": True}, {"cpu_name": None}]
)
def test_other_processors_stay_as_they_are(other: dict[str, object], monkeypatch: pytest.MonkeyPatch) -> None:
    on(monkeypatch, {**AMD, **other})
    before = MATMUL.fp32_precision
    with frozen_products():
        assert MATMUL.fp32_precision == before


def test_so_does_one_whose_products_turn_out_narrow(monkeypatch: pytest.MonkeyPatch) -> None:
    on(monkeypatch, AMD)
    monkeypatch.setattr(frozen, "EXACT", 1e-12)  # no processor that has narrow products can be had here
    assert not takes_onednn()
    assert MATMUL.fp32_precision != "bf16"


def test_what_was_set_is_set_again_after_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    on(monkeypatch, AMD)
    monkeypatch.setattr(frozen, "EXACT", 1.0)  # so that the processor of the test does not count
    before = MATMUL.fp32_precision

    def fail() -> None:
        with frozen_products():
            assert MATMUL.fp32_precision == "bf16"
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()
    assert MATMUL.fp32_precision == before
