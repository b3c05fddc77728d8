"""The optimiser: the numbers of torch's own, to the last bit, and one goes on for another."""

from __future__ import annotations

import subprocess
import sys

import pytest
import torch
from torch import Tensor

from napari_sparsevar.training.adam import Adam


def parameters() -> list[Tensor]:
    torch.manual_seed(0)
    return [torch.nn.Parameter(torch.randn(shape)) for shape in ((3, 4), (5,), (2,))]


def gradients(of: list[Tensor], seed: int) -> None:
    torch.manual_seed(seed)
    for number, parameter in enumerate(of):
        # The last has none in the beginning, as what only the prediction error trains.
        parameter.grad = None if number == 2 and seed < 3 else torch.randn_like(parameter)


def test_it_is_that_of_torch_to_the_last_bit() -> None:
    ours, theirs = parameters(), parameters()
    one, other = Adam(ours, 0.01), torch.optim.Adam(theirs, lr=0.01, betas=(0.9, 0.98))
    for step in range(8):
        one.rate = other.param_groups[0]["lr"] = 0.01 / (1 + step)
        for optimiser, changed in ((one, ours), (other, theirs)):
            gradients(changed, step)
            optimiser.step()  # type: ignore[attr-defined]
        for mine, its in zip(ours, theirs, strict=True):
            assert torch.equal(mine, its)


@pytest.mark.parametrize("at", [1, 5])
def test_another_goes_on_in_its_place(at: int) -> None:
    whole, cut = parameters(), parameters()
    one, first = Adam(whole, 0.01), Adam(cut, 0.01)
    for step in range(8):
        if step == at:
            state = {name: value.clone() for name, value in first.state().items()}
            first = Adam(cut, 0.01)
            first.load_state(state)
        for optimiser, changed in ((one, whole), (first, cut)):
            gradients(changed, step)
            optimiser.step()
    assert all(torch.equal(mine, its) for mine, its in zip(whole, cut, strict=True))


def test_the_state_of_other_parameters_is_refused() -> None:
    with pytest.raises(ValueError, match=r"is \(3, 4\), not \(5,\)"):
        Adam(parameters()[1:], 0.01).load_state(Adam(parameters(), 0.01).state())


def test_it_goes_on_from_what_torch_has_kept() -> None:
    """Checkpoints of earlier versions are of torch's own, without what had no gradient."""
    ours, theirs = parameters(), parameters()
    other = torch.optim.Adam(theirs, lr=0.01, betas=(0.9, 0.98))
    gradients(theirs, 0)
    other.step()
    for mine, its in zip(ours, theirs, strict=True):
        mine.data.copy_(its)
    one = Adam(ours, 0.01)
    moments = other.state_dict()["state"].items()
    one.load_state(
        {f"{at}.{name}": value for at, known in moments for name, value in known.items()}
    )
    for optimiser, changed in ((one, ours), (other, theirs)):
        gradients(changed, 4)
        optimiser.step()
    assert all(torch.equal(mine, its) for mine, its in zip(ours, theirs, strict=True))


def test_no_compiler_is_loaded() -> None:
    code = (
        "import sys, torch; from napari_sparsevar.training.adam import Adam; "
        "one = torch.zeros(2, requires_grad=True); one.sum().backward(); Adam([one], 0.1).step(); "
        "assert one[0] < 0 and 'torch._dynamo' not in sys.modules"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
