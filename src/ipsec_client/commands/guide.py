"""What the operator is told while typing: the words that may come next, and the help that ``?`` prints."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from ipsec_client.base.errors import InputFault
from ipsec_client.commands import layout
from ipsec_client.commands.grammar import Argument, Command, NotFound, narrow, take

Names = Callable[[str], Iterable[str]]
"""The names that are known of a kind: router, node, device, remote."""

Entry = tuple[str, str]


def complete(
    words: Sequence[str], commands: Sequence[Command], names: Names, begun: str = ""
) -> list[Entry]:
    """The words that a word ``begun`` may become, each with its help; none after a mistake."""
    try:
        further, arguments = _next(words, commands, names)
    except InputFault:
        return []
    entries = [*further, *arguments]
    return [entry for entry in entries if entry[0].startswith(begun) and entry[0][0] != "<"]


def told(
    words: Sequence[str],
    commands: Sequence[Command],
    names: Names,
    begun: str = "",
    width: int | None = None,
) -> str:
    """The help for what has been written so far and a word ``begun``; raises InputFault after a mistake."""
    command, *_ = narrow(words, commands)
    further, arguments = (fitting(entries, begun) for entries in _next(words, commands, names))
    if begun and not further and not arguments:
        raise NotFound(f"Command '{begun}' not found (use '?' for help)")
    parts = [
        layout.columns("Commands", further, width),
        layout.columns("Arguments", arguments, width),
    ]
    if command is not None and not begun:
        parts.insert(0, f"{command.help}\n\nUsage: {command.usage}\n")
    return "\n".join(part for part in parts if part)


def fitting(entries: Iterable[Entry], begun: str) -> list[Entry]:
    """What may become of a word begun: those that it begins, and what takes any text."""
    return [entry for entry in entries if entry[0].startswith((begun, "<"))]


def _next(
    words: Sequence[str], commands: Sequence[Command], names: Names
) -> tuple[list[Entry], list[Entry]]:
    """The words of commands that may come next, and the arguments that may."""
    command, further, used = narrow(words, commands)
    by_word: dict[str, list[Command]] = {}
    for word, longer in further:
        by_word.setdefault(word, []).append(longer)
    entries = [(word, purpose(word, used, found)) for word, found in sorted(by_word.items())]
    return entries, [] if command is None else _arguments(command, words[used:], names)


def purpose(word: str, place: int, commands: Sequence[Command]) -> str:
    """What a word leads to: the help of the command it ends or of its only one, or the words that may come after it."""
    whole = [
        command
        for command in commands
        if any(len(s) == place + 1 and s[place] == word for s in command.all_spellings)
    ]
    if whole or len({id(command) for command in commands}) == 1:
        return (whole or commands)[0].help
    after = {
        spelling[place + 1]
        for command in commands
        for spelling in command.all_spellings
        if spelling[place] == word and len(spelling) > place + 1
    }
    if len(after) == 1:
        (only,) = after
        return f"{only}: {purpose(only, place + 1, commands)}"
    return ", ".join(sorted(after))


def _arguments(command: Command, words: Sequence[str], names: Names) -> list[Entry]:
    taken = take(command, words)
    if taken.waiting:
        return _values(taken.waiting, names)
    if taken.arguments.rest:
        return []
    left = [item for item in command.arguments if item.name not in taken.arguments.values]
    entries: list[Entry] = []
    placed = False
    for argument in left:
        if argument.heads:
            entries += [(head, argument.help) for head in argument.heads]
        elif not placed:  # the next place is that of the first
            entries += _values(argument, names)
            placed = True
    return entries


def _values(argument: Argument, names: Names) -> list[Entry]:
    known = [(name, argument.help) for name in names(argument.known)] if argument.known else []
    if known and argument.kind == "keyword":
        known += [(word, "Each of them") for word in argument.words]
    return known or [(f"<{argument.name}>", argument.help)]
