"""How words are told from programs, style sheets and markup."""

from __future__ import annotations

import re

TAG = re.compile(  # those that HTML and SVG have; "x<t>" and "<EOS>" are none
    r"<[/!?]?(?:DOCTYPE|a|article|aside|b|body|br|button|caption|code|dd|defs|details|div|dl|dt|em|figcaption|figure|footer|"
    r"g|h[1-6]|head|header|hr|html|i|iframe|img|input|kbd|label|li|line|link|main|math|meta|nav|noscript|ol|option|output|p|path|"
    r"pattern|polyline|pre|rect|script|section|select|small|span|strong|style|sub|summary|sup|svg|table|tbody|td|text|tfoot|th|"
    r"thead|title|tr|tspan|ul|xml)(?:[\s/][^<>]*)?>"
)
CODE_STARTS = re.compile(
    r"(import |from \S+ import|def \S+\(|exec\(|\w+ = (\{\{|\(np)|zero if|return\b|for \S+(, \S+)* in .*:$|if .*:$|"
    r"elif |else:|while .*:$|class \w+[(:]|assert |raise \w+\(|try:$|with [\w.()]+( as \w+)?:$|lambda |del |"
    r"var |let |const |Require |Proof|Lemma |Theorem |Qed|Ltac |<|@\w+(\(|$)|#include|digraph )"
)
CSS = re.compile(
    r"\{\{ ?[\w-]+: [^;}]*[;}] ?|"
    r"(^|[;{] ?)(color|margin|display|padding|font|border|position|width|height|max-\w+|overflow|background)"
    r"[\w-]*: [^;]*;"
)
TOKEN = re.compile(r"[(\[“‘'\"]?[A-Za-z]?[a-z]+(?:['’-][a-z]+)*[.,:;!?)\]”’'\"…]*")



def mostly_words(template: str) -> bool:
    """Whether at least every third piece is a word."""
    pieces = re.sub(r"\{\w+\}", " ", template).split()
    words = [p for p in pieces if TOKEN.fullmatch(p)]
    return len(words) * 3 >= len(pieces)
