"""What every Source must do. Subclass, and say how to make locations that can and that cannot be read."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from agent.errors import SourceError
from agent.ports import Failure, Source
from agent.records import Document
from agent.text.normal import tidy


class SourceConformance:
    """Give four fixtures.

    source: the source; good: a location with at least one document; missing: a location where nothing is;
    unusable: a location that exists but holds nothing that the source can read.
    """

    def test_a_good_location_gives_documents(self, source: Source, good: str) -> None:
        assert any(isinstance(item, Document) for item in source.read(good))

    def test_it_reads_when_asked_and_not_before(self, source: Source, good: str, missing: str) -> None:
        assert isinstance(source.read(good), Iterator)
        source.read(missing)  # raises only when its first item is asked for

    def test_documents_are_normalized_and_say_where_they_are_from(self, source: Source, good: str) -> None:
        for item in source.read(good):
            if isinstance(item, Document):
                assert item.text == tidy(item.text)
                assert item.text
                assert item.title.strip()
                assert "\n" not in item.title
                assert item.source
                assert item.model_dump_json().encode("utf-8")

    def test_failures_say_where_and_why(self, source: Source, good: str) -> None:
        for item in source.read(good):
            if isinstance(item, Failure):
                assert item.where
                assert item.reason

    def test_reading_again_gives_the_same(self, source: Source, good: str) -> None:
        assert list(source.read(good)) == list(source.read(good))

    def test_ids_are_distinct_and_follow_from_the_content(self, source: Source, good: str) -> None:
        documents = [item for item in source.read(good) if isinstance(item, Document)]
        assert [d.id for d in documents] == [Document.make(d.title, d.text, part=d.part).id for d in documents]
        assert len({d.id for d in documents}) == len({(d.title, d.text, d.part) for d in documents})

    def test_a_missing_location_is_a_source_error_that_says_what_to_do(self, source: Source, missing: str) -> None:
        with pytest.raises(SourceError) as raised:
            list(source.read(missing))
        assert raised.value.cause
        assert raised.value.mend

    def test_an_unusable_location_is_a_source_error_that_names_it(self, source: Source, unusable: str) -> None:
        with pytest.raises(SourceError) as raised:
            list(source.read(unusable))
        assert unusable in raised.value.cause
        assert raised.value.mend
