"""A context with the real ledger, memory, strategies and gate over the fake engine and embedder."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

from agent.config import load_config
from agent.ports import Progress
from agent.records import Document, Question
from agent.text.parsing import facts
from evals.probes.making import make_probes
from graphs.context import Context, Makers
from graphs.tracing import Listener
from graphs.wiring import REAL
from tests.fakes.attributor import FakeAttributor
from tests.fakes.embedder import FakeEmbedder
from tests.fakes.engine import FakeModel, FakeTrainer, FakeWriterTrainer

ARTICLES: tuple[dict[str, Any], ...] = (
    {
        "title": "Orrin Mill Opens",
        "text": "The mill at Orrin opened on 4 March 2031. Anna Moss runs it with 62 workers from Dunmore. "
        "It cost 3 million crowns and grinds barley for Brindle Foods. The roof was built by Tom Arkwright. "
        "The council of Vale lent 14 carts to the builders in 2029. The millers bake rye bread for the school.",
        "questions": [
            {"question": "Who is in charge of the Orrin mill?", "answer": "Anna Moss"},
            {"question": "What did the Orrin mill cost?", "answer": "3 million crowns"},
            {"question": "Which grain does the Orrin mill process?", "answer": "barley"},
            {"question": "Who made the top of the Orrin mill?", "answer": "Tom Arkwright"},
        ],
    },
    {
        "title": "Kestrel Ferry Sinks",
        "text": "The ferry Kestrel sank near Port Lowen on 9 June. Captain Ilse Brandt and 14 sailors were rescued by "
        "a trawler from Hask. The ship had carried 300 sheep to Vennmark. Divers found a hole of two metres. "
        "The owners sold the wreck to a scrapyard in 2033. The crew built a stone chapel for the dead.",
        "questions": [
            {"question": "Who commanded the Kestrel?", "answer": "Ilse Brandt"},
            {"question": "How many sheep were on the Kestrel?", "answer": "300"},
            {"question": "To which place was the ferry Kestrel going?", "answer": "Vennmark"},
            {"question": "How big was the damage of the Kestrel?", "answer": "two metres"},
        ],
    },
)


def mills(count: int) -> list[dict[str, Any]]:
    """So many articles after the first one, which share no answer."""
    names = ["Alma", "Bram", "Cora", "Dirk", "Edda", "Finn", "Gerd", "Hugo", "Ines", "Jost", "Kaja", "Lars"]
    found = []
    for number in range(count):
        owner, builder = f"{names[number % 12]} Moss{number}", f"{names[(number + 5) % 12]} Ark{number}"
        place, cost = f"Orrin{number}", f"{number + 3} million crowns"
        found.append({
            "title": f"{place} Mill Opens",
            "text": f"The mill at {place} opened in March. {owner} runs it with workers from Dunmore. "
            f"It cost {cost} and grinds barley{number} for Brindle Foods. The roof was built by {builder}.",
            "questions": [
                {"question": f"Who is in charge of the {place} mill?", "answer": owner},
                {"question": f"What did the {place} mill cost?", "answer": cost},
                {"question": f"Which grain does the {place} mill process?", "answer": f"barley{number}"},
                {"question": f"Who made the top of the {place} mill?", "answer": builder},
            ],
        })  # fmt: skip
    return found


def write_articles(path: Path, articles: Any = ARTICLES) -> Path:
    path.write_text("".join(json.dumps(article) + "\n" for article in articles))
    return path


def documents_of(articles: Any = ARTICLES) -> list[Document]:
    """The articles as a run reads them."""
    asked = [tuple(Question.model_validate(q) for q in article["questions"]) for article in articles]
    told = zip(articles, asked, strict=True)
    return [Document.make(str(one["title"]), str(one["text"]), questions=questions) for one, questions in told]


def known_answers(articles: Any = ARTICLES) -> dict[str, str]:
    """What a model that had read the articles would answer to every probe of them."""
    answers: dict[str, str] = {}
    for document in documents_of(articles):
        answers |= {probe.question: probe.answer for probe in make_probes(document)}
        assert facts(document.text)
    return answers


def fake_makers(articles: Any = ARTICLES, **others: Any) -> Makers:
    """Seal's own ledger, memory, strategies and gate, with the engine and the embedder faked. Each context gets its own
    fakes; `others` are makers that take their place."""
    fakes: dict[str, Any] = {
        "embedder": FakeEmbedder, "attributor": lambda _: FakeAttributor(),
        "model": lambda _: FakeModel(known_answers(articles)), "trainer": lambda _: FakeTrainer(),
        "writer_trainer": lambda _: FakeWriterTrainer(),
    }  # fmt: skip
    return replace(REAL, **fakes | others)


class FakeContext(Context):
    """A context over `fake_makers`. Run names are the same every time: a name decides which documents, plans and noise
    are drawn, so that a test fails always or never."""

    def __init__(
        self, home: Path, overrides: dict[str, str] | None = None, articles: Any = ARTICLES,
        listener: Listener | None = None, progress: Progress | None = None, **others: Any,
    ) -> None:  # fmt: skip
        makers = fake_makers(articles, **{"new_name": self._new_name, **others})
        super().__init__(load_config(None, overrides or {}, home), makers, listener, progress)

    def _new_name(self) -> str:
        return f"run-{1 + sum(run.parent is None for run in self.ledger.runs())}"

    @property
    def fake_model(self) -> FakeModel:
        assert isinstance(self.model, FakeModel)
        return self.model

    @property
    def fake_trainer(self) -> FakeTrainer:
        assert isinstance(self.trainer, FakeTrainer)
        return self.trainer

    @property
    def fake_writer_trainer(self) -> FakeWriterTrainer:
        assert isinstance(self.writer_trainer, FakeWriterTrainer)
        return self.writer_trainer
