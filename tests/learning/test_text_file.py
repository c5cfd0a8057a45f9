"""Text files as they come: with a byte-order mark, in UTF-16, in a national encoding, damaged."""

import codecs
import os
import threading

import pytest

from autograd_seq.commands import main
from autograd_seq.core.errors import ValueRangeError
from autograd_seq.learning import checkpoint
from autograd_seq.learning.text import Vocabulary, lines

CHINESE = ["满纸荒唐言", "一把辛酸泪", "都云作者痴", "谁解其中味"]
TAIWAN = ["風吹草動", "霸王龍和三角龍住在一起"]
WESTERN = ["Bär", "Köln liegt am Rhein", "déjà vu", "señor"]
MARKS = {
    "utf-8": codecs.BOM_UTF8,
    "utf-16-le": codecs.BOM_UTF16_LE,
    "utf-16-be": codecs.BOM_UTF16_BE,
    "utf-32-le": codecs.BOM_UTF32_LE,
    "utf-32-be": codecs.BOM_UTF32_BE,
}


def written(tmp_path, content, encoding, mark=b"", end="\n"):
    path = tmp_path / "corpus.txt"
    path.write_bytes(mark + (end.join(content) + end).encode(encoding))
    return path


@pytest.mark.parametrize("end", ["\n", "\r\n"], ids=["lf", "crlf"])
@pytest.mark.parametrize("told", [False, True], ids=["by its mark", "told"])
@pytest.mark.parametrize("encoding", MARKS)
def test_a_byte_order_mark_tells_the_encoding_and_is_no_token(encoding, told, end, tmp_path):
    path = written(tmp_path, CHINESE, encoding, MARKS[encoding], end)
    assert list(lines(path, encoding if told else None)) == CHINESE
    vocabulary = Vocabulary.from_file(path, level="character", encoding=encoding if told else None)
    assert vocabulary.words == Vocabulary.build(CHINESE, level="character").words


@pytest.mark.parametrize("mark", [b"", codecs.BOM_UTF8])
def test_the_mark_alone_is_an_empty_corpus(mark, tmp_path):
    path = written(tmp_path, ["", " "], "utf-8", mark)
    assert list(lines(path)) == []
    with pytest.raises(ValueRangeError, match="empty"):
        Vocabulary.from_file(path)


def test_marked_files_put_one_behind_the_other(tmp_path):
    path = tmp_path / "corpus.txt"
    path.write_bytes(2 * (codecs.BOM_UTF8 + "Bär\n".encode()))
    assert list(lines(path)) == ["Bär", "Bär"]


@pytest.mark.parametrize(
    "encoding, content",
    [
        ("gbk", CHINESE),
        ("GBK", CHINESE),
        ("gb18030", CHINESE),
        ("big5", ["滿紙荒唐言"]),
        ("shift_jis", ["ひらがな"]),
        ("euc_kr", ["한글"]),
        ("cp1252", WESTERN),
        ("utf-8", WESTERN),
        ("utf_16", CHINESE),
    ],
)
def test_an_encoding_that_is_told(encoding, content, tmp_path):
    assert list(lines(written(tmp_path, content, encoding), encoding)) == content


@pytest.mark.parametrize(
    "content, encoding, likely",
    [
        (CHINESE, "gbk", "gbk"),
        (["ascii first"] * 3000 + CHINESE, "gbk", "gbk"),
        (["", *CHINESE * 900], "gb18030", "gbk"),
        (WESTERN, "cp1252", "cp1252"),
        (["créée"], "cp1252", "cp1252"),
        (TAIWAN, "big5", "big5"),
        (["ascii first"] * 3000 + TAIWAN * 9, "big5", "big5"),
        (["ティラノサウルスは大きい恐竜です"], "shift_jis", "shift_jis"),
        (["ティラノサウルスは大きい恐竜です"], "euc_jp", "euc_jp"),
        (["공룡 이름은 길다"], "euc_kr", "euc_kr"),
        (["Динозавры были большими"], "cp1251", "cp1251"),
        ([*CHINESE, "㐀㐁 𠮷"], "gb18030", "gb18030"),
        (CHINESE, "utf-16-le", "utf-16-le"),
        (CHINESE, "utf-16-be", "utf-16-be"),
        (["names", "of cats"], "utf-16-le", "utf-16-le"),
        (["names", "of cats"], "utf-16-be", "utf-16-be"),
        (["Bär"], "utf-16-le", "utf-16-le"),
    ],
)
def test_a_refusal_says_what_to_write(content, encoding, likely, tmp_path):
    path = written(tmp_path, content, encoding)
    with pytest.raises(ValueRangeError) as raised:
        list(lines(path))
    assert f"{path} is not text in UTF-8" in str(raised.value)
    assert f"--encoding {likely} " in str(raised.value) and f"encoding={likely!r}" in str(raised.value)


@pytest.mark.parametrize(
    "encoding, content, likely",
    [("gbk", "€ 5", "utf-8"), ("utf-16", "names", "utf-8"), ("ascii", "满纸荒唐言", "utf-8")],
)
def test_a_wrong_encoding_is_refused(encoding, content, likely, tmp_path):
    with pytest.raises(ValueRangeError, match=f"not text in {encoding.upper()}.*--encoding {likely}"):
        list(lines(written(tmp_path, [content], "utf-8"), encoding))


@pytest.mark.parametrize("encoding", ["no-such", "hex", "rot13", "", "undefined", 7])
def test_what_is_no_encoding(encoding, tmp_path):
    with pytest.raises(ValueRangeError, match="no encoding .* gbk"):
        list(lines(written(tmp_path, ["a"], "utf-8"), encoding))


@pytest.mark.parametrize(
    "content", [b"\xff\xfe\x00bad!", "满纸".encode()[:-1], codecs.BOM_UTF8 + b"\xff", bytes(range(256))]
)
def test_a_damaged_file(content, tmp_path):
    path = tmp_path / "corpus.txt"
    path.write_bytes(content)
    with pytest.raises(ValueRangeError, match="is not text in UTF-.*--encoding"):
        list(lines(path))


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no named pipes here")
def test_a_pipe_is_read_but_once(tmp_path):
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    writer = threading.Thread(target=pipe.write_bytes, args=(codecs.BOM_UTF8 + "\n".join(CHINESE).encode(),))
    writer.start()
    assert list(lines(pipe)) == CHINESE
    writer.join()


def test_a_saved_vocabulary_that_an_editor_marked(tmp_path):
    path = tmp_path / "v.json"
    Vocabulary(["龙", "a"]).save(path)
    path.write_bytes(codecs.BOM_UTF8 + path.read_bytes())
    assert Vocabulary.load(path).words == ["龙", "a"]


# -- the command line -------------------------------------------------------------------------


def trained(path, *more):
    model = path.with_suffix(".npz")
    code = main(["train", str(path), "--cell", "rnn", "--hidden", "3", "--epochs", "1", "-o", str(model), *more])
    return code, checkpoint.load(model)[1]["about"]["words"] if code == 0 else None


@pytest.mark.parametrize("encoding", MARKS)
def test_train_reads_what_is_marked(encoding, tmp_path):
    words = Vocabulary.build(CHINESE, level="character").words
    assert trained(written(tmp_path, CHINESE, encoding, MARKS[encoding])) == (0, words)


def test_train_says_which_encoding_to_write_and_takes_it(tmp_path, capsys):
    path = written(tmp_path, CHINESE, "gbk")
    assert trained(path) == (2, None)
    assert "write --encoding gbk in a command" in capsys.readouterr().err
    assert trained(path, "--encoding", "gbk") == (0, Vocabulary.build(CHINESE, level="character").words)
    assert trained(path, "--encoding", "no-such") == (2, None)
    assert "no encoding 'no-such'" in capsys.readouterr().err
