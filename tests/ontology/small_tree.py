"""A small vocabulary tree without faults, to change and compare."""

from __future__ import annotations

from pathlib import Path

from ontology.release_archive import tree_of
from ontology.tree import Tree

SCHEME = "https://w3id.org/radiograph/concept/organ"

ONTOLOGY = """@prefix dct: <http://purl.org/dc/terms/> .
@prefix owl: <http://www.w3.org/2002/07/owl#> .
@prefix rdfs: <http://www.w3.org/2000/01/rdf-schema#> .
@prefix skos: <http://www.w3.org/2004/02/skos/core#> .
@prefix radiograph: <https://w3id.org/radiograph/ontology#> .

# The head, with a comment.
<https://w3id.org/radiograph/ontology> a owl:Ontology ;
  dct:title "Small ontology"@en ;
  dct:description "An ontology of which tests change copies."@en ;
  dct:license <https://creativecommons.org/licenses/by/4.0/> ; # a licence
  owl:versionIRI <https://w3id.org/radiograph/ontology/0.1.0> ;
  owl:versionInfo "0.1.0" .

skos:Concept a owl:Class ;
  rdfs:label "Concept"@en .

radiograph:Image a owl:Class ;
  rdfs:label "Image"@en ;
  skos:definition "A picture that a device took."@en ;
  dct:source <https://w3id.org/radiograph/ontology> ;
  skos:example "A slice of a tomography."@en ;
  <http://www.w3.org/2003/06/sw-vocab-status/ns#term_status> "stable" ;
  rdfs:isDefinedBy <https://w3id.org/radiograph/ontology> .

radiograph:shows a owl:ObjectProperty ;
  rdfs:label "shows"@en ;
  skos:definition "What can be seen on an image."@en ;
  dct:source <https://w3id.org/radiograph/ontology> ;
  skos:example "An image shows a liver."@en ;
  <http://www.w3.org/2003/06/sw-vocab-status/ns#term_status> "stable" ;
  rdfs:domain radiograph:Image ;
  rdfs:range skos:Concept ;
  rdfs:isDefinedBy <https://w3id.org/radiograph/ontology> .
"""

CONCEPTS = """@prefix dct: <http://purl.org/dc/terms/> .
@prefix skos: <http://www.w3.org/2004/02/skos/core#> .
@prefix SCT: <http://snomed.info/id/> .
@prefix : <https://w3id.org/radiograph/concept/organ/> .

# Organs, as far as tests need them.
<https://w3id.org/radiograph/concept/organ> a skos:ConceptScheme ;
  dct:title "Organs"@en ;
  dct:description "Parts of the body."@en ;
  dct:source <https://w3id.org/radiograph/ontology> ;
  dct:license <https://creativecommons.org/licenses/by/4.0/> .

:1 a skos:Concept ;
  skos:notation "1" ;
  skos:prefLabel "Abdomen"@en ;
  skos:topConceptOf <https://w3id.org/radiograph/concept/organ> ;
  skos:inScheme <https://w3id.org/radiograph/concept/organ> .

:2 a skos:Concept ;
  skos:notation "2" ;
  skos:prefLabel "Thorax"@en ;
  skos:topConceptOf <https://w3id.org/radiograph/concept/organ> ;
  skos:inScheme <https://w3id.org/radiograph/concept/organ> .

# Below the abdomen
:3 a skos:Concept ;
  skos:notation "3" ;
  skos:prefLabel "Liver"@en, "Leber"@de ; # two names
  skos:altLabel "Hepar"@en ;
  skos:broader :1 ;
  skos:exactMatch SCT:10200004 ;
  skos:inScheme <https://w3id.org/radiograph/concept/organ> .

:4 a skos:Concept ;
  skos:notation "4" ;
  skos:prefLabel "Lung"@en ;
  skos:broader :2 ;
  skos:exactMatch SCT:39607008 ;
  skos:inScheme <https://w3id.org/radiograph/concept/organ> .

:heart a skos:Concept ;
  skos:notation "heart" ;
  skos:prefLabel "Heart"@en ;
  skos:broader :2 ;
  skos:inScheme <https://w3id.org/radiograph/concept/organ> .
"""

MAPPINGS = """# curie_map:
#   concept: https://w3id.org/radiograph/concept/
#   organ: https://w3id.org/radiograph/concept/organ/
# license: https://creativecommons.org/publicdomain/zero/1.0/
# mapping_set_description: Texts of tests.
# mapping_set_id: https://w3id.org/radiograph/mappings/common.sssom.tsv
# mapping_set_title: Texts of tests
# mapping_set_version: 2026-11-22
# subject_type: rdfs literal
subject_label	predicate_id	object_id	object_label	object_source	mapping_justification	author_label	confidence	comment
belly	skos:exactMatch	organ:1	Abdomen	concept:organ	semapv:ManualMappingCuration	curator	1	
chest	skos:broadMatch	organ:2	Thorax	concept:organ	semapv:ManualMappingCuration	curator	0.9	
"""  # noqa: E501

FILES = {
    "radiograph.ttl": ONTOLOGY,
    "concepts/organ.ttl": CONCEPTS,
    "mappings/common.sssom.tsv": MAPPINGS,
}


def write(root: Path) -> Path:
    """Write the tree into a folder."""
    for name, text in FILES.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return root


def edited(*edits: tuple[str, str]) -> Tree:
    """The tree after replacing texts, each of which must be there."""
    files = dict(FILES)
    for old, new in edits:
        holders = [name for name, text in files.items() if old in text]
        assert holders, f"no file has {old!r}"
        files[holders[0]] = files[holders[0]].replace(old, new, 1)
    return tree_of(files, "edited")
