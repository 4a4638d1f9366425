from __future__ import annotations

import json
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner

from core.errors import InputError, VocabularyError
from ontology import curation_commands
from ontology.check import check
from ontology.entries import Entries
from ontology.merge import Side
from ontology.refresh import FOLDER, Refreshed, _base, prepare_refresh
from ontology.tree import Tree
from ontology.upstream import DECLARATIONS, declaration, read_upstream
from tests.ontology.small_tree import SCHEME, write

ROOT = Path(__file__).parents[2]
TABLE = "code,meaning,kind\n1,Abdomen,part\n2,Thorax,part\n3,Liver,part\n4,Lung,part\n9,Nothing,other\n"
DECLARED = f"""[organ]
kind = "csv"
iri = "{SCHEME}/{{code}}"
notation = "{{code}}"
label = "{{meaning}}"
where = {{ kind = ["part"] }}
properties = ["notation", "prefLabel"]
"""

SOURCES = {
    "cancer": "data/oncotree_2025_10_03.json",
    "modality": "data/dicom/cid_29_AcquisitionModality.csv",
    "annotation": "data/dicom/cid_32_NonAcquisitionModality.csv",
    "anatomy": "data/dicom/cid_4_AnatomicRegion.csv",
    "health-activity": "standards/healthdcat-ap-r8/vocab/health-activity.ttl",
    "health-theme": "standards/healthdcat-ap-r8/vocab/health-theme.ttl",
    "health-category": "standards/healthdcat-ap-r8/vocab/healthcategories.ttl",
    "health-publisher-type": "standards/healthdcat-ap-r8/vocab/publisher-type.ttl",
}


def source_of(scheme: str) -> str:
    if scheme.startswith("eucaim-"):
        return "standards/eucaim-2.0/value-sets.csv"
    return SOURCES.get(scheme, "standards/vocab/nal-subset.ttl")


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """The small tree, made from a table, with a heart of our own."""
    root = write(tmp_path / "tree")
    (root / "refresh.toml").write_text(DECLARED)
    refresh(root, TABLE, adopt=True).write()
    return root


def refresh(root: Path, table: str, *, prefer: Side | None = None, adopt: bool = False) -> Refreshed:
    source = root.parent / "table.csv"
    source.write_text(table, encoding="utf-8")
    return prepare_refresh(root, "organ", source, prefer=prefer, adopt=adopt)


def edit(root: Path, old: str, new: str) -> None:
    path = root / "concepts/organ.ttl"
    assert old in path.read_text()
    path.write_text(path.read_text().replace(old, new))


def told(prepared: Refreshed) -> list[tuple[str, str]]:
    return [(change.kind, change.subject.rpartition("/")[2]) for change in prepared.difference.changes]


def test_the_same_file_changes_nothing(root: Path) -> None:
    prepared = refresh(root, TABLE)
    assert not prepared.files and not prepared.difference.changes and not prepared.conflicts


def test_local_edits_and_own_concepts_survive_what_comes(root: Path) -> None:
    edit(root, '"Liver"@en', '"The liver"@en')
    edit(root, '"Hepar"@en', '"Hepar"@en, "Jecur"@en')
    edit(root, "skos:broader :1 ;", "skos:broader :2 ;")
    prepared = refresh(root, TABLE.replace("Thorax", "Chest") + "5,Spleen,part\n")
    assert told(prepared) == [("concept-added", "5"), ("relabelled", "2")]
    prepared.write()
    text = (root / "concepts/organ.ttl").read_text()
    assert '"The liver"@en, "Leber"@de ; # two names' in text and '"Jecur"@en' in text and ":heart a" in text
    assert text.endswith(
        f'\n:5 a skos:Concept ;\n  skos:notation "5" ;\n  skos:prefLabel "Spleen"@en ;\n'
        f"  skos:topConceptOf <{SCHEME}> ;\n  skos:inScheme <{SCHEME}> .\n"
    )
    assert not [finding for finding in check(Tree.load(root)) if finding.severity == "error"]
    again = refresh(root, TABLE.replace("Thorax", "Chest") + "5,Spleen,part\n")
    assert not again.files


def test_a_value_changed_on_both_sides_is_told_with_both_and_nothing_is_written(root: Path) -> None:
    edit(root, '"Liver"@en', '"The liver"@en')
    prepared = refresh(root, TABLE.replace("Liver", "Hepatic organ").replace("Thorax", "Chest"))
    (conflict,) = prepared.conflicts
    assert (conflict.base, conflict.local, conflict.upstream) == (("Liver",), ("The liver",), ("Hepatic organ",))
    assert not prepared.files


@pytest.mark.parametrize(("prefer", "label"), [(Side.LOCAL, "The liver"), (Side.UPSTREAM, "Hepatic organ")])
def test_a_conflict_is_settled_by_a_word(root: Path, prefer: Side, label: str) -> None:
    edit(root, '"Liver"@en', '"The liver"@en')
    table = TABLE.replace("Liver", "Hepatic organ")
    refresh(root, table, prefer=prefer).write()
    assert f'"{label}"@en' in (root / "concepts/organ.ttl").read_text()
    assert not refresh(root, table).conflicts


def test_the_same_change_on_both_sides_is_none(root: Path) -> None:
    edit(root, '"Liver"@en', '"Hepatic organ"@en')
    prepared = refresh(root, TABLE.replace("Liver", "Hepatic organ"))
    assert not prepared.conflicts and not prepared.difference.changes
    assert list(prepared.files) == [f"{FOLDER}/organ.ttl"]


def test_what_the_publisher_takes_out_is_deprecated_and_what_we_took_out_stays_out(root: Path) -> None:
    text = (root / "concepts/organ.ttl").read_text()
    lung = text[text.index(":4 a") : text.index(":heart a")]
    edit(root, lung, "")
    prepared = refresh(root, TABLE.replace("3,Liver,part\n", ""))
    assert told(prepared) == [("deprecated", "3")]
    prepared.write()
    assert "owl:deprecated true" in (root / "concepts/organ.ttl").read_text()
    assert not refresh(root, TABLE.replace("3,Liver,part\n", "")).files


def test_a_file_that_lacks_much_is_taken_for_the_wrong_one(root: Path) -> None:
    many = "".join(f"{n},Part {n},part\n" for n in range(100, 130))
    refresh(root, TABLE + many).write()
    with pytest.raises(VocabularyError, match="lacks 30 of 35 concepts"):
        refresh(root, TABLE)
    assert (root / "concepts/organ.ttl").read_text().count("owl:deprecated") == 0
    prepared = prepare_refresh(root, "organ", root.parent / "table.csv", retire_many=True)
    assert len(prepared.difference.changes) == 30


@pytest.mark.parametrize(
    ("table", "reason"),
    [
        ("", "no column"),
        ("code,meaning\n1,Abdomen\n", "no column kind"),
        ("code,meaning,kind\n1,Abdomen,other\n", "holds no concept"),
        ("code,meaning,kind\n1,,part\n", "line 2 has an empty cell"),
        ("code,meaning,kind\n1 <x>,Abdomen,part\n", "which is no IRI"),
    ],
)
def test_a_file_of_another_kind_is_told(root: Path, table: str, reason: str) -> None:
    with pytest.raises(InputError, match=reason):
        refresh(root, table)


def test_a_file_in_another_encoding_is_told_with_its_line(root: Path) -> None:
    source = root.parent / "table.csv"
    source.write_bytes(b"code,meaning,kind\n1,Abdom\xe9n,part\n")
    with pytest.raises(InputError, match="not UTF-8 in line 2"):
        prepare_refresh(root, "organ", source)


def test_a_scheme_without_declaration_or_record_is_told(root: Path) -> None:
    with pytest.raises(VocabularyError, match="use one of: organ"):
        prepare_refresh(root, "limb", root.parent / "table.csv")
    (root / FOLDER / "organ.ttl").unlink()
    with pytest.raises(VocabularyError, match="--adopt"):
        refresh(root, TABLE)


def test_oncotree_moves_renames_and_retires(tmp_path: Path) -> None:
    def node(code: str, *children: dict[str, object], history: tuple[str, ...] = ()) -> dict[str, object]:
        below = {str(child["code"]): child | {"parent": code} for child in children}
        return {"code": code, "name": f"Type {code}", "parent": None, "history": list(history), "children": below}

    root = write(tmp_path / "tree")
    (root / "refresh.toml").write_text(
        f'[organ]\nkind = "oncotree"\niri = "{SCHEME}/{{code}}"\nnotation = "{{code}}"\nlabel = "{{name}}"\n'
        'properties = ["notation", "prefLabel", "broader"]\n'
    )
    source = tmp_path / "tree.json"
    source.write_text(json.dumps({"1": node("1", node("3"), node("4")), "2": node("2")}))
    prepare_refresh(root, "organ", source, adopt=True).write()
    source.write_text(json.dumps({"1": node("1", node("7", history=("3",))), "2": node("2", node("4"))}))
    prepared = prepare_refresh(root, "organ", source)
    # Here 4 is below 2 already: both sides say the same; 3 became 7.
    assert told(prepared) == [("concept-added", "7"), ("deprecated", "3")]
    (retired,) = [change for change in prepared.difference.changes if change.kind == "deprecated"]
    assert retired.after == (f"{SCHEME}/7",)


def test_an_authority_table_in_rdf_xml_with_languages_and_deprecation(tmp_path: Path) -> None:
    root = write(tmp_path / "tree")
    (root / "refresh.toml").write_text(
        f'[organ]\nkind = "skos"\nscheme = "{SCHEME}"\nproperties = ["notation", "prefLabel"]\n'
    )
    head = (
        '<?xml version="1.0"?><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" '
        'xmlns:skos="http://www.w3.org/2004/02/skos/core#" xmlns:dct="http://purl.org/dc/terms/" '
        'xmlns:at="http://publications.europa.eu/ontology/authority/">'
    )

    def concept(code: str, label: str, more: str = "") -> str:
        return (
            f'<skos:Concept rdf:about="{SCHEME}/{code}"><skos:inScheme rdf:resource="{SCHEME}"/>'
            f'<skos:prefLabel xml:lang="en">{label}</skos:prefLabel>{more}</skos:Concept>'
        )

    source = tmp_path / "table.rdf"
    source.write_text(f"{head}{concept('3', 'Liver')}{concept('4', 'Lung')}</rdf:RDF>")
    prepare_refresh(root, "organ", source, adopt=True).write()
    gone = f'<at:deprecated>true</at:deprecated><dct:isReplacedBy rdf:resource="{SCHEME}/4"/>'
    french = '<skos:prefLabel xml:lang="fr">Poumon</skos:prefLabel>'
    source.write_text(f"{head}{concept('3', 'Liver', gone)}{concept('4', 'Lung', french)}</rdf:RDF>")
    prepared = prepare_refresh(root, "organ", source)
    assert told(prepared) == [("deprecated", "3"), ("label-added", "4")]
    for number in range(2):
        grown = "&a;" * 10 if number else "a" * 1000
        source.write_text(
            f'<?xml version="1.0"?><!DOCTYPE r [<!ENTITY a "b"><!ENTITY c "{grown}">]>{head[21:]}</rdf:RDF>'
        )
        with pytest.raises(InputError, match="entities that grow"):
            prepare_refresh(root, "organ", source)
    source.write_text('<!DOCTYPE r [<!ENTITY % c SYSTEM "x">]><rdf:RDF/>')
    with pytest.raises(InputError, match="not plain texts"):
        prepare_refresh(root, "organ", source)
    source.write_text("<rdf:RDF")
    with pytest.raises(InputError, match="is not RDF"):
        prepare_refresh(root, "organ", source)


def test_every_record_tells_of_the_concepts_that_are_shipped() -> None:
    entries = Entries(Tree.load(ROOT / "ontology")).all
    records = sorted((ROOT / "ontology" / FOLDER).glob("*.ttl"))
    assert len(records) > 20
    for path in records:
        assert declaration(path.stem, DECLARATIONS).properties
        shipped = {iri for group, iri in entries if group == path.stem}
        recorded = _base(path, path.stem).keys()
        assert len(recorded & shipped) >= 0.95 * len(recorded), path.stem


@pytest.mark.oracle
@pytest.mark.parametrize(
    "scheme", sorted(path.stem for path in (ROOT / "ontology" / FOLDER).glob("*.ttl")), ids=lambda name: name
)
def test_the_publishers_file_is_recorded_as_it_is(scheme: str, reference: Path) -> None:
    """What the record says is what the file says, so that refreshing from it changes nothing."""
    declared = declaration(scheme)
    upstream = read_upstream(reference / source_of(scheme), declared)
    record = _base(ROOT / "ontology" / FOLDER / f"{scheme}.ttl", scheme)
    assert record == {iri: said for iri, said in upstream.concepts.items() if declared.grow or iri in record}


@pytest.mark.oracle
def test_refreshing_the_shipped_scheme_gives_exactly_what_the_publisher_changed(
    tmp_path: Path, reference: Path
) -> None:
    root = tmp_path / "ontology"
    (root / "concepts").mkdir(parents=True)
    (root / FOLDER).mkdir()
    for name in ("radiograph.ttl", "concepts/cancer.ttl", f"{FOLDER}/cancer.ttl"):
        (root / name).write_bytes((ROOT / "ontology" / name).read_bytes())
    source = reference / SOURCES["cancer"]
    unchanged = prepare_refresh(root, "cancer", source)
    assert not unchanged.files and not unchanged.difference.changes and not unchanged.conflicts
    tree = json.loads(source.read_text())
    lung = tree["TISSUE"]["children"]["LUNG"]["children"]
    lung["NSCLC"]["name"] = "Non-Small Cell Carcinoma of the Lung"
    lung["NSCLC"]["children"]["NEWTYPE"] = {"code": "NEWTYPE", "name": "A New Lung Cancer", "parent": "NSCLC"}
    changed = tmp_path / "changed.json"
    changed.write_text(json.dumps(tree))
    prepared = prepare_refresh(root, "cancer", changed)
    assert told(prepared) == [("concept-added", "NEWTYPE"), ("relabelled", "NSCLC")]
    before = Tree.load(root).texts["concepts/cancer.ttl"].splitlines()
    after = prepared.files["concepts/cancer.ttl"].decode().splitlines()
    assert len([line for line in before if line not in after]) == 1


def test_the_command_tells_conflicts_and_ends_with_1(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(root)
    edit(root, '"Liver"@en', '"The liver"@en')
    source = root.parent / "table.csv"
    source.write_text(TABLE.replace("Liver", "Hepatic organ"))
    app = typer.Typer()
    curation_commands.mount(app)
    app.command("other")(lambda: None)
    result = CliRunner().invoke(app, ["refresh", "organ", "--from", str(source)])
    assert result.exit_code == 1
    assert "was Liver, is The liver here and Hepatic organ upstream" in result.output
    result = CliRunner().invoke(app, ["refresh", "organ", "--from", str(source), "--prefer", "upstream", "--dry-run"])
    assert result.exit_code == 0 and "relabelled" in result.stdout
    assert "The liver" in (root / "concepts/organ.ttl").read_text()
