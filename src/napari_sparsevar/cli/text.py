"""Values, rows and tables of a summary as a person would write them."""

from __future__ import annotations

from typing import Any

import typer


def print_values(values: dict[str, Any], indent: str = "") -> None:
    """Print names and values, one a line, groups below their name."""
    width = max(map(len, values), default=0)
    for name, value in values.items():
        label = indent + name.replace("_", " ").ljust(width)
        if isinstance(value, dict) and value:
            typer.echo(f"{label.rstrip()}")
            print_values(value, indent + "  ")
        else:
            typer.echo(f"{label}  {as_text(value)}")


def as_text(value: Any) -> str:
    """Write a value of a summary as a person would."""
    if value is None:
        return "not known"
    if isinstance(value, float):
        return f"{value:.6g}"
    if isinstance(value, list | dict):
        return " ".join(map(as_text, value)) or "none"
    return str(value)


def as_table(rows: list[dict[str, Any]]) -> str:
    """Write rows under their column names."""
    if not rows:
        return "none"
    names = list(rows[0])
    cells = [names, *([as_text(row[name]) for name in names] for row in rows)]
    widths = [max(len(line[column]) for line in cells) for column in range(len(names))]
    return "\n".join(
        "  ".join(cell.rjust(width) for cell, width in zip(line, widths, strict=True))
        for line in cells
    )
