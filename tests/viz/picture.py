"""Geometry read back from a drawing's SVG: boxes and curves as a browser would draw them."""

import re
from xml.etree import ElementTree

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
    """Points along cubic Bézier curves that follow each other, from their control points."""
    points = [control[0]]
    for i in range(0, len(control) - 3, 3):
        a, b, c, d = control[i : i + 4]
        for k in range(1, pieces + 1):
            t, u = k / pieces, 1 - k / pieces
            weights = (u**3, 3 * u * u * t, 3 * u * t * t, t**3)
            points.append(tuple(sum(w * p[j] for w, p in zip(weights, (a, b, c, d))) for j in range(2)))
    return points


def curves(svg):
    """Points along every edge."""
    paths = {name: group.find(f".//{SVG}path") for name, group in elements(svg, "edge").items()}
    return {name: along(_points(path.get("d"))) for name, path in paths.items()}
