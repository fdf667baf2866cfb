"""What a text is asked, as whole questions: each rule with the sentence it is for, and what is not asked."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agent.records import Document
from agent.strategies import all_strategies
from agent.text.parsing import facts
from agent.text.questions import Asked, questions
from evals.probes.making import make_probes


def asked(text: str, answer: str, title: str = "News") -> Asked:
    found = [one for one in questions(title, text) if one.answer == answer]
    assert found, [(one.forms[0], one.answer) for one in questions(title, text)]
    return found[0]


def fullest(text: str) -> dict[str, str]:
    """The fullest wordings with their answers."""
    return {one.forms[0]: one.answer for one in questions("News", text)}


TIMES = [
    ("The bridge opened on 4 March 2031.", "When did the bridge open?", "4 March 2031"),
    ("On Monday evening, the council of Hask elected a new mayor.",
     "When did the council of Hask elect a new mayor?", "Monday evening"),
    ("The dukes began a programme of church reform in 1049.",
     "In what year did the dukes begin a programme of church reform?", "1049"),
    ("In 1902 Tom Arkwright built the first bridge over the Lowen.",
     "In what year did Tom Arkwright build the first bridge over the Lowen?", "1902"),
    ("Mr Tomas Vell has led the choir of Dunmore since 1988.",
     "Since when has Mr Tomas Vell led the choir of Dunmore?", "1988"),
    ("The old bakery in Hask stayed open until 12 May.",
     "Until when did the old bakery in Hask stay open?", "12 May"),
    ("The council repaired the clock for six weeks.", "For how long did the council repair the clock?", "six weeks"),
    ("The plague ravaged the harbour of Hask until the 19th century.",
     "Until when did the plague ravage the harbour of Hask?", "19th century"),
    ("The dukes lost their castle in the 11th century.", "When did the dukes lose their castle?", "11th century"),
    ("The plague ravaged the harbour of Hask between 1361 and 1528.",
     "Between which years did the plague ravage the harbour of Hask?", "1361 and 1528"),
    ("Riots troubled the markets of Hask throughout the 1580s.",
     "When did riots trouble the markets of Hask?", "1580s"),
]  # fmt: skip
AMOUNTS = [
    ("The mill employs 62 workers from Dunmore.", "How many workers from Dunmore does the mill employ?", "62"),
    ("The group will employ 6,200 people.", "How many people will the group employ?", "6,200"),
    ("Forty boats left the harbour of Hask on Monday.",
     "How many boats left the harbour of Hask on Monday?", "Forty"),
    ("The council shared the prize with 14 villages.", "With how many villages did the council share the prize?", "14"),
    ("The lock opened after six years of work.", "After how many years of work did the lock open?", "six"),
    ("The lock cost 3 million crowns.", "How many crowns did the lock cost?", "3 million"),
    ("The crack in the dam is 70 centimetres long.", "How long is the crack in the dam?", "70 centimetres"),
    ("The new tower of Brindle is 31 metres high.", "How high is the new tower of Brindle?", "31 metres"),
    ("The wall was two metres thick.", "How thick was the wall?", "two metres"),
    ("The population density was 4,098 people per square mile.", "What was the population density?",
     "4,098 people per square mile"),
]  # fmt: skip
PLACES = [
    ("New Zealand is situated in the Pacific.", "Where is New Zealand situated?", "Pacific"),
    ("The ferry was built in a shed near Hask.", "Where was the ferry built?", "shed near Hask"),
    ("The chapel lies in a valley.", "Where does the chapel lie?", "valley"),
    ("During the flood of 1902 the mayor moved the archive to Dorne.",
     "Where did the mayor move the archive to?", "Dorne"),
]  # fmt: skip
THINGS_AND_PEOPLE = [
    ("The old brewery in Hask was known as the Black Eagle Brewery.", "What was the old brewery in Hask known as?",
     "Black Eagle Brewery"),
    ("The engineers replaced the wooden beams with steel girders.",
     "What did the engineers replace with steel girders?", "wooden beams"),
    ("Sudan will cease exports of oil to Egypt in May.", "What will Sudan cease in May?", "exports of oil to Egypt"),
    ("The council gave Anna Moss the prize of the town in 2001.",
     "What did the council give Anna Moss in 2001?", "prize of the town"),
    ("On Monday evening, the council of Hask elected a new mayor.",
     "Who did the council of Hask elect on Monday evening?", "new mayor"),
    ("The roof of the chapel was repaired by Tom Arkwright in 2019.",
     "By whom was the roof of the chapel repaired in 2019?", "Tom Arkwright"),
    ("The old harbour wall was destroyed by a winter storm.",
     "By what was the old harbour wall destroyed?", "winter storm"),
    ("The Kestrel was sold to a shipping firm in 2003.", "What was the Kestrel sold to?", "shipping firm"),
    ("Anna Moss bought the old mill from Brindle Foods in 2031.",
     "What did Anna Moss buy the old mill from?", "Brindle Foods"),
    ("The monks relied on the help of the villagers.", "What did the monks rely on?", "help of the villagers"),
    ("The statue in the square is made of green marble.", "What is the statue in the square made of?", "green marble"),
    ("The ring consists of gold.", "What does the ring consist of?", "gold"),
    ("Martin Lunt wrote a prayer for the sailors of Hask.",
     "Who did Martin Lunt write a prayer for?", "sailors of Hask"),
    ("The dukes began a programme of church reform in 1049.",
     "What did the dukes begin a programme of?", "church reform"),
    ("The museum agreed to loan the painting to the city of Brevik.",
     "What did the museum agree to loan to the city of Brevik?", "painting"),
    ("The museum agreed to loan the painting to the city of Brevik.",
     "What did the museum agree to loan the painting to?", "city of Brevik"),
    ("The dukes raged against the church in 1049.", "What did the dukes rage against?", "church"),
]  # fmt: skip
NAMES = [
    ("Tora Lindqvist is a marine engineer from Brevik.", "What is Tora Lindqvist?", "marine engineer from Brevik"),
    ("Odile Brackenreed is the mayor of Dunmore.", "Who is the mayor of Dunmore?", "Odile Brackenreed"),
    ("The mayor of Dunmore is Odile Brackenreed.", "Who is the mayor of Dunmore?", "Odile Brackenreed"),
    ("Petra Lind, the harbour master of Dunmore, opened the new lock.",
     "Who was the harbour master of Dunmore?", "Petra Lind"),
    ("Petra Lind, the harbour master of Dunmore, opened the new lock.",
     "What was Petra Lind?", "harbour master of Dunmore"),
    ("The ship's captain, Ilse Brandt, was born in Vennmark.", "Who was the ship's captain?", "Ilse Brandt"),
    ("Anna Moss founded the first paper mill of the valley.",
     "Who was it that founded the first paper mill of the valley?", "Anna Moss"),
    ("Mr Tomas Vell has led the choir of Dunmore since 1988.",
     "Who is it that has led the choir of Dunmore since 1988?", "Mr Tomas Vell"),
    ("Length of the vessel: 31 m", "What is the length of the vessel?", "31 m"),
    ("Beam of the vessel: 8 m; captain of the vessel: Wanda Moss", "Who is the captain of the vessel?", "Wanda Moss"),
]  # fmt: skip
SUBJECTS = [
    ("The council of Tarn bought a ferry. It repaired the wooden deck in 2019.",
     "In what year did the council of Tarn repair the wooden deck?", "2019"),
    ("Anna Moss bought the mill. She sold the barn in 2031.", "In what year did Anna Moss sell the barn?", "2031"),
    ("Two weavers from Hask met in Brevik. They founded a school for sailors in 1985.",
     "In what year did two weavers from Hask found a school for sailors?", "1985"),
    ("The tower was built in 1902. Its spire was destroyed by a storm in 1950.",
     "In what year was the tower's spire destroyed by a storm?", "1950"),
    ("The bridge, built in 1902 by Tom Arkwright, crosses the river.",
     "By whom was the bridge built in 1902?", "Tom Arkwright"),
    ("Anna Moss, who founded the school in 1950, studied chemistry.",
     "In what year did Anna Moss found the school?", "1950"),
    ("The bridge, which crosses the Lowen, was built by Tom Arkwright in 1902.",
     "In what year was the bridge built by Tom Arkwright?", "1902"),
    ("The company reported that the mine in Hask employs 300 miners.",
     "How many miners does the mine in Hask employ?", "300"),
    ("Brindle Foods moved its head office to Vennmark in 2010.",
     "In what year did Brindle Foods move its head office to Vennmark?", "2010"),
    ("The council repaired the tower clock (a gift of the town) in 2019.",
     "What did the council repair in 2019?", "tower clock"),
    ("Ilse Brandt was born in Vennmark in 1960.", "Where was Ilse Brandt born in 1960?", "Vennmark"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("text", "question", "answer"), [*TIMES, *AMOUNTS, *PLACES, *THINGS_AND_PEOPLE, *NAMES, *SUBJECTS]
)
def test_a_question_is_whole_and_english(text: str, question: str, answer: str) -> None:
    found = {form: one.answer for one in questions("News", text) for form in one.forms[:1]}
    assert found.get(question) == answer, found


@pytest.mark.parametrize(
    "text",
    [
        "The council did not repair the harbour clock in 2019.",
        "The council never repaired the harbour clock in 2019.",
        "The council may repair the harbour clock in 2019.",
        "The council would have sold the old ferry to Brevik in 2019.",
        "If the council sold the ferry in 2019, Hask lost its link to Brevik.",
        "The council thinks that the mine in Hask employs 300 miners.",
        "Did Anna Moss repair the harbour clock in 2019?",
        "There were 40 boats in the harbour of Hask in 1990.",
        "It repaired the harbour clock in 2019.",
        "He repaired the harbour clock in 2019.",
        "They repaired the harbour clock in 2019.",
        "Its doors are made of green marble.",
        "This council repaired the harbour clock in 2019.",
        "The council et al. repaired the harbour clock in 2019.",
        'The council repaired the "old lady" of Hask in 2019.',
        "None of the shafts are safe for the miners.",
        "Anna Moss sold the barn, the mill, the shed, the old bakery and the farm in 2019.",
        "Harbour Gets a Lock",
        "Opening hours: 9 to 17",
        "The main dish: soup, bread and cheese",
        "Der Rat von Dunmore kaufte die alte Fähre im Jahr 2019 von einer Werft in Brevik.",
        "mill = Mill(opened=1902)\nmill.sell('Anna Moss', 500)",
        "Odo Marsh runs it",
        "Why the council approved both",
    ],
)
def test_what_is_not_told_for_itself_is_not_asked(text: str) -> None:
    assert fullest(text) == {}


@pytest.mark.parametrize(
    ("text", "wrong"),
    [
        ("The plan to cut the number of boats was refused in 2019.", "number"),
        ("The committee elected Anna Moss president of the club in 2001.", "Anna Moss president of the club"),
        ("Anna Moss won the prize, the medal, the cup, the crown and the ring in 2019.", "prize"),
        ("The council bought the ferry, a tug and two rowing boats in 2019.", "ferry"),
        ("Anna Moss won the prize, the medal, and the cup in 2019.", "prize, the medal"),
        ("The firm reached an end in 1990.", "end"),
    ],
)
def test_half_a_phrase_and_an_empty_noun_are_no_answers(text: str, wrong: str) -> None:
    assert wrong not in fullest(text).values()


def test_half_a_list_is_in_no_question() -> None:
    assert fullest("Anna Moss won the prize, the medal, and the cup in 2019.") == {}


def test_no_question_holds_its_answer_or_asks_for_what_the_title_says() -> None:
    text = "Anna Moss bought the old mill from Brindle Foods in 2031."
    assert {one.answer for one in questions("News", text)} - {
        one.answer for one in questions("The Old Mill", text)
    } == {"old mill"}
    for one in questions("News", text):
        assert all(one.answer.casefold() not in form.casefold() for form in one.forms)


def test_later_wordings_leave_out_what_can_be_spared_and_never_an_object() -> None:
    text = "Anna Moss bought the old mill from Brindle Foods in 2031."
    assert asked(text, "old mill").forms == (
        "What did Anna Moss buy from Brindle Foods in 2031?",
        "What did Anna Moss buy from Brindle Foods?",
        "What did Anna Moss buy?",
    )
    assert asked(text, "2031").forms == (
        "In what year did Anna Moss buy the old mill from Brindle Foods?",
        "In what year did Anna Moss buy the old mill?",
    )


LONG = (
    "In the year after the flood, when the houses by the quay stood empty, when the boats lay on the shore and the "
    "people had left for the hills, the council of Tarn bought a second ferry in 1931."
)


@pytest.mark.parametrize(
    ("text", "answer", "doubts"),
    [
        ("The dukes began a programme of church reform in 1049.", "1049", ()),
        ("The bridge opened on 4 March 2031.", "4 March 2031", ("short",)),
        ("The council repaired the clock for six weeks.", "clock", ("one word",)),
        ("The council of Tarn bought a ferry. It repaired the wooden deck in 2019.", "2019", ("pronoun",)),
        ("Two engineers from Brevik repaired the tidal lock in 2019.", "2019", ("quantity",)),
        ("Anna Moss and Tom Arkwright founded the school in 1950.", "1950", ("subject of several",)),
        ("The bridge, built in 1902 by Tom Arkwright, crosses the river.", "1902", ("participle",)),
        ("Anna Moss, who founded the school in 1950, studied chemistry.", "Anna Moss",
         ("more is said of the answer",)),
        ("The mayor opened the lock on Monday and repaired the tower clock in 2019.", "2019", ("shared subject",)),
        (LONG, "1931", ("long sentence",)),
    ],
)  # fmt: skip
def test_what_may_make_a_bad_question_is_kept_with_it(text: str, answer: str, doubts: tuple[str, ...]) -> None:
    assert asked(text, answer).doubts == doubts


def test_a_name_that_the_recognizer_takes_for_no_place_is_a_doubt() -> None:
    found = questions("News", "Anna Moss opened a school for weavers in Dunmore.")
    where = next(one for one in found if one.forms[0].startswith("Where"))
    assert (where.answer, where.doubts) == ("Dunmore", ("unknown name",))


def test_he_and_she_are_whom_the_title_names() -> None:
    text = "Anna Moss was a sailor from Hask.\n\nIn 1960 she built the first tidal lock."
    question = "In what year did Anna Moss build the first tidal lock?"
    assert question in {one.forms[0] for one in questions("Anna Moss", text)}
    assert not any("1960" in one.answer for one in questions("A Tidal Lock", text))


def test_a_block_between_paragraphs_changes_nothing() -> None:
    told = ["Anna Moss bought the old mill in 2031.", "The statue is made of green marble."]
    code = "opened = 1902\nsold = 'The council repaired the clock for six weeks.'"
    assert questions("News", "\n\n".join([told[0], code, told[1]])) == questions("News", "\n\n".join(told))


WORDS = [
    *(
        "the",
        "a",
        "of",
        "in",
        "by",
        "for",
        "to",
        "with",
        "and",
        "or",
        "not",
        "if",
        "which",
        "who",
        "that",
        "such",
        "as",
    ),
    *(
        "is",
        "was",
        "has",
        "been",
        "will",
        "bought",
        "repaired",
        "made",
        "she",
        "his",
        "it",
        "its",
        "both",
        "this",
        "'s",
    ),
    *("council", "boats", "mill", "Anna", "Moss", "Hask", "1902", "300", "two", "metres", "long", "than", "n't"),
    *("(", ")", "[", "]", ",", ".", ";", ":", "-", "\u2014", '"', "'", "%", "$", "...", "?", "!", "\n", "\n\n"),
]


@settings(max_examples=60, deadline=None)
@given(st.lists(st.sampled_from(WORDS), max_size=30))
def test_no_text_breaks_a_question(tokens: list[str]) -> None:
    text = " ".join(tokens)
    for one in questions("News", text):
        assert one.answer
        assert all(form[0] == form[0].upper() and form.endswith("?") for form in one.forms)
    facts(text)


@settings(max_examples=40, deadline=None)
@given(st.text(max_size=60))
def test_no_characters_break_a_question(text: str) -> None:
    assert isinstance(questions(text, text), list)


@pytest.mark.parametrize(
    "end", ["Why the council approved both", "Odo Marsh sold it", "The mayor saw that", "none", "("]
)
def test_every_stage_takes_a_text_that_ends_without_a_stop(end: str) -> None:
    text = f"The council of Tarn bought the old ferry in 2019. Odo Marsh runs it.\n\n{end}"
    document = Document.make("Ferry notes", text)
    assert {one.forms[0] for one in questions(document.title, text)} == {
        "What did the council of Tarn buy in 2019?",
        "In what year did the council of Tarn buy the old ferry?",
    }
    assert {fact.answer for fact in facts(text)} >= {"council", "Tarn", "old ferry", "2019", "Odo Marsh"}
    assert {probe.kind for probe in make_probes(document)} == {"parsed", "cloze"}
    for name in ("facts", "cloze"):
        examples = all_strategies()[name].write(document, "", None)
        assert any("runs it" in example.text for example in examples)
        assert any(example.completion.strip() == end for example in examples)


@pytest.mark.parametrize(
    ("text", "answer", "core"),
    [
        ("The team has asked the town to ban swimming in the lower pool.", "swimming in the lower pool", "swimming"),
        ("Sudan will cease exports of oil to Egypt in May.", "exports of oil to Egypt", "exports of oil to Egypt"),
        ("The king signed a treaty with Denmark in 1713.", "treaty with Denmark", "treaty with Denmark"),
        ("Anna Moss built the least expensive ferry in 1902.", "least expensive ferry", "least expensive ferry"),
        ("The ferry carries up to 40 tonnes of grain.", "up to 40", "40"),
        ("The club was founded by the only child of the mayor.", "only child of the mayor", "only child of the mayor"),
        ("The dukes began a programme of church reform in 1049.", "programme of church reform",
         "programme of church reform"),
        ("The animal of the caves measures only 11 millimetres.", "only 11", "11"),
        ("Head teacher: Ludwig Thorngard from Ulvelby.", "Ludwig Thorngard from Ulvelby", "Ludwig Thorngard"),
        ("Number of pupils: only 15.", "only 15", "15"),
        ("Start of the bus: the market square in Gralinby.", "market square in Gralinby", "market square"),
        ("Owner of the old mill: Society for Brindle Bridges.", "Society for Brindle Bridges",
         "Society for Brindle Bridges"),
    ],
)  # fmt: skip
def test_what_only_says_more_of_an_answer_need_not_be_said(text: str, answer: str, core: str) -> None:
    assert asked(text, answer).core == core
    (probe,) = [p for p in make_probes(Document.make("News", text), cloze=False) if p.answer == answer]
    assert (probe.core, probe.least) == ("" if core == answer else core, core)
