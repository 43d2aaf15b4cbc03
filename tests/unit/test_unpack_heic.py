"""HEIC: turned as the file says, in its colours, and told from AVIF, which is in the same box."""

import io

import numpy as np
import pillow_heif
import pytest
from PIL import Image

from scanpipe.model import Reason
from scanpipe.stages.unpack import Problem, load_page, sniff
from tests.unit.unpack_files import LIMITS, colourful, drawing, gray_or_problem, heic, page, saved


def test_the_colours_are_those_of_the_picture():
    luma = np.asarray(Image.fromarray(colourful()).convert("L"), np.int16)
    made = page(heic(colourful()))
    assert made.colour().shape == colourful().shape
    assert np.abs(made.gray() - luma).mean() < 4
    assert made.own is None, "no browser but one shows it"
    assert made.camera


@pytest.mark.parametrize("orientation", range(1, 9))
def test_a_phone_that_was_held_askew(orientation):
    """The file turns the picture itself (irot, imir); EXIF says the same once more, and must not turn it again."""
    exif = Image.Exif()
    exif[0x0112] = orientation
    image = Image.fromarray(drawing()).convert("RGB")
    out = io.BytesIO()
    pillow_heif.from_pillow(image).save(out, quality=90, exif=exif.tobytes())
    shown = page(saved(image, "JPEG", exif=exif, quality=95))
    made = page(out.getvalue())
    assert (made.width_px, made.height_px) == (shown.width_px, shown.height_px)
    assert np.abs(made.gray().astype(int) - shown.gray()).mean() < 4


def test_transparent_is_white():
    pixels = np.zeros((64, 64, 4), np.uint8)
    out = io.BytesIO()
    pillow_heif.from_pillow(Image.fromarray(pixels, "RGBA")).save(out, quality=90)
    assert page(out.getvalue()).gray().min() > 250


def test_what_is_cut_or_empty_inside_is_unreadable():
    data = heic(drawing())
    for cut in (40, len(data) // 2, len(data) - 3):
        refused = gray_or_problem(data[:cut])
        assert isinstance(refused, Problem) and refused.reason == Reason.UNREADABLE_FILE, cut


def test_a_video_is_none():
    assert sniff(b"\0\0\0\x18ftypmp42\0\0\0\0mp42isom") is None


def test_only_pictures_through_a_lens_say_so():
    exif = Image.Exif()
    exif.get_ifd(0x8769)[0x829A] = 0.01
    assert not load_page(saved(drawing(), "JPEG", exif=exif), 1, LIMITS).camera
    exif.get_ifd(0x8769)[0x920A] = 4.2
    assert load_page(saved(drawing(), "JPEG", exif=exif), 1, LIMITS).camera
    assert not load_page(saved(drawing(), "JPEG"), 1, LIMITS).camera
