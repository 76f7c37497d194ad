"""English words whose part of speech is known: the closed classes whole, and the verbs of captions."""

from __future__ import annotations

from vtr.models.heads.tagging.tags import Tag

_CLOSED = {
    Tag.DET: "a an the this that these those each every some any no all both another either neither",
    Tag.PRON: "i you he she it we they me him her us them his its our their my your mine who whom which what "
    "whose there here something someone somebody everything everyone nothing nobody anything anyone itself "
    "himself herself themselves",
    Tag.AUX: "is are was were be been being am has have had having do does did will would can could shall "
    "should may might must isn't aren't wasn't weren't doesn't don't didn't can't won't",
    Tag.ADP: "in on at by of to from with without into onto over under above below between among through "
    "across along around about near beside behind beyond inside outside against during before after until "
    "since for off toward towards upon within underneath beneath past via like as out",
    Tag.CONJ: "and or but nor so yet while when whereas because although though if than then once how why",
    Tag.PART: "not n't",
    Tag.ADV: "slowly quickly rapidly again away back together apart always never often sometimes soon later "
    "next now first finally very too quite almost fast hard well meanwhile afterwards eventually twice "
    "forward forwards backward backwards upward upwards downward downwards sideways up down left right "
    "clockwise anticlockwise counterclockwise only also just still instead outdoors indoors outward inward "
    "diagonally round upside",
    Tag.NUM: "zero one two three four five six seven eight nine ten eleven twelve hundred thousand",
    Tag.ADJ: "red green blue yellow orange purple pink brown black white grey gray cyan magenta golden "
    "silver big small large little tiny huge tall short long young old new dark bright light wet dry hot "
    "cold empty full open wooden straight striped dotted checked plain same other different many several "
    "checkered few more most less beautiful happy sad busy quiet loud soft heavy "
    "thin thick wide narrow deep high low "
    "clear dirty clean fresh main whole spotted medium elderly blond blonde asian sunny cloudy rainy "
    "snowy tiled friendly lonely lovely",
}

_NOUNS = (
    "man men woman women child children people person boy girl baby dog cat horse bird car truck bus train "
    "bike bicycle boat plane ball milk water wall floor street road tree trees house room kitchen table "
    "meadow desert sea snow forest bricks brick tiles clouds sky grass sand night day dawn dusk sunrise "
    "sunset daylight square triangle star heart ring crescent video clip scene thing moment "
    "family belly jelly bed shed seed speed building ceiling evening string spring wing king morning "
    "something zigzag line time beginning end body food bell siren glass bridge city beach mountain "
    "river lake pool field garden park hand hands head face hair hat shirt dress front music "
    "picnic animal festival metal hospital"
)
NOUNS = frozenset(_NOUNS.split())
"""Words that a suffix would mislead about, and the commonest of captions."""

_VERBS = (
    "add approach arrive ask bake balance bark beat become begin bend bite blink blow bounce break bring "
    "brush build burn buzz call carry catch change chase chirp chop circle clap clean climb close come cook "
    "contract cover crash crawl cross cry cut dance dive draw drift drink drive drop eat enter expand "
    "explain explore fall feed fight fill find flash flip float flow fly fold follow get give glide go grab "
    "grow happen hear hit hold hop hug hurry ignite jog join juggle jump keep kick kiss knock land laugh "
    "leap leave lie lift light listen look lower make march meet melt mix move open pass pause peel pet pick "
    "play point pour pull punch push put raise reach read remove repair rest return ride ring rise roll "
    "rotate row rub run sail say see sell shake shine shoot show shrink sing sit skate ski sleep slice "
    "slide smile sniff sound speak spin splash spread spin stand start stay step stir stop stretch strike "
    "study surf swim swing take talk taste teach tell throw tick tickle toss touch travel tremble trot try "
    "tumble turn type use vanish visit wail wait walk wander wash watch wave wear whistle wipe work wrap "
    "write yawn zoom appear disappear"
)
_IRREGULAR = (
    "went gone came ran rode ridden flew flown fell fallen ate eaten drank drove driven swam swum sang sung "
    "sat stood took taken threw thrown wrote written held kept left lay made met put shook shaken shot slept "
    "spoke spun rang rung grew grown shrank shrunk began begun broke broken caught cut gave given got hit "
    "saw seen heard"
)
_VOWELS = "aeiou"

CLOSED: dict[str, Tag] = {word: tag for tag, words in _CLOSED.items() for word in words.split()}
"""Word to its only tag, but for what context corrects (``left`` after a determiner is a noun)."""


def forms(verb: str) -> set[str]:
    """The regular forms of ``verb``: step, steps, stepped, stepping."""
    if verb.endswith("e") and not verb.endswith("ee"):
        return {verb, verb + "s", verb + "d", verb[:-1] + "ing", verb + "ing"}
    if verb.endswith("y") and verb[-2] not in _VOWELS:
        return {verb, verb[:-1] + "ies", verb[:-1] + "ied", verb + "ing"}
    found = {verb, verb + "s", verb + "es", verb + "ed", verb + "ing"}
    if verb[-1] not in _VOWELS + "wxy" and verb[-2] in _VOWELS and verb[-3:-2] not in _VOWELS:
        found |= {verb + verb[-1] + "ed", verb + verb[-1] + "ing"}
    if verb == "travel":
        found |= {"travelled", "travelling"}
    return found


VERBS = frozenset(_IRREGULAR.split()).union(*(forms(verb) for verb in _VERBS.split()))
"""Words that can be verbs; many are nouns too, which context decides."""
