from __future__ import annotations

import pytest

from agent.text.parsing import Fact, facts, sentences

TEXT = (
    "The mill at Orrin opened on 4 March 2031. Anna Moss runs it with 62 workers from Dunmore. "
    "It cost 3 million crowns and grinds barley for Brindle Foods."
)


def fact(answer: str) -> Fact:
    return next(f for f in facts(TEXT) if f.answer == answer)


@pytest.mark.parametrize(
    "answer", ["Orrin", "4 March 2031", "Anna Moss", "62 workers", "Dunmore", "3 million crowns", "barley"]
)
def test_names_dates_amounts_and_things_are_found(answer: str) -> None:
    assert fact(answer)


def test_the_answer_stands_where_the_offsets_say() -> None:
    for f in facts(TEXT):
        assert f.sentence[f.start : f.end] == f.answer


def test_questions_do_not_hold_their_answer() -> None:
    for f in facts(TEXT):
        assert f.answer not in f.in_place
        assert f.answer not in f.clause_question


def test_a_question_in_place_is_the_whole_sentence() -> None:
    assert fact("62 workers").in_place == "Anna Moss runs it with how many workers from Dunmore?"


def test_sentences_keep_every_word() -> None:
    assert " ".join(sentences(TEXT)).split() == TEXT.split()


@pytest.mark.parametrize(
    ("text", "cut"),
    [
        (
            "Le moulin a ouvert le 4 mars. M. Dupont le dirige avec des ouvriers de la vallée ! Il a coûté 3.5 sous.",
            [
                "Le moulin a ouvert le 4 mars.",
                "M. Dupont le dirige avec des ouvriers de la vallée !",
                "Il a coûté 3.5 sous.",
            ],
        ),
        (
            "Die Mühle wurde am 4. März 2031 eröffnet. „Sie mahlt gut.” Das Dach wurde im Winter gebaut.",
            ["Die Mühle wurde am 4. März 2031 eröffnet.", "„Sie mahlt gut.”", "Das Dach wurde im Winter gebaut."],
        ),
    ],
    ids=["fr", "de"],
)
def test_other_languages_in_latin_script_are_cut_into_sentences_without_facts(text: str, cut: list[str]) -> None:
    assert sentences(text) == cut
    assert facts(text) == []


def test_other_scripts_are_cut_into_sentences_without_facts() -> None:
    text = "奥林磨坊开业。安娜经营它。"
    assert sentences(text) == ["奥林磨坊开业。", "安娜经营它。"]
    assert facts(text) == []


@pytest.mark.parametrize("text", ["In May the council approved both", "The council of Tarn bought it"])
def test_a_pronoun_may_end_a_text_without_a_stop(text: str) -> None:
    """What is left of it as a span is empty and stands behind the last word."""
    assert "council" in " ".join(fact.answer for fact in facts(text))
    assert facts(f"Odo Marsh runs the ferry.\n\n{text}")[0].answer == "Odo Marsh"


@pytest.mark.parametrize("text", ["", "Hm", "...", "1 2 3", "((((", "\n\n", "Why?" * 50])
def test_odd_texts_do_not_break_the_parser(text: str) -> None:
    assert isinstance(facts(text), list)


def question(text: str, answer: str) -> str:
    return next(f.clause_question for f in facts(text) if f.answer == answer)


def test_an_apposition_says_what_its_name_is() -> None:
    told = "Petra Lind, a former harbour master, crossed the bridge on Monday."
    assert question(told, "former harbour master") == "Petra Lind is a what?"
    told = '"It sways a little," said Petra Lind, the harbour master of Dunmore.'
    assert question(told, "harbour master") == "Petra Lind was the what of Dunmore?"


def test_who_said_something_is_asked_with_what_was_said() -> None:
    told = "Flight director Anna Moss said the drill still works."
    assert question(told, "Anna Moss") == "Flight director who said the drill still works?"


def test_a_preposition_decides_between_person_and_place() -> None:
    told = "Copies are made by a toy firm, and the originals go on show in Castle Rethwin from 8 December."
    assert question(told, "Castle Rethwin") == "The originals go on show in which place from 8 December?"
    assert question("It is made by Agnes Vimmerlund on a farm near Dunmore.", "Agnes Vimmerlund").endswith("by who?")


def test_an_ordinal_is_not_an_amount() -> None:
    told = "She would use the money to buy a second-hand tractor."
    assert question(told, "second-hand tractor").endswith("a what?")


@pytest.mark.parametrize(
    ("text", "answer", "asked"),
    [
        ("Haldric's chairwoman, Odile Brackenreed, will lead the company.", "Odile Brackenreed",
         "Who will lead the company?"),
        ("Wim Oosterdale has been suspended by the owners, Greyling Lines.", "Greyling Lines",
         "Wim Oosterdale has been suspended by who?"),
        ("A hailstorm tore through the valley on Thursday evening.", "Thursday evening",
         "A hailstorm tore through the valley when?"),
        ("Anna Moss, who learned the trade at Dunmore, bought the mill.", "trade",
         "Anna Moss learned the what at Dunmore?"),
        ("In 2031 the council bought the mill at Orrin.", "2031", "The council bought the mill at Orrin when?"),
        ("Bruno Marsh, a pupil from Dunmore, plays the solo.", "pupil", "Bruno Marsh is a what from Dunmore?"),
        ("Anna Moss has set aside 81 million crowns for the repairs.", "repairs",
         "Anna Moss has set aside 81 million crowns for the what?"),
        ("The group will employ 6,200 people and have its headquarters in Dunmore.", "Dunmore",
         "The group will have its headquarters in which place?"),
        ("She would use the prize money to buy a tractor.", "tractor", "She would use the prize money to buy a what?"),
        ("The count was interrupted for an hour.", "hour", "The count was interrupted for how long?"),
        ("She paid 57,000 crowns for the 240-metre shed.", "240-metre", "She paid 57,000 crowns for the which shed?"),
    ],
)  # fmt: skip
def test_a_clause_is_asked_as_a_person_would_say_it(text: str, answer: str, asked: str) -> None:
    assert question(text, answer) == asked


def test_of_two_things_that_are_said_of_it_the_one_without_a_pronoun_is_asked() -> None:
    told = "The orchestra plays in Frinardean under Zora Laxberg, who praised it."
    assert question(told, "Zora Laxberg") == "The orchestra plays in Frinardean under who?"


@pytest.mark.parametrize(
    ("text", "answer", "asked"),
    [
        (
            "The game was played on February 7, 2016, at Levi's Stadium.",
            "February 7, 2016",
            "The game was played when?",
        ),
        ("In early March 2031 the council met.", "March 2031", "The council met when?"),
        ("Super Bowl 50 was won by the Broncos.", "Super Bowl 50", "What was won by the Broncos?"),
        ("It cost just 85 crowns.", "85 crowns", "It cost how many crowns?"),
    ],
)
def test_a_number_keeps_the_name_before_it(text: str, answer: str, asked: str) -> None:
    assert question(text, answer) == asked
    assert not {f.answer for f in facts(text)} & {"February", "7, 2016", "Super Bowl", "50", "just 85"}


def test_a_long_statement_leaves_out_what_can_be_spared() -> None:
    told = (
        "The council of Orrin opened a museum of bread and beer and cider in the former customs house near the old "
        "bridge in June after a long quarrel about the roof."
    )
    assert question(told, "June") == "The council of Orrin opened a museum of bread and beer and cider when?"
    assert question(told, "museum") == (
        "The council of Orrin opened a what of bread and beer and cider in the former customs house?"
    )


def test_quotations_and_lists_are_asked_by_their_clause() -> None:
    """Not with one quotation mark of two, nor as if the next of a list were the name of the one before."""
    asked = [f.clause_question for f in facts('Tesla attended the "Lower" or "Primary" School in Smiljan.')]
    assert not [line for line in asked if line.count('"') % 2], asked
    family = [f.clause_question for f in facts("He had a brother named Dane and three sisters, Milka, Bea and Marica.")]
    assert not [line for line in family if "were a" in line], family


@pytest.mark.parametrize(
    ("text", "vague"),
    [
        ("The Skjold Foundation paid for half of the lock.", "half"),
        ("Dozens of people saw the lock.", "Dozens"),
        ("None of the shafts are safe.", "None"),
        ("Ines Holm sells bread for 4 crowns a loaf.", "loaf"),
        ("The pumps move 40 tonnes a minute.", "minute"),
    ],
)
def test_what_is_no_amount_is_not_asked_for(text: str, vague: str) -> None:
    assert facts(text)
    assert vague not in {f.answer.removeprefix("a ") for f in facts(text)}


BREAD = "Baker Ines Holm sells seaweed bread at the quay."
CREW = "Captain Hilda Marsh leads a crew of twelve sailors."


@pytest.mark.parametrize("heading", ["Food", "Crew", "Opening hours", "The Baker of Velsund Gets a Prize"])
def test_a_heading_is_no_part_of_the_sentence_below_it_and_no_sentence_itself(heading: str) -> None:
    text = f"{heading}\n\n{BREAD}\n\nPeople\n\n{CREW}"
    assert sentences(text) == [BREAD, CREW]
    assert facts(text) == facts(BREAD) + facts(CREW)


def test_a_paragraph_without_stop_that_has_a_verb_is_a_sentence() -> None:
    told = BREAD.rstrip(".")
    assert sentences(f"{told}\n\n{CREW}") == [told, CREW]
    assert {f.answer for f in facts(f"{told}\n\n{CREW}")} >= {"Baker Ines Holm", "seaweed bread"}


def test_the_items_of_a_list_are_sentences_that_nothing_is_asked_of() -> None:
    items = ["Bread, 4 crowns", "Soup, 12 crowns"]
    assert sentences("\n\n".join([BREAD, *items, CREW])) == [BREAD, *items, CREW]
    assert facts("\n\n".join([BREAD, *items, CREW])) == facts(BREAD) + facts(CREW)
    assert sentences("Bread, 4 crowns") == ["Bread, 4 crowns"]


def test_where_nothing_is_parsed_every_paragraph_is_learned() -> None:
    assert sentences("价格\n\n奥林磨坊开业。安娜经营它。") == ["价格", "奥林磨坊开业。", "安娜经营它。"]
    assert sentences("الأسعار\n\nافتتحت الطاحونة في أورين. تديرها آنا.") == [
        "الأسعار",
        "افتتحت الطاحونة في أورين.",
        "تديرها آنا.",
    ]


def test_a_block_is_learned_whole_and_never_asked_about() -> None:
    code = "mill = Mill(opened=1902)\nmill.sell('Anna Moss', 500)"
    text = f"The mill opened in 1902.\n\n{code}\n\nIt was sold to Anna Moss."
    assert sentences(text) == ["The mill opened in 1902.", code, "It was sold to Anna Moss."]
    assert {fact.sentence for fact in facts(text)} == {"The mill opened in 1902.", "It was sold to Anna Moss."}
