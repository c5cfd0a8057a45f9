"""Results as JUnit XML, which GitHub, GitLab and Jenkins show: a suite a submission, a case a function."""

from __future__ import annotations

from xml.etree import ElementTree

from autograd_seq.grading.gradebook import Gradebook
from autograd_seq.grading.plain_text import one_line, plain
from autograd_seq.grading.submission import Submission
from autograd_seq.translation.reader import translated


def as_junit(book: Gradebook) -> str:
    """An XML document; wrong is a failure, and no verdict an error."""
    suites = ElementTree.Element("testsuites", name=plain(book.title, 1))
    for submission in book:
        suites.append(_suite(submission))
    suites.set("time", _time(sum(submission.seconds for submission in book)))
    for key in ("tests", "failures", "errors"):
        suites.set(key, str(sum(int(suite.get(key, "0")) for suite in suites)))
    ElementTree.indent(suites)
    return '<?xml version="1.0" encoding="utf-8"?>\n' + ElementTree.tostring(suites, encoding="unicode") + "\n"


def _suite(submission: Submission) -> ElementTree.Element:
    path = one_line(submission.path)
    suite = ElementTree.Element("testsuite", name=path, time=_time(submission.seconds))
    for name, function in submission.functions.items():
        case = ElementTree.SubElement(suite, "testcase", classname=path, name=plain(name, 1))
        case.set("time", _time(function.seconds))
        if function.verdict == "wrong":
            said = translated(function.marks) if function.points else "wrong"
            ElementTree.SubElement(case, "failure", message=said, type="wrong").text = plain(translated(function.text))
        elif not function.ok:
            reason = plain(translated(function.reason or ""))
            _error(case, reason)
    if submission.reason is not None:
        name = translated("the file as a whole")
        case = ElementTree.SubElement(suite, "testcase", classname=path, name=name)
        rest = submission.seconds - sum(function.seconds for function in submission.functions.values())
        case.set("time", _time(max(rest, 0.0)))
        _error(case, plain(translated(submission.reason)))
    suite.set("tests", str(len(suite)))
    suite.set("failures", str(len(suite.findall("testcase/failure"))))
    suite.set("errors", str(len(suite.findall("testcase/error"))))
    return suite


def _error(case: ElementTree.Element, reason: str) -> None:
    ElementTree.SubElement(case, "error", message=reason.partition("\n")[0], type="no verdict").text = reason


def _time(seconds: float) -> str:
    """Seconds as the schema has them: at most three decimals, and no exponent."""
    return f"{seconds:.3f}"
