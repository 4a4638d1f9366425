from __future__ import annotations

from catalogue.description import Outcome
from catalogue.entries import RunSummary
from ingest.record import SourceFault
from ingest.run_report import LISTED, Tally
from shapes.report import Finding, Report, Verdict

RECORD = "https://catalogue.example.org/dataset/clinic/a"


def verdict(*, conforms: bool) -> Report:
    finding = Finding(
        record=RECORD,
        path="http://purl.org/dc/terms/title",
        severity="violation",
        profile="dcat-ap",
        message="No title.",
    )
    warning = finding.model_copy(update={"severity": "warning", "message": "No theme."})
    told = Verdict(profile="dcat-ap", conforms=conforms, violations=int(not conforms), warnings=1)
    return Report(record=RECORD, verdicts=(told,), findings=(warning,) if conforms else (finding, finding, warning))


def fault(severity: str, location: str = "t.csv, row 2") -> SourceFault:
    return SourceFault.model_validate(
        {"location": location, "message": "wrong", "remedy": "mend it", "severity": severity}
    )


def tally(*, public: bool = True) -> Tally:
    return Tally("clinic", "t.csv", public=public, gate=["dcat-ap"])


def test_a_run_without_anything_to_mend_has_no_findings() -> None:
    counted = tally()
    counted.record()
    counted.verdict("a", verdict(conforms=True), accepted=True)
    counted.fault(fault("info"))
    counted.unmatched("modality", "oddity")
    report = counted.report(complete=True, run=None)
    assert not report.has_findings
    assert (report.read, report.accepted, report.remarks, report.valid) == (1, 1, 1, {"dcat-ap": 1})


def test_errors_warnings_and_rejections_are_findings() -> None:
    for severity in ("error", "warning"):
        counted = tally()
        counted.fault(fault(severity))
        assert counted.report(complete=True, run=1).has_findings
    counted = tally()
    counted.verdict("a", verdict(conforms=False), accepted=False)
    assert counted.report(complete=True, run=1).has_findings


def test_reasons_count_descriptions_and_pass_over_warnings() -> None:
    counted = tally()
    for name in "abcd":
        counted.verdict(name, verdict(conforms=False), accepted=False)
    (reason,) = counted.report(complete=True, run=1).reasons
    assert (reason.message, reason.descriptions, reason.examples) == ("No title.", 4, ("a", "b", "c"))


def test_lists_are_cut_and_numbers_are_not() -> None:
    counted = tally()
    for number in range(LISTED + 50):
        counted.fault(fault("warning", f"t.csv, row {number}"))
        counted.unmatched("modality", f"oddity {number}")
    report = counted.report(complete=True, run=1)
    assert (report.warnings, len(report.faults), len(report.unmatched["modality"])) == (LISTED + 50, LISTED, LISTED)
    assert f"and {LISTED + 50 - 12} more; --json lists {LISTED}" in report.to_text()
    assert report.unmatched_total == {"modality": LISTED + 50}
    assert f"no concept for {LISTED + 50} texts of modality" in report.to_text()
    assert f", and {LISTED + 50 - 12} more\n" in report.to_text()


def test_the_text_says_what_matters() -> None:
    counted = tally()
    counted.record()
    counted.verdict("a", verdict(conforms=False), accepted=False)
    counted.fault(fault("error"))
    counted.concept("modality", 2)
    counted.unmatched("modality", "oddity")
    summary = RunSummary(7, "clinic", False, {Outcome.REJECTED: 1}, 0)
    text = counted.report(complete=False, run=7, summary=summary).to_text()
    for said in (
        "clinic (t.csv), run 7",
        "read 1, accepted 0, rejected 1, unusable 1",
        "1 rejected",
        "nothing was deleted",
        "concepts: modality 2",
        "no concept for 1 texts of modality: 'oddity' (1)",
        "rejected 1: No title. [dcat-ap] (for example a)",
        "t.csv, row 2: wrong (mend it)",
    ):
        assert said in text


def test_texts_cannot_steer_a_terminal() -> None:
    counted = tally()
    counted.unmatched("modality", "\x1b[2Jgone")
    assert "\x1b" not in counted.report(complete=True, run=1).to_text()


def test_of_a_closed_source_only_numbers_and_rules_are_told() -> None:
    counted = tally(public=False)
    counted.record()
    counted.verdict("secret", verdict(conforms=False), accepted=False)
    for severity in ("error", "warning", "info"):
        counted.fault(fault(severity, "t.csv, row 2"))
    counted.unmatched("modality", "secret")
    report = counted.report(complete=True, run=1)
    assert "secret" not in report.model_dump_json() and "t.csv" not in report.model_dump_json()
    assert {told.location for told in (*report.faults, *report.notes)} == {"record 1"}
    assert report.reasons[0].examples == ("record 1",)


def test_what_keeps_out_is_told_apart_from_what_another_profile_wants() -> None:
    counted = tally()
    wanting = verdict(conforms=True)
    finding = wanting.findings[0].model_copy(
        update={"severity": "violation", "profile": "healthdcat-ap", "message": "No body."}
    )
    other = Verdict(profile="healthdcat-ap", conforms=False, violations=1, warnings=0)
    report = Report(record=RECORD, verdicts=(*wanting.verdicts, other), findings=(*wanting.findings, finding))
    counted.verdict("a", report, accepted=True)
    told = counted.report(complete=True, run=1)
    assert (told.judged, told.valid) == ({"dcat-ap": 1, "healthdcat-ap": 1}, {"dcat-ap": 1})
    assert [(reason.profile, reason.rejects) for reason in told.reasons] == [("healthdcat-ap", False)]
    assert not told.has_findings
    assert "valid: dcat-ap 1 of 1, healthdcat-ap 0 of 1" in told.to_text()
    assert "short of healthdcat-ap, 1: No body." in told.to_text()
    assert "rejected 1" not in told.to_text()
