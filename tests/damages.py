"""Ways in which a file is damaged: by a disk, a cable, an editor, or a program that means well."""

import io
import json
import warnings
import zipfile

import numpy as np
from kept import written

from autograd_seq.core.errors import AutogradError
from autograd_seq.grading.packing import UnreadableError


def flipped(rng, content):
    """Some bits are others."""
    spoiled = bytearray(content)
    for place in rng.integers(0, len(content), rng.integers(1, 9)):
        spoiled[place] ^= 1 << rng.integers(0, 8)
    return bytes(spoiled)


def overwritten(rng, content):
    """A block holds anything, zeros or the same byte."""
    start, stop = piece(rng, content)
    fill = [rng.bytes(stop - start), bytes(stop - start), bytes([rng.integers(0, 256)]) * (stop - start)]
    return content[:start] + fill[rng.integers(0, 3)] + content[stop:]


def cut(rng, content):
    """The end, the beginning or a block between is not there."""
    start, stop = piece(rng, content)
    return [content[:start], content[stop:], content[:start] + content[stop:]][rng.integers(0, 3)]


def swapped(rng, content):
    """Two blocks, or two neighbouring bytes, changed places."""
    if rng.integers(0, 3) == 0:
        i = int(rng.integers(0, len(content) - 1))
        return content[:i] + content[i + 1 : i + 2] + content[i : i + 1] + content[i + 2 :]
    a, b, c, d = sorted(rng.integers(0, len(content) + 1, 4).tolist())
    return content[:a] + content[c:d] + content[b:c] + content[a:b] + content[d:]


def doubled(rng, content):
    """A block, or the whole, is there twice."""
    start, stop = piece(rng, content) if rng.integers(0, 4) else (0, len(content))
    return content[:stop] + content[start:stop] + content[stop:]


def foreign(rng, content):
    """Bytes of something else before, within or behind: a mark, line ends, a page of a server, another file."""
    pieces = [b"\xef\xbb\xbf", b"\xff\xfe", b"\r\n", b"<!DOCTYPE html><p>404</p>", b"PK\x03\x04", b"\0", b"{", b"["]
    more = pieces[rng.integers(0, len(pieces))] * int(rng.integers(1, 4)) if rng.integers(0, 2) else rng.bytes(40)
    place = [0, len(content), int(rng.integers(0, len(content) + 1))][rng.integers(0, 3)]
    return content[:place] + more + content[place:]


def as_text(rng, content):
    """It went through an editor, or a transfer as text."""
    ways = [
        lambda: content.replace(b"\n", b"\r\n"), lambda: content.replace(b"\r", b""),
        lambda: content.decode("utf-8", "replace").encode(), lambda: content.decode("latin-1").encode(),
        lambda: content.rstrip(bytes([0, 10, 32])), lambda: bytes(b & 0x7F for b in content), content.swapcase,
    ]  # fmt: skip
    return ways[rng.integers(0, len(ways))]()


def piece(rng, content):
    """The beginning and end of a block, mostly a small one."""
    start = int(rng.integers(0, len(content)))
    length = int(rng.integers(1, 1 + [8, 64, len(content)][rng.integers(0, 3)]))
    return start, min(len(content), start + length)


# -- with a program that reads it: what comes of it is whole to the eye ---------------------------------------


def rebuilt(rng, content):
    """The same kind of file, whole, with entries renamed, exchanged, lost, added or changed."""
    return _archive(rng, content) if content[:2] == b"PK" else _tree(rng, content)


def _archive(rng, content):
    with zipfile.ZipFile(io.BytesIO(content)) as found:
        entries = [(entry.filename, found.read(entry)) for entry in found.infolist()]
    i, j = rng.choice(len(entries), 2, replace=False) if len(entries) > 1 else (0, 0)
    (one, first), (other, second) = entries[i], entries[j]
    entries[i] = [
        lambda: (one.replace(".npy", "_.npy"), first), lambda: (other, first), lambda: (one.swapcase(), first),
        lambda: (one, second), lambda: (one, changed(rng, first)), lambda: (one, _array_changed(rng, first)),
        lambda: (one, _array_changed(rng, first)), lambda: None,
    ][rng.integers(0, 8)]()  # fmt: skip
    if rng.integers(0, 3) == 0:  # the two changed places
        entries[i], entries[j] = (other, first), (one, second)
    stream = io.BytesIO()
    method = [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED][rng.integers(0, 2)]
    with zipfile.ZipFile(stream, "w", method) as archive, warnings.catch_warnings():
        warnings.simplefilter("ignore")  # a name twice is meant
        for entry in filter(None, entries):
            archive.writestr(*entry)
    return stream.getvalue()


def _array_changed(rng, content):
    """An array of the same shape in which a number differs, or all have another dtype."""
    array = np.load(io.BytesIO(content))
    if array.size and rng.integers(0, 3):
        array.flat[rng.integers(0, array.size)] += 1
    elif array.size and array.dtype.kind == "f":
        array = array.astype([np.float32, np.longdouble, ">f8", np.int64][rng.integers(0, 4)])
    stream = io.BytesIO()
    np.save(stream, np.asfortranarray(array) if rng.integers(0, 2) else array)
    return stream.getvalue()


def _tree(rng, content):
    """JSON in which a name or a value is another; any other text with a line of it elsewhere, or a setting."""
    try:
        tree = json.loads(content)
    except ValueError:
        lines = content.split(b"\n")
        i, j = rng.integers(0, len(lines), 2)
        name, equals, value = lines[i].partition(b" = ")
        if equals and rng.integers(0, 2):  # a setting of another kind
            others = [b"true", b"-1", b"inf", b'"words"', b"[]", b"{}", b"[[1, 2], [3]]", b"9" * 40, b"{x = [-1]}"]
            lines[i] = name + equals + others[rng.integers(0, len(others))]
            return b"\n".join(lines)
        lines[i], lines[j] = lines[j], changed(rng, lines[i]) if rng.integers(0, 2) else lines[i]
        return b"\n".join(lines)
    places = list(_places(tree))
    inside, key = places[rng.integers(0, len(places))]
    others = [None, True, -1, 1e400, "", "NaN", [], {}, [[]], 10**30, inside[key], "\ud800"]
    if isinstance(inside, dict) and rng.integers(0, 2):
        inside[str(key) + "_"] = inside.pop(key)
    elif isinstance(inside, list) and rng.integers(0, 2):
        inside.append(inside.pop(key))
    else:
        inside[key] = others[rng.integers(0, len(others))]
    return json.dumps(tree).encode()


def _places(tree):
    """Everything that stands in a tree: in what, and under which key."""
    for key, value in list(tree.items() if isinstance(tree, dict) else enumerate(tree)):
        yield tree, key
        if isinstance(value, (dict, list)):
            yield from _places(value)


def changed(rng, content):
    """Any of the damages to bytes."""
    return BYTES[rng.integers(0, len(BYTES))](rng, content) if len(content) > 1 else content


BYTES = [flipped, overwritten, cut, swapped, doubled, foreign, as_text]
DAMAGES = [*BYTES, rebuilt, rebuilt]


def damaged(seed, content):
    """A damage by its number, and what it makes of a file."""
    rng = np.random.default_rng(seed)
    damage = DAMAGES[rng.integers(0, len(DAMAGES))]
    return damage.__name__, damage(rng, content)


# -- what comes of it -----------------------------------------------------------------------------------------

OUTCOMES = ("told", "without effect", "read otherwise", "foreign error")


def outcome(kind, path, content, whole):
    """What loading a damaged file ends in, and the error where it is a foreign one, or half of it was taken over."""
    path.write_bytes(content)
    loading = kind()
    before = loading.state()
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            loading.load(path)
    except (AutogradError, UnreadableError) as error:
        return ("told", "") if loading.state() == before else ("foreign error", f"a half is taken over: {error}")
    except Exception as error:
        return "foreign error", f"{type(error).__name__}: {error!s:.200}"
    return ("without effect" if loading.state() == whole else "read otherwise"), ""


def outcomes(kind, folder, name, seeds):
    """For each damage by its number: which it was, and what came of it."""
    path = written(kind, folder, name)
    content, loading = path.read_bytes(), kind()
    loading.load(path)
    whole = loading.state()
    for seed in seeds:
        damage, spoiled = damaged(seed, content)
        yield seed, damage, *outcome(kind, path, spoiled, whole)
