"""One to many: one note in, a melody out, each note fed back as the next input.

Learns from a few tunes that belong to everybody; ``--corpus FILE`` takes your own, a tune a line, notes as
``C4:1 D4:0.5`` (name, octave, length in beats; R is a rest). Writes a MIDI file where mido is installed
(``pip install 'autograd-seq[music]'``).
"""

from __future__ import annotations

import argparse
import io
import re
from pathlib import Path

import numpy as np

from autograd_seq import Graph, ValueRangeError
from autograd_seq.commands.console import any_console
from autograd_seq.learning.optimisers import Adam
from autograd_seq.learning.text import END, Vocabulary, lines
from autograd_seq.learning.training import Trainer
from autograd_seq.storage.files import write
from cells import GRU
from cells.language_model import LanguageModel
from viz import draw

TUNES = {
    "Frère Jacques": "C4:1 D4:1 E4:1 C4:1 C4:1 D4:1 E4:1 C4:1 E4:1 F4:1 G4:2 E4:1 F4:1 G4:2 "
    "G4:0.5 A4:0.5 G4:0.5 F4:0.5 E4:1 C4:1 G4:0.5 A4:0.5 G4:0.5 F4:0.5 E4:1 C4:1 C4:1 G3:1 C4:2 C4:1 G3:1 C4:2",
    "Ode to Joy": "E4:1 E4:1 F4:1 G4:1 G4:1 F4:1 E4:1 D4:1 C4:1 C4:1 D4:1 E4:1 E4:1.5 D4:0.5 D4:2 "
    "E4:1 E4:1 F4:1 G4:1 G4:1 F4:1 E4:1 D4:1 C4:1 C4:1 D4:1 E4:1 D4:1.5 C4:0.5 C4:2",
    "Ah vous dirai-je": "C4:1 C4:1 G4:1 G4:1 A4:1 A4:1 G4:2 F4:1 F4:1 E4:1 E4:1 D4:1 D4:1 C4:2 "
    "G4:1 G4:1 F4:1 F4:1 E4:1 E4:1 D4:2 G4:1 G4:1 F4:1 F4:1 E4:1 E4:1 D4:2 "
    "C4:1 C4:1 G4:1 G4:1 A4:1 A4:1 G4:2 F4:1 F4:1 E4:1 E4:1 D4:1 D4:1 C4:2",
    "Au clair de la lune": "C4:1 C4:1 C4:1 D4:1 E4:2 D4:2 C4:1 E4:1 D4:1 D4:1 C4:2 "
    "C4:1 C4:1 C4:1 D4:1 E4:2 D4:2 C4:1 E4:1 D4:1 D4:1 C4:2",
}
NOTE = re.compile(r"([A-G]#?\d|R):(\d+(?:\.\d+)?)")
STEPS = {"C": 0, "C#": 1, "D": 2, "D#": 3, "E": 4, "F": 5, "F#": 6, "G": 7, "G#": 8, "A": 9, "A#": 10, "B": 11}


def notes(tune: str) -> list[str]:
    """The notes of a line, each checked."""
    words = tune.split()
    for word in words:
        if not NOTE.fullmatch(word):
            raise ValueRangeError(f"{word!r} is not a note: write name, octave and length, such as C4:1 or R:0.5")
    return words


def write_midi(melody: list[str], path: Path) -> bool:
    """Write a melody as a MIDI file; False where the library is not installed."""
    try:
        import mido
    except ImportError:
        return False
    track, beat, silence = mido.MidiTrack(), 480, 0
    for note in melody:
        pitch, length = NOTE.fullmatch(note).groups()
        ticks = int(float(length) * beat)
        if pitch == "R":
            silence += ticks
            continue
        number = 12 * (int(pitch[-1]) + 1) + STEPS[pitch[:-1]]
        track.append(mido.Message("note_on", note=number, velocity=80, time=silence))
        track.append(mido.Message("note_off", note=number, velocity=0, time=ticks))
        silence = 0
    file = mido.MidiFile(ticks_per_beat=beat)
    file.tracks.append(track)
    content = io.BytesIO()
    file.save(file=content)
    write(path, content.getbuffer())
    return True


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--out", type=Path, default=Path("out"), help="where files go (default: out)")
    arguments.add_argument("--full", action="store_true", help="print everything, in lines of any length")
    arguments.add_argument("--corpus", type=Path, help="tunes of your own, a line each")
    arguments.add_argument("--encoding", help="what your text was saved in, such as gbk")
    arguments.add_argument("--first", default="E4:1", help="the note to begin with (default E4:1)")
    arguments.add_argument("--epochs", type=int, default=150)
    given = arguments.parse_args()
    given.out.mkdir(parents=True, exist_ok=True)

    tunes = [notes(tune) for tune in (lines(given.corpus, given.encoding) if given.corpus else TUNES.values())]
    vocabulary = Vocabulary([*sorted({note for tune in tunes for note in tune}), END])
    model = LanguageModel(GRU(len(vocabulary), 32, seed=0), len(vocabulary), end=vocabulary.end, seed=1)
    history = Trainer(model, Adam(0.01), batch_size=4).fit([vocabulary.encode(t) for t in tunes], epochs=given.epochs)
    print(f"{len(tunes)} tunes, {len(vocabulary)} different notes; mean loss of a tune over an epoch "
          f"{history.epochs[0]:.1f} → {history.epochs[-1]:.1f}")  # fmt: skip

    first = int(vocabulary.encode([given.first], end=False)[0])
    generator = np.random.default_rng(3)
    melody = [given.first]
    melody += [n for n in vocabulary.decode(model.sample(generator, 40, start=[first], temperature=0.8)) if n != END]
    print("melody:", " ".join(melody))
    path = given.out / "melody.mid"
    print(path if write_midi(melody, path) else "no MIDI file: pip install 'autograd-seq[music]' for mido")

    picture = given.out / "melody.svg"
    draw(Graph(model.loss([vocabulary.encode(melody[:3], end=False)])), picture)
    print(picture)


if __name__ == "__main__":
    with any_console():
        main()
