"""Geometry read back from a drawing's SVG: boxes and curves as a browser would draw them."""

import re
from xml.etree import ElementTree

import numpy as np

SVG = "{http://www.w3.org/2000/svg}"
NUMBER = re.compile(r"-?\d+(?:\.\d+)?(?:e-?\d+)?")


def _points(text):
    values = [float(v) for v in NUMBER.findall(text)]
    return list(zip(values[::2], values[1::2]))


def elements(svg, kind):
    """The groups of class `kind`, by id."""
    root = ElementTree.fromstring(svg)
    return {g.get("id"): g for g in root.iter(SVG + "g") if (g.get("class") or "").split()[:1] == [kind]}


def boxes(svg):
    """Left, bottom, right and top of every node, in the SVG's own coordinates."""
    found = {}
    for name, group in elements(svg, "node").items():
        if not re.fullmatch(r"n\d+", name):
            continue
        shapes = [s for s in group.iter() if s.tag in (SVG + "path", SVG + "polygon")]
        points = [p for s in shapes for p in _points(s.get("d") or s.get("points"))]
        xs, ys = [p[0] for p in points], [p[1] for p in points]
        found[name] = (min(xs), min(ys), max(xs), max(ys))
    return found


def along(control, pieces=24):
    """Points along cubic Bézier curves that follow each other, from their control points: an array (points, 2)."""
    control = np.array(control, dtype=float)
    t = np.arange(1, pieces + 1) / pieces
    weights = np.stack([(1 - t) ** 3, 3 * (1 - t) ** 2 * t, 3 * (1 - t) * t * t, t**3], axis=1)
    pieces_of_curves = [weights @ control[i : i + 4] for i in range(0, len(control) - 3, 3)]
    return np.concatenate([control[:1], *pieces_of_curves])


def inside(points, box, margin=0.6):
    """Those of some points that lie within a box (left, bottom, right, top), and not at its very edge."""
    left, bottom, right, top = box
    x, y = points.T
    return points[(left + margin < x) & (x < right - margin) & (bottom + margin < y) & (y < top - margin)]


def curves(svg):
    """Points along every edge."""
    paths = {name: group.find(f".//{SVG}path") for name, group in elements(svg, "edge").items()}
    return {name: along(_points(path.get("d"))) for name, path in paths.items()}
