"""What changed between two drafts: which fields, and block by block, for any front end to draw."""

from dataclasses import dataclass, fields
from difflib import SequenceMatcher
from enum import StrEnum

from domain.articles import Draft
from domain.body import Block, Body
from domain.keys import said

BODY = "body"


class Change(StrEnum):
    """What happened to a block."""

    SAME = "same"
    ADDED = "added"
    REMOVED = "removed"
    CHANGED = "changed"
    MOVED = "moved"


@dataclass(frozen=True, slots=True)
class BlockChange:
    """A block, as it was and as it is; `before` is None where it is new, `after` where it is gone.

    A block that was both moved and rewritten counts as changed.
    """

    key: str
    change: Change
    before: Block | None
    after: Block | None


@dataclass(frozen=True, slots=True)
class Diff:
    """The names of the fields that differ, the body aside, and every block with its fate, in reading order."""

    fields: tuple[str, ...]
    blocks: tuple[BlockChange, ...]


def compare(before: Draft, after: Draft) -> Diff:
    """Return what makes one draft of another."""
    names = (field.name for field in fields(Draft) if field.name != BODY)
    changed = tuple(name for name in names if getattr(before, name) != getattr(after, name))
    return Diff(changed, compare_bodies(before.body, after.body))


def compare_bodies(before: Body, after: Body) -> tuple[BlockChange, ...]:
    """Return every block of two bodies with its fate: known by its key, and moved if others kept their order."""
    old, new = {block.key: block for block in before}, {block.key: block for block in after}
    matcher = SequenceMatcher(None, list(old), list(new), autojunk=False)
    found: list[BlockChange] = []
    for operation, old_from, old_to, new_from, new_to in matcher.get_opcodes():
        gone = (key for key in list(old)[old_from:old_to] if key not in new)
        found += (BlockChange(key, Change.REMOVED, old[key], None) for key in gone)
        stays = operation == "equal"
        found += (_fate(key, old.get(key), new[key], stays=stays) for key in list(new)[new_from:new_to])
    return tuple(found)


def _fate(key: str, before: Block | None, after: Block, *, stays: bool) -> BlockChange:
    if before is None:
        change = Change.ADDED
    elif said(before) != said(after):
        change = Change.CHANGED
    else:
        change = Change.SAME if stays else Change.MOVED
    return BlockChange(key, change, before, after)
