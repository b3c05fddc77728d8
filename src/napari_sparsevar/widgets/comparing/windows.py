"""The windows of time a person has marked: one list, seen by the timeline and the Compare dock."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import count, product
from string import ascii_uppercase

from psygnal import Signal

from napari_sparsevar.comparison.windows import Piece, Window
from napari_sparsevar.errors import UserError

Gap = tuple[float, float]


class MarkedWindows:
    """Windows in the order they were made, each with a label of its own and a colour for life.

    Attributes
    ----------
    changed, selection_changed : psygnal.Signal
        The list, and which one is selected.
    selected : str or None
        Label of the selected window.
    seen : tuple of float or None
        First and last frame in sight on the timeline; where a new window goes.
    """

    changed = Signal()
    selection_changed = Signal(object)

    def __init__(self) -> None:
        self._windows: list[Window] = []
        self._colours: dict[str, int] = {}
        self.selected: str | None = None
        self.seen: Gap | None = None

    def __iter__(self) -> Iterator[Window]:
        return iter(tuple(self._windows))

    def __len__(self) -> int:
        return len(self._windows)

    def __getitem__(self, label: str) -> Window:
        return self._windows[self._index(label)]

    def __contains__(self, label: str) -> bool:
        return any(window.label == label for window in self._windows)

    def colour_index(self, label: str) -> int:
        """Return the number of a window's colour; it stays when other windows go."""
        return self._colours[label]

    def add(self, pieces: Sequence[Piece], label: str | None = None) -> Window:
        """Add a window and select it; the label is the next free letter unless given."""
        window = Window(self.next_label() if label is None else label, united(pieces))
        self._refuse_taken(window.label)
        self._windows.append(window)
        self._give_colour(window.label)
        self.changed.emit()
        self.select(window.label)
        return window

    def replace(self, label: str, pieces: Sequence[Piece]) -> Window:
        """Give a window other frames."""
        window = Window(label, united(pieces))
        index = self._index(label)
        if window != self._windows[index]:
            self._windows[index] = window
            self.changed.emit()
        return window

    def rename(self, label: str, new: str) -> None:
        """Call a window something else.

        Raises
        ------
        UserError
            If the new label is empty or another window has it.
        """
        new = new.strip()
        if new == label:
            return
        if not new:
            raise UserError(f"A window needs a label: {label} keeps its own.")
        self._refuse_taken(new)
        index = self._index(label)
        self._windows[index] = Window(new, self._windows[index].pieces)
        self._colours[new] = self._colours.pop(label)
        was_selected = self.selected == label
        if was_selected:
            self.selected = new
        self.changed.emit()
        if was_selected:
            self.selection_changed.emit(new)

    def remove(self, label: str) -> None:
        """Remove a window; its neighbour is selected."""
        index = self._index(label)
        del self._windows[index], self._colours[label]
        if self.selected == label:
            left = self._windows[min(index, len(self._windows) - 1) :]
            self.selected = left[0].label if left else None
        self.changed.emit()
        self.selection_changed.emit(self.selected)

    def set_all(self, windows: Iterable[Window]) -> None:
        """Replace all windows, for example by a list of trials."""
        windows = list(windows)
        self._windows = windows
        self._colours = {window.label: index for index, window in enumerate(windows)}
        self.selected = windows[0].label if windows else None
        self.changed.emit()
        self.selection_changed.emit(self.selected)

    def select(self, label: str | None) -> None:
        """Select a window, or none."""
        if label != self.selected and (label is None or label in self):
            self.selected = label
            self.selection_changed.emit(label)

    def next_label(self) -> str:
        """Return the first free letter; after Z come AA, AB, ..."""
        for length in count(1):
            for letters in product(ascii_uppercase, repeat=length):
                label = "".join(letters)
                if label not in self:
                    return label
        raise AssertionError("letters never end")

    def room(self, n_frames: int) -> Piece:
        """Return where a new window would lie: the middle of the widest gap in sight."""
        start, stop = _within(self.seen or (0, n_frames), n_frames)
        taken = sorted(piece for window in self._windows for piece in window.pieces)
        gaps = [gap for gap in _gaps(start, stop, taken) if gap[1] - gap[0] >= 1]
        first, last = max(gaps, key=lambda gap: gap[1] - gap[0], default=(start, stop))
        third = (last - first) // 3
        return first + third, max(last - third, first + third + 1)

    def _index(self, label: str) -> int:
        for index, window in enumerate(self._windows):
            if window.label == label:
                return index
        raise KeyError(label)

    def _refuse_taken(self, label: str) -> None:
        if label in self:
            raise UserError(f"There is a window called {label} already: choose another label.")

    def _give_colour(self, label: str) -> None:
        taken = set(self._colours.values())
        self._colours[label] = next(number for number in count() if number not in taken)


def united(pieces: Sequence[Piece]) -> tuple[Piece, ...]:
    """Return pieces of which none overlap: those that do become one.

    Pieces that only touch stay apart, they are two trials.
    """
    found: list[Piece] = []
    for start, stop in sorted(pieces):
        if found and start < found[-1][1]:
            found[-1] = (found[-1][0], max(stop, found[-1][1]))
        else:
            found.append((start, stop))
    return tuple(found)


def _within(seen: Gap, n_frames: int) -> Piece:
    start = min(max(round(seen[0]), 0), n_frames - 1)
    return start, min(max(round(seen[1]), start + 1), n_frames)


def _gaps(start: int, stop: int, taken: Sequence[Piece]) -> list[Piece]:
    gaps, first = [], start
    for begin, end in taken:
        if begin > first:
            gaps.append((first, min(begin, stop)))
        first = max(first, end)
        if first >= stop:
            break
    return [*gaps, (first, stop)] if first < stop else gaps
