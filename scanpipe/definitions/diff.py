"""Two revisions of a definition in, plain sentences out: what changed between them?"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import TypeAlias, TypeVar

from scanpipe.definitions.problems import quoted
from scanpipe.model import Candidate, Question, TestDefinition
from scanpipe.saying import joined, say

MOST_SENTENCES = 30
"""More changes than this of one field of candidates are counted rather than told one by one."""
_MOST_RUNS = 40

_Part = TypeVar("_Part", Question, Candidate)
_Change: TypeAlias = tuple[str | None, str | None]
"""A detail before and after."""


def diff(old: TestDefinition, new: TestDefinition) -> list[str]:
    """What changed from `old` to `new`, a sentence each; empty when nothing did. The revision does not count."""
    return [*_heading(old, new), *_questions(old, new), *_candidates(old, new)]


def _heading(old: TestDefinition, new: TestDefinition) -> list[str]:
    pairs = (
        (say("The id"), old.id, new.id),
        (say("The title"), quoted(old.title), quoted(new.title)),
        (say("The date"), old.date, new.date),
        (say("The language"), old.language, new.language),
        (say("The setting whether sketches are enabled for the whole test"), _word(old.sketches), _word(new.sketches)),
        (say("The setting whether it is a rehearsal"), _word(old.rehearsal), _word(new.rehearsal)),
        (say("What becomes of empty sheets"), old.empty_sheets, new.empty_sheets),
        (say("Who says that a page answers several questions"), old.further_questions, new.further_questions),
        (say("The plain codes that are taken"), _plain_codes(old), _plain_codes(new)),
    )
    return [
        say("%(what)s changed from %(before)s to %(after)s.", what=what, before=before, after=after)
        for what, before, after in pairs
        if before != after
    ]


def _plain_codes(test: TestDefinition) -> str:
    rules = [
        say(
            "%(pattern)s in %(symbologies)s as %(claims)s",
            pattern=quoted(p.pattern),
            symbologies="/".join(p.symbologies),
            claims=p.claims,
        )
        for p in test.plain_codes
    ]
    return joined(rules) if rules else say("none")


def _questions(old: TestDefinition, new: TestDefinition) -> list[str]:
    pairs = [(old.question(q.id), q) for q in new.questions]
    added = [
        say("Question %(id)s was added (%(details)s).", id=q.id, details=_question(q))
        for before, q in pairs
        if before is None
    ]
    removed = [say("Question %(id)s was removed.", id=q.id) for q in old.questions if new.question(q.id) is None]
    changed = [
        say("Question %(id)s: %(sentence)s.", id=q.id, sentence=sentence)
        for before, q in pairs
        if before is not None
        for sentence in _edits(before, q)
    ]
    order = _common(new.questions, lambda q: q.id, old.question)
    moved = order != _common(old.questions, lambda q: q.id, new.question)
    return [*added, *removed, *changed, *([_new_order(new)] if moved else [])]


def _edits(before: Question, after: Question) -> list[str]:
    pairs = (
        (say("its id is now spelled"), before.id, after.id),
        (say("the label changed"), quoted(before.label), quoted(after.label)),
        (say("sketches changed"), before.sketches, after.sketches),
        (say("the most sheets changed"), _limit(before), _limit(after)),
    )
    return [
        say("%(what)s from %(before)s to %(after)s", what=what, before=a, after=b) for what, a, b in pairs if a != b
    ]


def _candidates(old: TestDefinition, new: TestDefinition) -> list[str]:
    pairs = [(old.candidate(c.number), c) for c in new.candidates]
    added = [c.number for before, c in pairs if before is None]
    removed = [c.number for c in old.candidates if new.candidate(c.number) is None]
    sentences: list[str] = [_added(added)] if added else []
    sentences += [_removed(removed)] if removed else []
    stayed = [(before, after) for before, after in pairs if before is not None]
    for field, get in _DETAILS:
        sentences += _changes(field, [(after.number, (get(before), get(after))) for before, after in stayed])
    order = _common(new.candidates, lambda c: c.number, old.candidate)
    if order != _common(old.candidates, lambda c: c.number, new.candidate):
        sentences.append(say("The candidates stand in another order."))
    return sentences


_DETAILS: tuple[tuple[str, Callable[[Candidate], str | None]], ...] = (
    (say("spelling"), lambda c: c.number),
    (say("name"), lambda c: c.name),
    (say("room"), lambda c: c.room),
    (say("seat"), lambda c: c.seat),
    (say("extra time"), lambda c: None if c.extra_time_min is None else f"{c.extra_time_min} min"),
)


def _changes(field: str, details: Iterable[tuple[str, _Change]]) -> list[str]:
    """Sentences about one field: candidates with the same change together, the rest beyond a limit counted."""
    groups: dict[_Change, list[str]] = {}
    for number, change in details:
        if change[0] != change[1]:
            groups.setdefault(change, []).append(number)
    largest = sorted(groups.items(), key=lambda item: -len(item[1]))
    told, rest = largest[:MOST_SENTENCES], largest[MOST_SENTENCES:]
    sentences: list[str] = [
        say(
            "%(who)s: the %(field)s changed from %(before)s to %(after)s.",
            who=_called(numbers),
            field=field,
            before=_detail(a),
            after=_detail(b),
        )
        for (a, b), numbers in told
    ]
    if rest:
        count = sum(len(numbers) for _, numbers in rest)
        runs = _runs([n for _, g in rest for n in g])
        sentences.append(
            say("The %(field)s changed for %(n)s more candidates: %(runs)s.", field=field, n=count, runs=runs)
        )
    return sentences


def _added(numbers: Sequence[str]) -> str:
    if len(numbers) == 1:
        return say("Candidate %(number)s was added.", number=numbers[0])
    return say("%(n)s candidates were added: %(runs)s.", n=len(numbers), runs=_runs(numbers))


def _removed(numbers: Sequence[str]) -> str:
    if len(numbers) == 1:
        return say("Candidate %(number)s was removed.", number=numbers[0])
    return say("%(n)s candidates were removed: %(runs)s.", n=len(numbers), runs=_runs(numbers))


def _called(numbers: Sequence[str]) -> str:
    if len(numbers) == 1:
        return say("Candidate %(number)s", number=numbers[0])
    return say("%(n)s candidates (%(runs)s)", n=len(numbers), runs=_runs(numbers))


def _runs(numbers: Sequence[str]) -> str:
    """The numbers with runs drawn together (`10001 to 10040, 10050`), beyond a limit counted."""
    runs: list[list[str]] = []
    for number in sorted(numbers, key=lambda n: (len(n), n)):
        if runs and _follows(runs[-1][-1], number):
            runs[-1].append(number)
        else:
            runs.append([number])
    told = joined(
        ", ".join(run) if len(run) < 3 else say("%(first)s to %(last)s", first=run[0], last=run[-1])
        for run in runs[:_MOST_RUNS]
    )
    more = sum(len(run) for run in runs[_MOST_RUNS:])
    return say("%(told)s and %(n)s more", told=told, n=more) if more else told


def _follows(first: str, second: str) -> bool:
    both_digits = first.isdecimal() and second.isdecimal()
    return both_digits and len(first) == len(second) and int(second) == int(first) + 1


def _common(parts: Iterable[_Part], id_of: Callable[[_Part], str], other: Callable[[str], object]) -> list[str]:
    """The ids that the other revision has, too, in order."""
    return [id_of(p).upper() for p in parts if other(id_of(p)) is not None]


def _new_order(new: TestDefinition) -> str:
    order = ", ".join(q.id for q in new.questions)
    return say("The questions stand in another order: %(order)s.", order=order)


def _question(question: Question) -> str:
    return say(
        "label %(label)s, sketches %(sketches)s, most sheets: %(most)s",
        label=quoted(question.label),
        sketches=question.sketches,
        most=_limit(question),
    )


def _limit(question: Question) -> str:
    return say("no limit") if question.max_sheets is None else str(question.max_sheets)


def _detail(text: str | None) -> str:
    return say("nothing") if text is None else quoted(text)


def _word(switch: bool) -> str:
    return "true" if switch else "false"
