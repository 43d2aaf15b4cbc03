"""Who may do what on the pages: one row for each route, by its name. A route without a row lets nobody in, and fails a test.

docs/roles.md shows the same table to people.
"""

from __future__ import annotations

from collections.abc import Mapping

from scanpipe.desk.people import ROLES

EVERYBODY = frozenset(ROLES)
_OFFICE = frozenset({"exam_office", "planner"})
_QUEUE = frozenset({"exam_office"})
_PLAN = frozenset({"planner"})
_TESTS = _OFFICE | {"author"}
_GRADING = frozenset({"grader"})
_ROOMS = frozenset({"invigilator", "chief_invigilator"})
_PEOPLE = frozenset({"user_administrator"})
_IMPORT = _OFFICE | {"operator"}
_FIGURES = _OFFICE | {"operator", "reporter", "chief_invigilator"}

OPEN = frozenset({"sign_in", "sign_in_post", "provider_out", "provider_back", "static", "open_link", "open_link_post"})
"""Routes of the pages that need no session."""

BY_LINK = frozenset(
    {
        "handing_in",
        "hand_in_by_link",
        "link_receipt",
        "link_language",
        "link_add",
        "link_file_state",
        "link_put_piece",
        "link_remove",
        "link_move",
        "link_picture",
    }
)
"""Routes that a link opens for whoever has it, each its own alone, and that no role does (`link_door.py`)."""

MAY: Mapping[str, frozenset[str]] = {
    "home": EVERYBODY,
    "sign_out": EVERYBODY,
    "language": EVERYBODY,
    "people": _PEOPLE,
    "add_person": _PEOPLE,
    "change_person": _PEOPLE,
    "give_password": _PEOPLE,
    "end_person": _PEOPLE,
    "own_password": EVERYBODY,
    "own_password_post": EVERYBODY,
    "notices": EVERYBODY,
    "notices_post": EVERYBODY,
    "notices_count": EVERYBODY,
    "tests": _TESTS,
    "test": _TESTS,
    "sample": _TESTS,
    "draft": _PLAN,
    "draft_post": _PLAN,
    "apply_draft": _PLAN,
    "print_sheets": _PLAN,
    "set_questions": _PLAN | {"author"},
    "grading": _GRADING,
    "graded_test": _GRADING,
    "graded_slot": _GRADING,
    "graded_picture": _GRADING,
    "graded_original": _GRADING,
    "rooms": _ROOMS,
    "room": _ROOMS,
    "enter_room": _ROOMS,
    "bind": _QUEUE | _ROOMS,
    "bind_sheet": _QUEUE | _ROOMS,
    "completeness": _OFFICE | _ROOMS,
    "completeness_live": _OFFICE | _ROOMS,
    "close_difference": _OFFICE,
    "reopen_difference": _OFFICE,
    "report_pdf": _OFFICE,
    "report_json": _OFFICE,
    "sign_report": _OFFICE,
    "overview": _FIGURES,
    "queue": _QUEUE,
    "queue_changes": _QUEUE,
    "queue_stacks": _QUEUE,
    "retry_all": _QUEUE,
    "stacks": _QUEUE,
    "ask_withdraw": _QUEUE,
    "withdraw": _QUEUE,
    "copies": _QUEUE,
    "settle": _QUEUE,
    "run": _QUEUE,
    "take_run": _QUEUE,
    "sheet": _QUEUE,
    "here": _QUEUE,
    "picture": _QUEUE,
    "original": _QUEUE,
    "candidates": _QUEUE,
    "assign": _QUEUE,
    "discard": _QUEUE,
    "retry": _QUEUE,
    "rescan": _QUEUE,
    "duplicate": _QUEUE,
    "turn": _QUEUE,
    "split": _QUEUE,
    "also": _QUEUE,
    "undo": _QUEUE,
    "undo_one": _QUEUE,
    "slot": _QUEUE,
    "order": _QUEUE,
    "packs": _QUEUE,
    "ask_pack": _QUEUE,
    "confirm_pack": _QUEUE,
    "drop_pack": _QUEUE,
    "history": _QUEUE | _PEOPLE,
    "history_csv": _QUEUE | _PEOPLE,
    "import": _IMPORT,
    "begin_upload": _IMPORT,
    "upload": _IMPORT,
    "add_file": _IMPORT,
    "remove_file": _IMPORT,
    "file_state": _IMPORT,
    "put_piece": _IMPORT,
    "hand_in": _IMPORT,
    "receipts": _OFFICE | {"operator"},
    "receipt": _OFFICE | {"operator"},
}


def may(role: str, route: str) -> bool:
    """May this role use the route?"""
    return role in MAY.get(route, frozenset())
