"""What makes light hard to read: shapes, tissue, detector, motion."""

from __future__ import annotations

from napari_sparsevar.movie.simulation.nuisances.kind import (
    Amount,
    Count,
    Nuisance,
    Positive,
    PositiveRange,
    Range,
    Share,
)


class Anatomy(Nuisance):
    """Cells are rings around dim nuclei, with a dendrite, and may overlap.

    Somata of 10 to 15 µm whose nucleus excludes the indicator, as in NAOMi (Song et al. 2021,
    J. Neurosci. Methods 358:109173); the defaults are for pixels of 1 µm.

    Attributes
    ----------
    diameter_px : (float, float)
        Of the soma.
    nucleus : float
        How much of the light is missing in the middle.
    dendrite_px : (float, float)
        Length of the one dendrite that lies in the plane; (0, 0) for none.
    dendrite : float
        Its light, of that of the soma.
    spacing : float
        Least distance between two centres, in mean diameters: below 1 cells may overlap.
    rest : float
        Light of a cell at rest, of that of the tissue.
    """

    diameter_px: PositiveRange = (10.0, 13.0)
    nucleus: Share = 0.6
    dendrite_px: Range = (8.0, 18.0)
    dendrite: Share = 0.35
    spacing: Positive = 0.9
    rest: Amount = 0.5


class OutOfFocus(Nuisance):
    """Cells above and below the focal plane, blurred; they drive nobody and nobody drives them.

    Attributes
    ----------
    per_cell : float
        How many there are for each cell in focus.
    blur_px : (float, float)
        Standard deviation of the blur.
    light : float
        Light of one, summed over pixels, of that of a cell in focus.
    """

    per_cell: Amount = 0.5
    blur_px: PositiveRange = (4.0, 8.0)
    light: Amount = 0.5


class Neuropil(Nuisance):
    """Light of neuropil that follows what cells around do; it replaces the simple one.

    Corrections take 0.3 to 0.7 of the surround off a cell (Kerlin et al. 2010, Neuron 67:858;
    Chen et al. 2013, Nature 499:295).

    Attributes
    ----------
    share : (float, float)
        Its standard deviation, of that of a typical cell's light; it varies over the field.
    follows : float
        Share of its variance that comes from the cells around; the rest is slow and its own.
    reach_px : float
        Over how many pixels it is alike (standard deviation of a Gaussian).
    decay_s : float
        Time constant of what is its own.
    """

    share: Range = (0.3, 0.7)
    follows: Share = 0.5
    reach_px: Positive = 20.0
    decay_s: Positive = 1.0


class Vessels(Nuisance):
    """Blood vessels that cross the field; without this switch a few thin ones do.

    Attributes
    ----------
    per_field : int
        How many.
    radius_px : (float, float)
        Standard deviation of their profile.
    absorbed : float
        How much of the tissue's light is missing in their middle.
    """

    per_field: Count = 4
    radius_px: PositiveRange = (1.5, 4.0)
    absorbed: Share = 0.8


class Detector(Nuisance):
    """Photons are counted (Poisson), instead of Gaussian noise.

    Attributes
    ----------
    photons : float
        Of the resting field, a pixel and frame on average. Some to some tens are common (Song et
        al. 2021, J. Neurosci. Methods 358:109173).
    gain : float
        Grey values a photon: the variance of a constant light is the gain times its mean.
    read_noise : float
        Standard deviation in grey values.
    offset : float
        Grey value of the dark.
    """

    photons: Positive = 3.0
    gain: Positive = 50.0
    read_noise: Amount = 10.0
    offset: Amount = 100.0


class Bleaching(Nuisance):
    """All light fades, fast at first.

    Attributes
    ----------
    share : float
        Of the light that is gone at the end.
    early : float
        Time constant, in lengths of the movie.
    """

    share: Share = 0.3
    early: Positive = 0.5


class Motion(Nuisance):
    """What registration leaves: the field wanders about its place.

    Attributes
    ----------
    px : float
        Standard deviation along each axis.
    memory_s : float
        How long a deviation lasts.
    """

    px: Amount = 0.5
    memory_s: Positive = 0.33


class AxialMotion(Nuisance):
    """Now and then the focal plane leaves the cells: the frame is blurred and cells are dim.

    Attributes
    ----------
    per_minute : float
        How often.
    seconds : (float, float)
        How long.
    depth : float
        Share of the sharp image that is replaced by a blurred one.
    blur_px : float
        Standard deviation of that blur.
    """

    per_minute: Amount = 6.0
    seconds: Range = (0.3, 1.0)
    depth: Share = 0.7
    blur_px: Positive = 3.0


class LinePhase(Nuisance):
    """Every other line is shifted, as by a resonant scanner whose phase is not set.

    Attributes
    ----------
    px : float
        How far.
    """

    px: Amount = 0.5
