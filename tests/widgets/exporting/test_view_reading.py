"""The figure of the view shows what the canvas shows."""

from dataclasses import replace

import numpy as np
import pytest

from napari_sparsevar.errors import UserError
from napari_sparsevar.figures.view.composing import composed
from napari_sparsevar.figures.view.figure import view_caption, view_figure
from napari_sparsevar.figures.view.layers import ArrowsInView, OutlinesInView, PointsInView
from napari_sparsevar.widgets.exporting.view_reading import current_view


@pytest.fixture
def shown(qtbot, viewer):
    """Give the viewer a size on the screen, and what its canvas shows as an image."""
    viewer.window._qt_window.show()
    viewer.window.resize(700, 500)
    qtbot.wait(100)

    def screenshot():
        qtbot.wait(50)
        picture = viewer.screenshot(canvas_only=True, flash=False)[..., :3] / 255
        return picture

    return screenshot


def differing(viewer, screenshot):
    """Share of pixels in which the two differ by more than a twentieth of all grey values."""
    picture = screenshot()
    assert picture.std() > 0.05  # there is something to see
    view = current_view(viewer)
    drawn = composed(view.layers, view, picture.shape[:2])
    return float((np.abs(drawn - picture).max(axis=-1) > 0.05).mean())


def add_map(viewer, **options):
    y, x = np.mgrid[:16, :20]
    bump = np.exp(-((y - 5) ** 2 + (x - 13) ** 2) / 12).astype(np.float32)
    where = {"scale": (2.0, 2.0), "translate": (10.0, 30.0), "units": ("um", "um")}
    settings = {"name": "map", "colormap": "inferno", "blending": "additive", **where, **options}
    return viewer.add_image(bump, **settings)


def test_a_movie_and_an_additive_map_look_alike(viewer, add_movie, shown):
    add_movie(viewer)
    layer = add_map(viewer, contrast_limits=(0.1, 0.8))
    viewer.dims.set_current_step(0, 17)
    assert differing(viewer, shown) < 0.01
    layer.gamma, layer.opacity = 0.5, 0.6
    viewer.scene.camera.zoom *= 2.3
    viewer.scene.camera.center = (0.0, 22.0, 51.0)
    assert differing(viewer, shown) < 0.01
    layer.visible = False
    assert differing(viewer, shown) < 0.01


@pytest.mark.parametrize(
    "blending", ["translucent", "translucent_no_depth", "minimum", "multiplicative", "opaque"]
)
def test_every_way_of_blending_looks_alike(viewer, add_movie, shown, blending):
    add_movie(viewer)
    add_map(viewer, opacity=0.7, blending=blending)
    assert differing(viewer, shown) < 0.01
    viewer.layers.reverse()
    assert differing(viewer, shown) < 0.01


def test_labels_colours_and_moved_layers_look_alike(viewer, add_movie, shown):
    add_movie(viewer, opacity=0.8)
    labels = np.zeros((16, 20), int)
    labels[2:9, 3:11], labels[9:14, 12:19] = 1, 2
    layer = viewer.add_labels(labels, scale=(2.0, 2.0), translate=(10.0, 30.0), opacity=0.5)
    colours = np.random.default_rng(0).uniform(size=(8, 8, 3)).astype(np.float32)
    viewer.add_image(colours, scale=(2.0, 2.0), translate=(12.0, 44.0), rotate=20, shear=[0.3])
    assert differing(viewer, shown) < 0.02
    layer.contour = 1
    assert differing(viewer, shown) < 0.02


@pytest.mark.windowless
def test_the_view_says_time_unit_and_what_is_left_out(viewer, add_movie):
    add_movie(viewer)
    corners = np.array([[10.0, 30.0], [20.0, 50.0], [30.0, 30.0]])
    viewer.add_surface((corners, np.array([[0, 1, 2]])), name="a surface")
    viewer.dims.set_current_step(0, 25)
    view = current_view(viewer)
    assert (view.time, view.unit_um, view.left_out) == ("2.50 s", 1.0, ("a surface",))
    assert "Not drawn: a surface" in view_caption(view)
    assert "limits 50 to 150" in view_caption(view)


@pytest.mark.windowless
def test_arrows_and_points_lie_where_they_are(viewer, add_movie):
    add_movie(viewer)
    where = {"scale": (2.0, 2.0), "translate": (10.0, 30.0)}
    viewer.add_vectors(np.array([[[3.0, 4.0], [5.0, 6.0]]]), edge_width=0.5, **where)
    viewer.add_points(np.array([[7.0, 8.0]]), size=3, **where)
    arrows, points = current_view(viewer).layers[1:]
    assert isinstance(arrows, ArrowsInView)
    assert isinstance(points, PointsInView)
    np.testing.assert_allclose(arrows.start, [[16.0, 38.0]])
    np.testing.assert_allclose(arrows.direction, [[10.0, 12.0]])
    assert arrows.width == 1.0
    np.testing.assert_allclose(points.centres, [[24.0, 46.0]])
    np.testing.assert_allclose(points.diameters, [6.0])


@pytest.mark.windowless
def test_shapes_lie_where_they_are_in_the_frames_they_were_drawn_in(viewer, add_movie):
    add_movie(viewer)
    box = np.array([[2.0, 3.0], [2.0, 9.0], [6.0, 9.0], [6.0, 3.0]])
    where = {"scale": (2.0, 2.0), "translate": (10.0, 30.0)}
    viewer.add_shapes(
        [box, box, box[:3]],
        shape_type=["polygon", "ellipse", "path"],
        edge_width=[1, 2, 3],
        face_color=["red", "green", "blue"],
        **where,
    )
    (shapes,) = current_view(viewer).layers[1:]
    assert isinstance(shapes, OutlinesInView)
    polygon, ellipse, path = shapes.corners
    np.testing.assert_allclose(polygon, 2 * box + [10, 30])
    np.testing.assert_allclose(path, 2 * box[:3] + [10, 30])
    from_centre = (ellipse - [18.0, 42.0]) / [4.0, 6.0]  # half the sides of the box
    np.testing.assert_allclose(np.hypot(*from_centre.T), 1.0)
    assert shapes.closed == (True, True, False)
    np.testing.assert_allclose(shapes.widths, [2, 4, 6])

    in_frame_25 = np.c_[np.full(4, 25.0), box]
    viewer.add_shapes([in_frame_25], shape_type="polygon", scale=(0.1, 2, 2))
    viewer.dims.set_current_step(0, 25)
    assert len(current_view(viewer).layers[2].corners) == 1
    viewer.dims.set_current_step(0, 27)
    assert len(current_view(viewer).layers[2].corners) == 0


def test_shapes_are_drawn_as_the_canvas_draws_them(viewer, add_movie, shown):
    add_movie(viewer, opacity=0.3)
    box = np.array([[2.0, 3.0], [2.0, 9.0], [9.0, 9.0], [9.0, 3.0]])
    viewer.add_shapes(
        [box, box + np.array([0.0, 8.0])],
        shape_type=["rectangle", "ellipse"],
        face_color="red",
        edge_color="cyan",
        edge_width=1,
        opacity=1,
        scale=(2.0, 2.0),
        translate=(10.0, 30.0),
    )
    canvas = shown()
    figure = view_figure(current_view(viewer), width_mm=canvas.shape[1] / 100 * 25.4, dpi=100)
    figure.set_dpi(100)
    figure.canvas.draw()
    image = np.asarray(figure.canvas.buffer_rgba())[..., :3] / 255
    red, cyan = (
        [float((np.abs(p - colour).max(axis=-1) < 0.1).sum()) for p in (canvas, image)]
        for colour in ((1.0, 0.0, 0.0), (0.0, 1.0, 1.0))
    )
    assert min(*red, *cyan) > 500
    assert cyan[1] / red[1] == pytest.approx(cyan[0] / red[0], rel=0.05)
    assert red[1] == pytest.approx(red[0], rel=0.15)  # the frame of the figure takes some room


@pytest.mark.windowless
def test_the_figure_has_vectors_a_scale_bar_and_colour_bars(viewer, add_movie, tmp_path):
    add_movie(viewer)
    viewer.add_vectors(np.array([[[3.0, 4.0], [5.0, 6.0]]]), name="arrows", scale=(2.0, 2.0))
    add_map(viewer)
    figure = view_figure(current_view(viewer), width_mm=85, dpi=72)
    figure.savefig(tmp_path / "view.svg")
    drawn = (tmp_path / "view.svg").read_text(encoding="utf-8")
    assert drawn.count("<image") == 2  # the movie below the arrows, the map above them
    assert 'id="arrows"' in drawn
    assert 'id="scale-bar"' in drawn
    assert len(figure.axes[0].child_axes) == 2


@pytest.mark.windowless
def test_what_cannot_be_drawn_is_one_sentence(viewer, add_movie):
    with pytest.raises(UserError, match="nothing to see"):
        current_view(viewer)
    add_movie(viewer)
    viewer.dims.ndisplay = 3
    with pytest.raises(UserError, match="switch 3-D"):
        current_view(viewer)
    viewer.dims.ndisplay = 2
    with pytest.raises(UserError, match="nothing to see"):
        view_figure(replace(current_view(viewer), layers=()))


def test_numbers_of_drivers_are_in_the_figure(viewer, add_movie):
    add_movie(viewer)
    viewer.add_points(
        np.array([[3.0, 4.0], [9.0, 8.0]]),
        scale=(2.0, 2.0),
        features={"word": ["1", "Ada"]},
        text={"string": "{word}"},
        canvas_size_limits=(3, 3),
    )
    points = current_view(viewer).layers[-1]
    assert points.words == ("1", "Ada")
    np.testing.assert_allclose(points.diameters, 3 * viewer.layers[-1].scale_factor)
