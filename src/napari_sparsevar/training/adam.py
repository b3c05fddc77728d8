"""Adam (Kingma & Ba 2015, ICLR) with the numbers of torch's own.

That imports torch's compiler before its first step: a second and tens of megabytes for nothing.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import torch
from torch import Tensor

_DECAYS = 0.9, 0.98
"""Of the mean of the gradients, and of that of their squares."""

_LEAST = 1e-8


@dataclass
class _Moments:
    """Of the gradients of one parameter; named as in the checkpoints of torch's own."""

    step: int
    exp_avg: Tensor
    exp_avg_sq: Tensor


class Adam:
    """Steps against the mean gradient, in units of its root mean square.

    Parameters
    ----------
    parameters : iterable of Tensor
    rate : float
        About the largest change of a parameter in a step; may be another before each step.
    """

    def __init__(self, parameters: Iterable[Tensor], rate: float) -> None:
        self.rate = rate
        self._parameters = list(parameters)
        self._moments = [
            _Moments(0, torch.zeros_like(each), torch.zeros_like(each)) for each in self._parameters
        ]

    def forget_gradients(self) -> None:
        """Give the memory of the gradients back."""
        for parameter in self._parameters:
            parameter.grad = None

    @torch.no_grad()
    def step(self) -> None:
        """Change the parameters that have a gradient."""
        first, second = _DECAYS
        for parameter, moments in zip(self._parameters, self._moments, strict=True):
            gradient = parameter.grad
            if gradient is None:
                continue
            moments.step += 1
            mean, square = moments.exp_avg, moments.exp_avg_sq
            mean.lerp_(gradient, 1 - first)
            square.mul_(second).addcmul_(gradient, gradient, value=1 - second)
            root = (1 - second**moments.step) ** 0.5
            size = self.rate / (1 - first**moments.step)
            parameter.addcdiv_(mean, (square.sqrt() / root).add_(_LEAST), value=-size)

    def state(self) -> dict[str, Tensor]:
        """Return what another needs to go on in its place."""
        return {
            f"{index}.{name}": torch.as_tensor(value)
            for index, moments in enumerate(self._moments)
            for name, value in vars(moments).items()
        }

    def load_state(self, state: dict[str, Tensor]) -> None:
        """Go on in the place of another; what that had no gradient of yet is left as it is.

        Raises
        ------
        ValueError
            If it was of other parameters.
        """
        for name, value in state.items():
            number, _, moment = name.partition(".")
            mine = self._moments[int(number)]
            if moment == "step":
                mine.step = int(value)
                continue
            kept: Tensor = getattr(mine, moment)
            if kept.shape != value.shape:
                raise ValueError(f"{name} is {tuple(value.shape)}, not {tuple(kept.shape)}")
            kept.copy_(value)
