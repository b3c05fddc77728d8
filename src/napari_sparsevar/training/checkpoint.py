"""The state of a training on disk: tensors and numbers only, never a pickle."""

from __future__ import annotations

import json
from pathlib import Path

from safetensors import SafetensorError, safe_open
from torch import Tensor

from napari_sparsevar.disk.contents import write_tensors
from napari_sparsevar.errors import UserError
from napari_sparsevar.run.replacement import working_folder
from napari_sparsevar.training.trainer import Trainer

CHECKPOINT = "checkpoint.safetensors"


def save_checkpoint(folder: Path, trainer: Trainer) -> Path:
    """Write everything needed to continue as if nothing had happened."""
    tensors = {f"network.{name}": value for name, value in trainer.weights().items()}
    tensors |= {f"best.{name}": value for name, value in trainer.best.items()}
    state = trainer.optimiser.state_dict()["state"]
    for index, moments in state.items():
        tensors |= {f"optimiser.{index}.{name}": value for name, value in moments.items()}
    if trainer.coefficients is not None:
        tensors["coefficients"] = trainer.coefficients
    numbers = {
        "step": trainer.step,
        "chunks": trainer.chunks,
        "best_step": trainer.best_step,
        "best_loss": trainer.best_loss,
        "since_best": trainer.since_best,
    }
    write_tensors(folder / CHECKPOINT, tensors, {"numbers": json.dumps(numbers)})
    return folder / CHECKPOINT


def load_checkpoint(folder: Path, trainer: Trainer) -> None:
    """Bring a fresh trainer to where the checkpoint was written.

    Raises
    ------
    UserError
        If there is no checkpoint or it does not fit this configuration.
    """
    path = folder / CHECKPOINT
    try:
        with safe_open(path, framework="pt", device="cpu") as file:
            numbers = json.loads(file.metadata()["numbers"])
            tensors: dict[str, Tensor] = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
        device = next(trainer.network.parameters()).device
        trainer.best = {name: value.to(device) for name, value in _under("best.", tensors).items()}
        trainer.keep_best()  # fails now, and not after the last step, where it does not fit
        trainer.network.load_state_dict(_under("network.", tensors))
        _load_optimiser(trainer, _under("optimiser.", tensors))
        if "coefficients" in tensors:
            trainer.coefficients = tensors["coefficients"].to(device)
        trainer.step, trainer.chunks = int(numbers["step"]), int(numbers["chunks"])
        trainer.best_step, trainer.best_loss = (
            int(numbers["best_step"]),
            float(numbers["best_loss"]),
        )
        trainer.since_best = int(numbers["since_best"])
    except FileNotFoundError:
        raise UserError(f"There is no checkpoint in {folder} to resume from.") from None
    except (SafetensorError, LookupError, ValueError, TypeError, RuntimeError) as error:
        raise UserError(
            f"The checkpoint {path} cannot be used: train again with overwrite."
        ) from error


def step_of(folder: Path) -> int:
    """Return the step a checkpoint was written after.

    Raises
    ------
    UserError
        If it cannot be read.
    """
    path = folder / CHECKPOINT
    try:
        with safe_open(path, framework="pt", device="cpu") as file:
            return int(json.loads(file.metadata()["numbers"])["step"])
    except (OSError, SafetensorError, LookupError, ValueError, TypeError) as error:
        raise UserError(
            f"The checkpoint {path} cannot be used: train again with overwrite."
        ) from error


def _under(prefix: str, tensors: dict[str, Tensor]) -> dict[str, Tensor]:
    return {n.removeprefix(prefix): v for n, v in tensors.items() if n.startswith(prefix)}


def _load_optimiser(trainer: Trainer, tensors: dict[str, Tensor]) -> None:
    state: dict[int, dict[str, Tensor]] = {}
    for name, value in tensors.items():
        index, moment = name.split(".")
        state.setdefault(int(index), {})[moment] = value
    groups = trainer.optimiser.state_dict()["param_groups"]
    trainer.optimiser.load_state_dict({"state": state, "param_groups": groups})


def has_checkpoint(out: Path) -> bool:
    """Return whether a training was cut or stopped, in its place or beside an older run."""
    return any((folder / CHECKPOINT).exists() for folder in (out, working_folder(out)))


def remove_checkpoint(folder: Path) -> None:
    """Forget the checkpoint of a training that is complete."""
    (folder / CHECKPOINT).unlink(missing_ok=True)
