"""What candidates write: sentences and formulas in the characters of `glyphs`."""

from __future__ import annotations

from tools.scansim.raster import Rng

_TEXT = (
    "vi ser at grafen stiger når x er større enn 2 og derfor har likningen to løsninger den ene må forkastes fordi arealet"
    " ikke kan være mindre enn null vinkelen mellom linjene blir rett trekanten er likebeint høyden deler grunnlinjen i to"
    " like store deler funksjonen har et bunnpunkt der den deriverte skifter fortegn reaksjonen går mot høyre når trykket"
    " øker stoffet løses i vann og vi får en sur løsning så påstanden gjelder for alle hele tall"
)
_WORDS = tuple(_TEXT.split())
_FORMULAS = (
    "{a}x² + {b}x = {c}",
    "f(x) = {a}x² - {b}x + {c}",
    "x = {a}/{b} + √{c}",
    "∫ {a}x² dx = {b}x³ + C",
    "sin θ = {a}/{b}",
    "π r² = {a}{b},{c}",
    "Δ = {b}² - 4 · {a} · {c}",
    "{a}(x + {b}) - {c} = 0",
    "x > {a}  x < {b}",
    "2H + O → H O",
    "v = s/t = {a},{b}{c} m/s",
    "∑ n² = {a}{b}{c}",
    "A = 1/2 · {a} · {b} · sin θ",
    "y - {a} = {b}(x - {c})",
    "x = {b} ± √{a}{c}",
)


def sentence(rng: Rng, words: int) -> str:
    """Some words in a row as an answer has them."""
    start = int(rng.integers(len(_WORDS) - words))
    return " ".join(_WORDS[start : start + words])


def formula(rng: Rng) -> str:
    """A line of a calculation."""
    a, b, c = (int(v) for v in rng.integers(1, 10, 3))
    return _FORMULAS[int(rng.integers(len(_FORMULAS)))].format(a=a, b=b, c=c)
