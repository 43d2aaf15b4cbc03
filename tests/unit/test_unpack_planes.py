"""A page as luma and two colour differences: as a JPEG stores them, or made of its pixels; the same either way."""

import io
import shutil

import numpy as np
import pytest
from PIL import Image, ImageFilter

from scanpipe.stages.unpack import DecodeError, load_page, turbo
from tests.unit.unpack_files import LIMITS, colourful, drawing, exif, page, saved

SIZES = [(200, 280), (201, 281), (200, 281), (17, 9), (1, 1)]
HALVED = {"subsampling": "4:2:0", "quality": 92}


@pytest.fixture(params=["TurboJPEG", "without"])
def either(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    if request.param == "TurboJPEG" and not turbo.AVAILABLE:
        pytest.skip("libturbojpeg0 is not installed here")
    monkeypatch.setattr(turbo, "AVAILABLE", request.param == "TurboJPEG")


def test_the_library_is_found_where_setup_could_install_it() -> None:
    if shutil.which("apt-get") is None:
        pytest.skip("no Debian here: colour pages are decoded without libturbojpeg, a fifth more slowly")
    assert turbo.AVAILABLE, "apt-get install libturbojpeg0"


def soft(width: int, height: int) -> Image.Image:
    """Colours that change slowly: what decoders do to make half the pixels whole is no matter then."""
    return Image.fromarray(colourful(width, height)).filter(ImageFilter.GaussianBlur(3))


def expected(data: bytes) -> tuple[np.ndarray, ...]:
    """By Pillow: luma, and the differences at half size, over the part of the page that has whole squares of four pixels."""
    luma, blue, red = (np.asarray(c, np.float64) for c in Image.open(io.BytesIO(data)).convert("YCbCr").split())
    rows, columns = luma.shape[0] // 2, luma.shape[1] // 2
    cut = slice(None, 2 * rows), slice(None, 2 * columns)
    return luma, *(c[cut].reshape(rows, 2, columns, 2).mean(axis=(1, 3)) for c in (blue, red))


@pytest.mark.usefixtures("either")
@pytest.mark.parametrize("size", SIZES, ids=str)
@pytest.mark.parametrize(
    "how", [HALVED, {"subsampling": "4:4:4"}, {"subsampling": "4:2:2"}, HALVED | {"progressive": True}]
)
def test_planes_of_a_colour_jpeg(size: tuple[int, int], how: dict[str, object]) -> None:
    data = saved(soft(*size), "JPEG", **how)
    p = page(data)
    luma, *differences = p.planes()
    assert luma.shape == tuple(n + n % 2 for n in size[::-1])
    assert {d.shape for d in differences} == {(luma.shape[0] // 2, luma.shape[1] // 2)}
    wanted = expected(data)
    for found, by_pillow in zip((luma, *differences), wanted, strict=True):
        part = found[: by_pillow.shape[0], : by_pillow.shape[1]].astype(float)
        assert not by_pillow.size or np.abs(part - by_pillow).mean() < 1.5
    assert np.array_equal(p.gray(), luma[: size[1], : size[0]])


@pytest.mark.usefixtures("either")
@pytest.mark.parametrize("size", SIZES, ids=str)
def test_half_a_colour_page_is_the_mean_of_its_pixels(size: tuple[int, int]) -> None:
    p = page(saved(colourful(*size), "JPEG", **HALVED))
    half, whole = p.gray(2), p.gray().astype(float)
    assert half.shape == tuple(-(-n // 2) for n in size[::-1])
    rows, columns = size[1] // 2, size[0] // 2
    mean = whole[: 2 * rows, : 2 * columns].reshape(rows, 2, columns, 2).mean(axis=(1, 3))
    assert not mean.size or np.abs(half[:rows, :columns] - mean).mean() < 1.5
    assert half.flags.c_contiguous and not half.flags.writeable


@pytest.mark.usefixtures("either")
@pytest.mark.parametrize("orientation", [1, 3, 6, 8])
def test_planes_lie_as_the_page_is_shown(orientation: int) -> None:
    data = saved(soft(200, 280), "JPEG", exif=exif(orientation), **HALVED)
    p = page(data)
    luma, _, red = p.planes()
    assert luma.shape == (p.height_px, p.width_px) and red.shape == (p.height_px // 2, p.width_px // 2)
    shown = p.colour().astype(float)
    assert np.abs(luma - shown @ (0.299, 0.587, 0.114)).mean() < 1.5
    redness = ((shown[..., 0] - luma) / 1.402).reshape(red.shape[0], 2, red.shape[1], 2).mean(axis=(1, 3))
    assert np.abs(red - 128.0 - redness).mean() < 1.5


@pytest.mark.usefixtures("either")
@pytest.mark.parametrize("cut", [0.3, 0.6, 0.9, 0.99])
def test_damage_is_seen_either_way(cut: float) -> None:
    """A picture of which a part is missing, closed by an end marker."""
    data = saved(colourful(600, 800), "JPEG", **HALVED)
    whole = load_page(data[: int(cut * len(data))] + b"\xff\xd9", 1, LIMITS)
    with pytest.raises(DecodeError):
        whole.planes()  # type: ignore[union-attr]


@pytest.mark.usefixtures("either")
def test_a_gray_page_is_its_own_only_plane() -> None:
    p = page(saved(drawing(), "JPEG"))
    assert p.planes() == (p.gray(),)


def test_a_png_has_planes_too() -> None:
    p = page(saved(colourful(), "PNG"))
    luma, blue, red = p.planes()
    assert luma.shape == (280, 200) and blue.shape == red.shape == (140, 100)
    assert blue.std() > 5 and red.std() > 5
