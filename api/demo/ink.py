"""The notation and the motifs that the example newsroom's illustrations are drawn in.

A picture is text, one mark after another, back to front, parted by `;` or a new line:
`[times*dx,dy ]ink[~width][%opacity] geometry`. The geometry is SVG path data, `o x,y,radius` for a disc or
`r x,y,width,height` for a rectangle; `~` makes it a line; `fade ink ink …` paints the background.
"""

import math
import random
import re
from collections.abc import Iterable
from typing import Any

import pyvips

PALETTE = """ink #0e2033 night #17344e deep #235a6e teal #4f9297 mist #bcd5cd paper #f6ecda sand #ecd0a2
ochre #efae45 coral #e2674a rust #943b31 plum #4a2f42 dusk #5b4a63 wood #5f2722"""
INKS = dict(re.findall(r"(\w+) (#\w{6})", PALETTE))
MARK = re.compile(r"(?:(\d+)\*(-?[\d.]+),(-?[\d.]+) )?(\w+)(?:~([\d.]+))?(?:%(\d+))? (.+)")


def svg_of(mark: str) -> str:
    """Return one mark of the notation as SVG."""
    if mark.startswith("<"):
        return mark
    if mark.startswith("fade "):
        inks = mark.split()[1:]
        stops = "".join(
            f'<stop offset="{i / (len(inks) - 1)}" stop-color="{INKS[k]}"/>' for i, k in enumerate(inks)
        )
        gradient = f'<linearGradient id="fade" x1="0" y1="0" x2="0" y2="1">{stops}</linearGradient>'
        return f'<defs>{gradient}</defs><rect width="100%" height="100%" fill="url(#fade)"/>'
    if not (match := MARK.fullmatch(mark)):
        raise ValueError(mark)
    times, dx, dy, ink, width, opacity, geometry = match.groups()
    colour, alpha = INKS[ink], int(opacity or 100) / 100
    line = f'fill="none" stroke="{colour}" stroke-width="{width}" stroke-linecap="round"'
    look = (line if width else f'fill="{colour}"') + f' opacity="{alpha}"'
    copies = [(i * float(dx or 0), i * float(dy or 0)) for i in range(int(times or 1))]
    path = path_of(geometry)
    return "".join(f'<path transform="translate({x} {y})" d="{path}" {look}/>' for x, y in copies)


def path_of(geometry: str) -> str:
    """Return a geometry as SVG path data."""
    if geometry[0] == "o":
        x, y, r = map(float, geometry[1:].split(","))
        return f"M{x - r},{y}a{r},{r} 0 1 0 {2 * r},0a{r},{r} 0 1 0 {-2 * r},0Z"
    if geometry[0] == "r":
        x, y, w, h = map(float, geometry[1:].split(","))
        return f"M{x},{y}h{w}v{h}h{-w}Z"
    return geometry


def dice(seed: int) -> random.Random:
    """Return the same throws for the same seed."""
    return random.Random(seed)


def trail(points: Iterable[tuple[float, float]]) -> str:
    """Return path data that joins the points with straight lines."""
    return "M" + "L".join(f"{x:.1f},{y:.1f}" for x, y in points)


def glow(x: float, y: float, r: float, look: str) -> str:
    """Return five concentric discs, the printed kind of light."""
    return ";".join(f"{look} o{x},{y},{r * (5 - i) / 5:.1f}" for i in range(5))


def stars(width: int, depth: int, seed: int) -> str:
    """Return a scatter of small stars, thinner towards the bottom."""
    throw = dice(seed).random
    spots = [(throw() * width, throw() ** 1.6 * depth, 1.2 + throw()) for _ in range(100)]
    return ";".join(f"paper%80 o{x:.0f},{y:.0f},{r:.1f}" for x, y, r in spots)


def ridge(base: float, height: float, seed: int, ink: str) -> str:
    """Return a rolling skyline, filled to the bottom."""
    throw = dice(seed).uniform
    waves = [(throw(0.5, 1) / n, throw(0, 6.3), n * throw(1.6, 2.6) / 400) for n in (1, 2, 4, 7)]
    crest = [
        (x, base - height / 2 * sum(a * math.sin(p + f * x) for a, p, f in waves)) for x in range(0, 1210, 10)
    ]
    return f"{ink} {trail([*crest, (1200, 1300), (0, 1300)])}Z"


def sea(top: float, bottom: float, *inks: str) -> str:
    """Return bands of water, each with a wavier edge than the one behind it."""
    bands = []
    for i, ink in enumerate(inks):
        y = top + (bottom - top) * (i / len(inks)) ** 1.3
        edge = [(x, y + 6 * i * math.sin(x / (60 + 45 * i) + i * 1.9)) for x in range(0, 1210, 10)]
        bands.append(f"{ink} {trail([*edge, (1200, bottom), (0, bottom)])}Z")
    return ";".join(bands)


def glints(x: float, top: float, bottom: float, ink: str) -> str:
    """Return the broken reflection of a light on water."""
    throw, lines = dice(3).uniform, []
    for i in range(40):
        reach = (90 + 7 * i) * throw(0.2, 1)
        start = x + throw(-130, 130) - reach / 2
        lines.append(f"{ink}~{2 + i / 10}%85 M{start:.0f},{top + (bottom - top) * i / 40:.0f}h{reach:.0f}")
    return ";".join(lines)


def gulls(*places: tuple[int, int]) -> str:
    """Return birds as pairs of arcs."""
    return ";".join(f"ink~4 M{x - 26},{y}q13,-14 26,0q13,-14 26,0" for x, y in places)


def person(x: float, y: float, tall: float) -> str:
    """Return someone standing, feet at (x, y)."""
    coat = f"M{x - tall * 0.19},{y}q{tall * 0.02},{-tall * 0.76} {tall * 0.19},{-tall * 0.78}"
    head = f"ink o{x},{y - tall * 0.88},{tall / 10}"
    return f"ink {coat}q{tall * 0.17},{tall * 0.02} {tall * 0.19},{tall * 0.78}Z;{head}"


def render(notation: str, width: int, height: int) -> Any:  # noqa: ANN401 - pyvips has no types
    """Return a picture's notation as pixels."""
    body = "".join(map(svg_of, re.split("[;\n]", notation)))
    size = f'width="{width}" height="{height}" viewBox="0 0 {width} {height}"'
    svg = f'<svg xmlns="http://www.w3.org/2000/svg" {size}>{body}</svg>'
    return pyvips.Image.svgload_buffer(svg.encode()).flatten(background=255)


def grained(image: Any) -> Any:  # noqa: ANN401 - pyvips has no types
    """Return the image with a little paper grain."""
    grain = pyvips.Image.gaussnoise(image.width, image.height, mean=0, sigma=3, seed=1).gaussblur(0.6)
    return (image + grain).cast("uchar").copy(interpretation="srgb")
