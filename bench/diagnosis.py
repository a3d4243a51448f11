"""What `byhand diagnose` finds and costs beside detect_anomaly, torchlens, gradcheck: programs with a known fault, and healthy ones."""

import argparse
import statistics
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from measuring.apart import apart
from measuring.lensed import prepared
from measuring.methods import METHODS, warmed
from measuring.rounds import environment
from measuring.suite import GROUPS, Answer, Program, programs

FOLDER = Path(__file__).resolve().parents[1] / "tests" / "diagnosed"
LENS = "torchlens: audit, NaN search"

Answers = Mapping[str, Sequence[Answer]]


def asked(given: Sequence[Program]) -> dict[str, list[Answer]]:
    """What each method answers to each program, each in a process of its own, in turn; torchlens in the end, since it is heavy."""
    answers: dict[str, list[Answer]] = {name: [] for name in METHODS}
    for number, program in enumerate(given, 1):
        _progress(number, len(given), program)
        for name, method in METHODS.items():
            answers[name].append(apart(method, program))
    method = prepared()
    answers[LENS] = []
    for number, program in enumerate(given, 1):
        _progress(number, len(given), program)
        answers[LENS].append(apart(method, program))
    return answers


def _progress(number: int, of: int, program: Program) -> None:
    print(f"\r{number} of {of}: {program.path.name:<50}", end="", file=sys.stderr, flush=True)


def markdown(given: Sequence[Program], answers: Answers) -> str:
    """The table: for each kind of fault how many were found, and with the line; then false alarms, where a method cannot be used, time."""
    rows = [["", "programs", *answers]]
    for title in (*GROUPS, "other", ""):
        chosen = [index for index, program in enumerate(given) if not program.healthy and title in ("", program.group)]
        if chosen:
            cells = [_found([(given[index], each[index]) for index in chosen]) for each in answers.values()]
            rows.append([title or "all faults: found, with the line", f"{len(chosen)}", *cells])
    healthy = [index for index, program in enumerate(given) if program.healthy]
    rows.append(["healthy: false alarms", f"{len(healthy)}", *(f"{sum(each[at].alarms for at in healthy)}" for each in answers.values())])
    rows.append(["could not be used", f"{len(given)}", *(f"{sum(bool(one.unusable) for one in each)}" for each in answers.values())])
    base = answers["the exception alone"]
    rows.append(["time, with the program", "", *(_time(each, base, healthy) for each in answers.values())])
    rows.insert(1, ["---"] * len(rows[0]))
    return "\n".join(f"| {' | '.join(row)} |" for row in rows) + "\n"


def _found(pairs: Sequence[tuple[Program, Answer]]) -> str:
    found = sum(answer.found(program) for program, answer in pairs)
    located = sum(answer.located(program) for program, answer in pairs)
    return f"{found}, {located}" if found else "0"


def _time(answers: Sequence[Answer], base: Sequence[Answer], healthy: Sequence[int]) -> str:
    """The median ratio of the processor's seconds to those of the program alone, where it was used on a healthy program."""
    ratios = [answers[at].seconds / base[at].seconds for at in healthy if answers[at].seconds and base[at].seconds]
    return f"{statistics.median(ratios):.1f} ×" if ratios else ""


def details(given: Sequence[Program], answers: Answers) -> str:
    """One line for each program and method that is not as it should be."""
    lines = []
    for at, program in enumerate(given):
        for name, each in answers.items():
            answer = each[at]
            if program.healthy:
                said = "FALSE ALARM" if answer.alarms else ""
            else:
                said = "" if answer.located(program) else "no line" if answer.found(program) else "not found"
            if said or answer.unusable:
                codes = sorted({"/".join(saying.codes[:2]) + str(list(saying.lines[:3])) for saying in answer.sayings})
                lines.append(f"{program.path.name} {program.code} {name}: {said} {answer.unusable} {' '.join(codes[:6])}".rstrip())
    return "\n".join(lines) + "\n"


def main(words: Sequence[str] | None = None) -> None:
    """Asks every method about every program of a folder."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", nargs="?", type=Path, default=FOLDER, help="programs with an expected.json; tests/diagnosed if not given")
    parser.add_argument("--only", default="", help="a part of the names of the programs")
    parser.add_argument("--table", type=Path, help="write the table to this file too")
    parser.add_argument("--details", type=Path, help="write to this file what each method missed")
    given = parser.parse_args(words)
    environment("faults found and located in whole programs, false alarms in healthy ones")
    warmed()
    known = [program for program in programs(given.folder.resolve()) if given.only in program.path.name]
    answers = asked(known)
    table = markdown(known, answers)
    print(f"\n\n{table}", flush=True)
    if given.table:
        given.table.write_text(table, encoding="utf-8")
    if given.details:
        given.details.write_text(details(known, answers), encoding="utf-8")


if __name__ == "__main__":
    main()
