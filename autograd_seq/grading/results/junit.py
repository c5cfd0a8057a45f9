"""Results as JUnit XML, which GitHub, GitLab and Jenkins show: a suite a submission, a case a function."""

from __future__ import annotations

from xml.etree import ElementTree

from autograd_seq.grading.gradebook import Gradebook
from autograd_seq.grading.plain_text import plain
from autograd_seq.grading.submission import Submission
from autograd_seq.translation.reader import translated


def as_junit(book: Gradebook) -> str:
    """An XML document; wrong is a failure, and no verdict an error."""
    suites = ElementTree.Element("testsuites", name=plain(book.title, 1))
    for submission in book:
        suites.append(_suite(submission))
    for key in ("tests", "failures", "errors"):
        suites.set(key, str(sum(int(suite.get(key, "0")) for suite in suites)))
    ElementTree.indent(suites)
    return '<?xml version="1.0" encoding="utf-8"?>\n' + ElementTree.tostring(suites, encoding="unicode") + "\n"


def _suite(submission: Submission) -> ElementTree.Element:
    path = plain(submission.path, 1)
    suite = ElementTree.Element("testsuite", name=path)
    for name, function in submission.functions.items():
        case = ElementTree.SubElement(suite, "testcase", classname=path, name=plain(name, 1), time="0")
        if function.verdict == "wrong":
            said = translated(function.marks) if function.points else "wrong"
            ElementTree.SubElement(case, "failure", message=said).text = plain(translated(function.text))
        elif not function.ok:
            reason = plain(translated(function.reason or ""))
            ElementTree.SubElement(case, "error", message=reason.partition("\n")[0]).text = reason
    if submission.reason is not None:
        name = translated("the file as a whole")
        case = ElementTree.SubElement(suite, "testcase", classname=path, name=name, time="0")
        reason = plain(translated(submission.reason))
        ElementTree.SubElement(case, "error", message=reason.partition("\n")[0]).text = reason
    suite.set("tests", str(len(suite)))
    suite.set("failures", str(len(suite.findall("testcase/failure"))))
    suite.set("errors", str(len(suite.findall("testcase/error"))))
    return suite
