#!/usr/bin/env bash
# pretty_midi 0.2.11 and music21 10.5.1: of two notes of one pitch that overlap, the second is cut where the first ends.
#
# Guess: a file that pretty_midi writes and reads again holds the notes that were written: the first note_off ends the note that
#   began first, the second the other, since each note has a note_off of its own.
# Seen: notes of 0 to 2 s and 1 to 3 s come back as 0 to 2 and 1 to 2: a note_off ends all that sound, and the one at 3 s
#   ends nothing; no warning. music21 reads the same file so, too. symusic 0.6.0 gives 0 to 2 and 1 to 3. All three agree where notes of
#   one pitch do not overlap.
# So lengths of notes in a corpus of piano with pedal, or of several voices in one track, depend on the library that read it,
#   and a melody model's targets with them.
set -euo pipefail
work=$(mktemp -d); trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet pretty_midi==0.2.11.post0 music21==10.5.1 symusic==0.6.0 mido==1.3.3 numpy==2.4.6 setuptools==65.5.0
cd "$work"
"$work/venv/bin/python" -W ignore - <<'PY'
import mido
import music21
import pretty_midi
import symusic


def read_back(written: list[tuple[int, float, float]]) -> dict[str, list[tuple[int, float, float]]]:
    """Notes as (pitch, start, end) in seconds, at 120 beats a minute, as each library reads them."""
    midi, instrument = pretty_midi.PrettyMIDI(initial_tempo=120), pretty_midi.Instrument(0)
    instrument.notes = [pretty_midi.Note(80, *note) for note in written]
    midi.instruments.append(instrument)
    midi.write("notes.mid")
    messages = [m.type for m in mido.MidiFile("notes.mid") if m.type.startswith("note")]
    assert len(messages) == 2 * len(written), "each note has a beginning and an end of its own in the file"
    again = pretty_midi.PrettyMIDI("notes.mid").instruments[0].notes
    score = music21.converter.parse("notes.mid").flatten().notes
    ticks = symusic.Score("notes.mid")
    second = 2 * ticks.ticks_per_quarter
    return {
        "pretty_midi": sorted((n.pitch, round(float(n.start), 3), round(float(n.end), 3)) for n in again),
        "music21": sorted((n.pitch.midi, float(n.offset) / 2, float(n.offset + n.quarterLength) / 2) for n in score),
        "symusic": sorted((n.pitch, n.start / second, n.end / second) for n in ticks.tracks[0].notes),
    }


apart = [(60, 0.0, 1.0), (60, 2.0, 3.0), (64, 0.5, 1.5)]
for library, notes in read_back(apart).items():
    assert notes == apart, (library, notes)
overlapping = [(60, 0.0, 2.0), (60, 1.0, 3.0)]
found = read_back(overlapping)
for library, notes in found.items():
    print(library, notes)
cut = [(60, 0.0, 2.0), (60, 1.0, 2.0)]
assert found == {"pretty_midi": cut, "music21": cut, "symusic": overlapping}
print("as described")
PY
