"""Plants every fault of planted_table.py into every model of planted_models.py and asks byhand what is wrong.

`python tests/planted_zoo.py [part of a model's or a fault's name ...]` prints what is missed and what is told besides.
"""

import sys
import warnings
from collections import Counter
from dataclasses import dataclass, field

from planted_models import SUBJECTS
from planted_table import FAULTS, HEALTHY

from byhand import record
from byhand.findings import Severity

STRONG = (Severity.ERROR, Severity.WARNING)


@dataclass
class Outcome:
    """What came of one trial: why the fault counts as missed ("" if found), how bad it was said to be, and what else was told."""

    missed: str = ""
    severity: str = ""
    alarms: list = field(default_factory=list)
    findings: tuple = ()


def cases(faults=FAULTS):
    """Every pair of a model and a fault that makes sense in it."""
    return [(subject, fault) for fault in faults for subject in SUBJECTS if subject.name not in fault.without]


def run(trial, fault):
    """Train under the eyes of byhand; what was found."""
    problem = None
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        recording = record(diagnose=True, judge=fault.judge)
        try:
            with recording:
                fault.loop(trial)
        except RuntimeError as raised:
            problem = raised
    if (problem is not None) != fault.raises:
        raise AssertionError(f"{problem!r} though raises={fault.raises}")
    return recording.findings, recording.observed("").unseen


def spoilt_by(subject, fault):
    """The parameters that one step of the fault spoils, seen without byhand."""
    trial = fault.planted(subject, batches=1)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        fault.loop(trial)
    names = [name for name, parameter in trial.model.named_parameters() if fault.symptom(parameter)]
    if not names:
        raise AssertionError("the fault has no symptom in this model")
    return names


def same(one, other):
    """Whether two names are those of one tensor: one ends in the other, dot for dot."""
    one, other = one.split("."), other.split(".")
    shorter = min(len(one), len(other))
    return one[-shorter:] == other[-shorter:]


def why_missed(finding, fault, names):
    """What a finding of the right code lacks; "" if nothing."""
    if fault.causes and finding.cause not in fault.causes:
        return f"cause {finding.cause!r}, not {' or '.join(fault.causes)}"
    if names and not any(same(finding.subject, name) for name in names):
        return f"subject {finding.subject!r}, not one of {', '.join(names[:4])}"
    if fault.line and (finding.where is None or fault.line not in finding.where.text):
        return f"line {finding.where.text.strip() if finding.where else None!r} without {fault.line!r}"
    return ""


def outcome(subject, fault):
    """Plant a fault into a model, train, and weigh what was found."""
    names = spoilt_by(subject, fault) if fault.symptom else []
    found, failures = run(fault.planted(subject), fault)
    known = (fault.code, *fault.also)
    alarms = [f"{each.severity.value} {each.code} {each.subject}" for each in found if each.severity in STRONG and each.code not in known]
    alarms += failures
    right = [(why_missed(each, fault, names), each) for each in found if each.code == fault.code]
    best = next((each for why, each in right if not why), None)
    if best is not None:
        return Outcome("", best.severity.value, alarms, found)
    instead = [each for each in found if each.code in fault.also]
    missed = right[0][0] if right else f"only {instead[0].code}" if instead else "nothing found"
    return Outcome(missed if fault.code else "", "", alarms, found)


def main(words):
    """Print the misses and the false alarms, and how many there are of each fault."""
    tally, every = Counter(), Counter()
    for subject, fault in cases((*HEALTHY, *FAULTS)):
        if words and not any(word in (subject.name, fault.name, fault.code) for word in words):
            continue
        made = outcome(subject, fault)
        every[fault.name] += 1
        tally[fault.name] += not made.missed
        if made.missed or made.alarms:
            print(f"{fault.name} × {subject.name} [{fault.code or 'healthy'}]: {made.missed or 'found'}; {', '.join(made.alarms)}")
    print("\n".join(f"{name:26} {tally[name]:3} of {count}" for name, count in every.items()))


if __name__ == "__main__":
    main(sys.argv[1:])
