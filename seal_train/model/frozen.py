"""Products with the frozen base's float32 matrices, where MKL leaves half of a processor unused."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from functools import cache

import torch

EXACT = 1e-5
"""Relative error that products of float32 stay under: theirs is about 4e-7, bfloat16's 3e-3."""
MATMUL = torch.backends.mkldnn.matmul  # type: ignore[attr-defined]


@contextmanager
def frozen_products() -> Iterator[None]:
    """While this lasts, oneDNN makes the float32 products on AMD processors with AVX-512, twice as fast (see LOG.md) as
    MKL, torch's usual choice, which uses only AVX2 there. On other processors nothing changes.

    For large matrices that are used many times: oneDNN prepares each product of a new size, and for small ones that
    takes as long as it saves.
    """
    with _onednn() if takes_onednn() else nullcontext():
        yield


@cache
def takes_onednn() -> bool:
    """Whether `frozen_products` changes anything on this machine.

    torch gives float32 to oneDNN only where it may be narrowed to bfloat16. oneDNN does so with AMX alone, and one
    product shows that here it does not.
    """
    can = torch.cpu.get_capabilities()
    if not (str(can.get("cpu_name")).startswith("AMD") and can.get("avx512_f")) or can.get("amx_bf16"):
        return False
    a, b = torch.rand(2, 64, 64, generator=torch.Generator().manual_seed(0))
    with _onednn():
        found = (a @ b).double()
    right = a.double() @ b.double()
    return bool((found - right).norm() <= EXACT * right.norm())


@contextmanager
def _onednn() -> Iterator[None]:
    before, MATMUL.fp32_precision = MATMUL.fp32_precision, "bf16"
    try:
        yield
    finally:
        MATMUL.fp32_precision = before
