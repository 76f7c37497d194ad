"""Captions of a scene, of one event, of an edit: built from the structure itself, so that they are true."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from vtr.evaluation.corpus.edits import Edit
from vtr.evaluation.corpus.grammar import Grammar
from vtr.evaluation.corpus.lexicon import (
    ADVERB,
    DIRECTION,
    NUMBER,
    PLACE,
    RELATION,
    SHAPE_PLURAL,
    SOUND,
    TIME,
    VERBS,
    Voice,
)
from vtr.evaluation.corpus.scene import Event, Scene, Thing


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]


def _fill(template: str, slots: Mapping[str, str]) -> str:
    return template.format(**slots, **{_capital(k): _capital(v) for k, v in slots.items()})


def form_count(grammar: Grammar) -> int:
    """How many different sentence forms the grammar has for a whole video."""
    return len(grammar.full) * len(grammar.joiners)


def form_name(grammar: Grammar, form: int) -> str:
    """The name of form ``form`` (any number; it wraps), as records carry it."""
    sentence, joiner = _form(grammar, form)
    return f"{grammar.name}/{sentence}.{joiner}"


def _form(grammar: Grammar, form: int) -> tuple[int, int]:
    form %= form_count(grammar)
    return form % len(grammar.full), (form // len(grammar.full)) % len(grammar.joiners)


def describe_thing(thing: Thing) -> str:
    """The thing as it is met first: "a small striped red circle", "two large blue stars"."""
    words = [thing.size, *([] if thing.pattern == "plain" else [thing.pattern]), thing.colour]
    if thing.count == 1:
        return f"a {' '.join(words)} {thing.shape}"
    return f"{NUMBER[thing.count]} {' '.join(words)} {SHAPE_PLURAL[thing.shape]}"


def name_thing(thing: Thing) -> str:
    """The thing as it is named again: "the red circle", "the two blue stars"."""
    if thing.count == 1:
        return f"the {thing.colour} {thing.shape}"
    return f"the {NUMBER[thing.count]} {thing.colour} {SHAPE_PLURAL[thing.shape]}"


def _cast(scene: Scene, voice: Voice) -> str:
    text = describe_thing(scene.things[0])
    if scene.relation is not None:
        text += f" {voice.pick(scene.relation, RELATION[scene.relation])} {describe_thing(scene.things[1])}"
    for thing in scene.things[2:]:
        text += f" with {describe_thing(thing)}"
    return text


def _predicate(scene: Scene, event: Event, voice: Voice, shape: Callable[[str, str, str], str]) -> str:
    """The event without its subject; ``shape(it, they, doing)`` picks the verb's form."""
    verb = voice.pick(event.action, VERBS[event.action])
    words = [shape(verb.it, verb.they, verb.doing), verb.tail]
    if event.other is not None:
        words.append(name_thing(scene.things[event.other]))
    if event.direction is not None:
        words.append(voice.pick(event.direction, DIRECTION[event.direction]))
    if event.adverb is not None:
        adverb = voice.pick(event.adverb, ADVERB[event.adverb])
        # "slowly moves left" or "moves left slowly"; a phrase such as "in a zigzag" only comes last.
        words.insert(0 if " " not in adverb and voice.pick("place", (True, False)) else len(words), adverb)
    return " ".join(word for word in words if word)


def clause(scene: Scene, index: int, voice: Voice) -> str:
    """Event ``index`` as a clause: "the red circle moves left slowly"."""
    event = scene.events[index]
    thing = scene.things[event.thing]
    one = thing.count == 1
    return f"{name_thing(thing)} {_predicate(scene, event, voice, lambda it, they, _: it if one else they)}"


def caption(scene: Scene, grammar: Grammar, form: int, voice: Voice) -> str:
    """The whole video in one caption: things, relation, every event in order, place, time of day."""
    sentence, joiner = _form(grammar, form)
    story = grammar.joiners[joiner].join([clause(scene, k, voice) for k in range(len(scene.events))])
    slots = {
        "cast": _cast(scene, voice),
        "story": story,
        "place": voice.pick(scene.background, PLACE[scene.background]),
        "time": voice.pick(scene.time_of_day, TIME[scene.time_of_day]),
    }
    return _fill(grammar.full[sentence], slots)


def moment_caption(scene: Scene, index: int, grammar: Grammar, form: int, voice: Voice) -> str:
    """One event as a query for the moment in which it happens."""
    event = scene.events[index]
    slots = {
        "clause": clause(scene, index, voice),
        "thing": name_thing(scene.things[event.thing]),
        "doing": _predicate(scene, event, voice, lambda _it, _they, doing: doing),
    }
    return _fill(grammar.moment[form % len(grammar.moment)], slots)


def _sounds(scene: Scene, voice: Voice, *, speech: bool) -> str | None:
    parts = []
    if scene.sound is not None:
        parts.append(voice.pick(scene.sound, SOUND[scene.sound]))
    if speech and scene.word is not None:
        parts.append(f'a voice says "{scene.word}"')
    return " and ".join(parts) or None


def sound_caption(scene: Scene, grammar: Grammar, form: int, voice: Voice, *, speech: bool) -> str | None:
    """What is heard, and nothing of what is seen; None for a video in which no sound and no word is heard."""
    sounds = _sounds(scene, voice, speech=speech)
    if sounds is None:
        return None
    return _fill(grammar.sound[form % len(grammar.sound)], {"sounds": sounds})


def both_caption(scene: Scene, grammar: Grammar, form: int, voice: Voice, *, speech: bool) -> str | None:
    """What is seen and what is heard; None where nothing is heard."""
    sounds = _sounds(scene, voice, speech=speech)
    if sounds is None:
        return None
    seen = caption(scene, grammar, form, voice)
    return _fill(grammar.both[form % len(grammar.both)], {"seen": seen, "sounds": sounds})


def change(before: Scene, after: Scene, edit: Edit, voice: Voice) -> str:
    """What is different in ``after``, as a clause: "the red circle moves left", "it happens at night"."""
    text: str
    match edit.factor:
        case "order":
            early, late = sorted((edit.event or 0, edit.event2 or 0))
            text = f"{clause(after, early, voice)}, before {clause(after, late, voice)}"
        case "direction" | "adverb" | "action":
            text = clause(after, edit.event or 0, voice)
        case "colour" | "shape" | "count" | "size" | "pattern":
            old, new = before.things[edit.thing or 0], after.things[edit.thing or 0]
            text = _look_change(edit.factor, old, new)
        case "relation":
            relation = voice.pick(edit.after, RELATION[edit.after])
            one, other = after.things[:2]
            text = f"{name_thing(one)} {'is' if one.count == 1 else 'are'} {relation} {name_thing(other)}"
        case "scene":
            text = f"it happens {voice.pick(edit.after, PLACE[edit.after])}"
        case "time":
            text = f"it happens {voice.pick(edit.after, TIME[edit.after])}"
        case "sound":
            text = voice.pick(edit.after, SOUND[edit.after])
        case "word":
            text = f'a voice says "{edit.after}"'
        case _:
            raise ValueError(f"factor: {edit.factor!r} is unknown")
    return text


def _look_change(factor: str, old: Thing, new: Thing) -> str:
    be = "is" if old.count == 1 else "are"
    if factor in {"colour", "size", "pattern"}:
        return f"{name_thing(old)} {be} {getattr(new, factor)}"
    if factor == "shape":
        return f"{name_thing(old)} {be} {'a ' + new.shape if new.count == 1 else SHAPE_PLURAL[new.shape]}"
    shape = new.shape if new.count == 1 else SHAPE_PLURAL[new.shape]
    return f"there {'is' if new.count == 1 else 'are'} {NUMBER[new.count]} {new.colour} {shape}"


def modification(
    before: Scene, after: Scene, edit: Edit, grammar: Grammar, *, form: int, voice: Voice
) -> str:
    """The text that turns the video of ``before`` into that of ``after``: the query of composed retrieval."""
    template = grammar.modification[form % len(grammar.modification)]
    return _fill(template, {"change": change(before, after, edit, voice)})
