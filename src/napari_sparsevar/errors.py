"""The one kind of error a user can cause, and so can mend."""

REPLACE = " or add --overwrite"
"""``options`` where something is there already."""


class UserError(Exception):
    """A file or a setting is wrong: one sentence names it and says what to do.

    The command line prints the sentence and exits with code 2; the viewer shows it
    as a notification. It is never a ``RuntimeError``, which napari's generator workers swallow.

    Parameters
    ----------
    sentence : str
        Whoever reads it may be in the viewer: it names no option of the command line.
    options : str
        How the sentence goes on where there are options that help.
    """

    def __init__(self, sentence: str, *, options: str = "") -> None:
        super().__init__(sentence)
        self.options = options

    @property
    def with_options(self) -> str:
        """The sentence as the command line says it."""
        sentence = str(self)
        return f"{sentence.removesuffix('.')}{self.options}." if self.options else sentence
