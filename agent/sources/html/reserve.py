"""Text that a page keeps in <noscript> and in script templates, for readers and scripts to put in its place."""

from __future__ import annotations

import re

from lxml import etree  # type: ignore[import-untyped]

from agent.sources.html.tree import drop, parse, tag_of, text_in
from agent.text.normal import count_words

_TEMPLATE_TYPE = re.compile(r"text/(?:html|plain|(?:[\w-]*-)?(?:template|tmpl|handlebars|mustache))")
_MAY_RESERVE = re.compile(rf"<noscript|<template|{_TEMPLATE_TYPE.pattern}", re.IGNORECASE)
_BLANKS = re.compile(r"\{\{|<%|\$\{|\{%")  # to be filled by a script
_SWITCH_ON = re.compile(r"javascript|java script|js ", re.IGNORECASE)
_NOTICE_WORDS = 60
_WORD_CHARACTERS = 14  # what has longer words on average is no prose


def reserved(source: str, more_than: float) -> etree._Element | None:
    """The page with such text in its place; None where it holds at most so many words of it.

    Of several ways to keep the same text the first is taken: <noscript>, <template>, a script.
    """
    if not _MAY_RESERVE.search(source):
        return None
    for tag in ("noscript", "template", "script"):
        root = parse(source)
        if root is not None and _put_in_place(root, tag) > more_than:
            return root
    return None


def _put_in_place(root: etree._Element, tag: str) -> int:
    """How many words were put in place."""
    words = 0
    for element in list(root.iter(tag)):
        inner = _template(element) if tag == "script" else element
        if inner is None:
            continue
        said = text_in(inner)
        count = count_words(said)
        if (
            not count
            or len(said) > _WORD_CHARACTERS * count
            or _BLANKS.search(said)
            or (count <= _NOTICE_WORDS and _SWITCH_ON.search(said))
        ):
            continue
        if inner is not element:
            element.text = None
            element.append(inner)
        element.tag = "div"
        words += count
    return words


def _template(script: etree._Element) -> etree._Element | None:
    if not _TEMPLATE_TYPE.fullmatch((script.get("type") or "").lower()) or "<" not in (script.text or ""):
        return None
    inner = parse(script.text or "")
    body = None if inner is None else inner.find("body")
    if body is not None and tag_of(body):
        for silent in list(body.iter("script", "style")):
            drop(silent)
        body.tag = "div"
    return body
