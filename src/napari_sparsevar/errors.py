"""The one kind of error a user can cause, and so can mend."""


class UserError(Exception):
    """A file or a setting is wrong: one sentence names it and says what to do.

    The command line prints the sentence and exits with code 2; the viewer shows it
    as a notification. It is never a ``RuntimeError``, which napari's generator workers swallow.
    """
