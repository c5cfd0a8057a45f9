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


def curves(svg, pieces=24):
    """Points along every edge."""
    found = {}
    for name, group in elements(svg, "edge").items():
        path = group.find(f".//{SVG}path")
        control = _points(path.get("d"))
        points = [control[0]]
        for i in range(0, len(control) - 3, 3):
            a, b, c, d = control[i : i + 4]
            for k in range(1, pieces + 1):
                t = k / pieces
                u = 1 - t
                points.append(
                    tuple(
                        u**3 * a[j] + 3 * u * u * t * b[j] + 3 * u * t * t * c[j] + t**3 * d[j] for j in range(2)
                    )
                )
        found[name] = points
    return found
