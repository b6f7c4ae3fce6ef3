"""bfloat16 is used where it is fast, and nowhere else."""

import pytest
import torch

from palestra.nets import precision


@pytest.mark.parametrize("fast", [True, False])
def test_bfloat16_falls_back_to_float32(fast: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(precision, "multiplies_bfloat16", lambda: fast)
    assert precision.product_dtype("float32") is torch.float32
    assert precision.product_dtype("bfloat16") is (torch.bfloat16 if fast else torch.float32)


def test_an_accelerator_always_has_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    assert precision.multiplies_bfloat16.__wrapped__()


def test_without_one_onednn_is_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    assert precision.multiplies_bfloat16.__wrapped__() == torch.ops.mkldnn._is_mkldnn_bf16_supported()
